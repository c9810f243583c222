import { describe, expect, it } from '@jest/globals';
import { json, whole } from '../harness/answers.js';
import { newCase } from '../harness/case-id.js';
import { FALLBACK_RETRY, type BackendDocument } from '../harness/gateway-plan.js';
import type { RecordedRequest } from '../harness/test-upstream.js';
import { useWorld } from '../harness/world.js';

const override = (headerName: string, fallbackToConfigured: boolean) => ({ headerName, fallbackToConfigured });
const removing = (name: string) => ({ httpHeaderMutation: { remove: [name] } });

const BACKENDS: Readonly<Record<string, BackendDocument>> = {
  none: {},
  bearer: { auth: { apiKey: { key: ' PLANTED-static-key\n' } } },
  azure: { auth: { azureAPIKey: { key: 'PLANTED-azure-key' } }, schema: { name: 'AzureOpenAI', version: 'v' } },
  anthropic: { auth: { anthropicAPIKey: { key: 'PLANTED-anthropic-key' } } },
  token: { auth: { azure: { accessToken: 'PLANTED-entra-token' } } },
  brought: {
    auth: { apiKey: { key: 'PLANTED-unused' }, credentialOverride: override('x-aigw-api-key', false) },
    ...removing('x-aigw-api-key'),
  },
  preferred: {
    auth: { azureAPIKey: { key: 'PLANTED-configured' }, credentialOverride: override('x-aigw-azure-api-key', true) },
    ...removing('x-aigw-azure-api-key'),
  },
  metadata: {
    auth: {
      apiKey: { key: 'PLANTED-unused' },
      credentialOverride: {
        dynamicMetadataNamespace: 'team.credentials',
        dynamicMetadataKey: 'key',
        fallbackToConfigured: false,
      },
    },
  },
};

/** Puts what a trusted filter in front would know into dynamic metadata; here it is a header of the test. */
const METADATA_FILTER = {
  name: 'envoy.filters.http.header_to_metadata',
  typed_config: {
    '@type': 'type.googleapis.com/envoy.extensions.filters.http.header_to_metadata.v3.Config',
    request_rules: [
      {
        header: 'x-known',
        on_header_present: { metadata_namespace: 'team.credentials', key: 'key', type: 'STRING' },
        remove: true,
      },
    ],
  },
};

const world = useWorld(['provider', 'second'], ({ provider, second }) => ({
  routes: [
    {
      name: 'default/llm',
      rules: [
        ...Object.entries(BACKENDS).map(([model, document]) => ({
          model,
          backends: [{ name: `default/${model}`, upstream: provider, ...document }],
        })),
        {
          model: 'two-credentials',
          retry: FALLBACK_RETRY,
          backends: [
            { name: 'default/brought', upstream: provider, ...BACKENDS['brought'] },
            { name: 'default/second', upstream: second, auth: { anthropicAPIKey: { key: 'PLANTED-second-key' } } },
          ],
        },
        {
          model: 'brought-twice',
          retry: FALLBACK_RETRY,
          backends: [
            { name: 'default/brought', upstream: provider, ...BACKENDS['brought'] },
            { name: 'default/brought', upstream: second, ...BACKENDS['brought'] },
          ],
        },
      ],
    },
  ],
  filters: [METADATA_FILTER],
  forwardingNamespaces: ['team.credentials'],
}));

const CHAT = '/v1/chat/completions';
/** All ways in which a client shows who it is. */
const CLIENT_CREDENTIALS = {
  authorization: 'Bearer PLANTED-client-token',
  'proxy-authorization': 'Basic client',
  'api-key': 'PLANTED-client-api-key',
  'x-api-key': 'PLANTED-client-x-api-key',
  'x-goog-api-key': 'PLANTED-client-google',
  'ocp-apim-subscription-key': 'client-ocp',
  'x-amz-security-token': 'client-amz',
};

async function send(model: string, headers: Readonly<Record<string, string>> = {}) {
  const caseId = newCase('credential');
  world.upstreams.provider.script(caseId, json({ model: 'm' }));
  const response = await world.gateway.send(CHAT, { caseId, body: { model }, headers });
  return { caseId, response, sent: world.upstreams.provider.requests(caseId)[0] };
}

/** The credentials that the provider was shown. */
const shown = (request: RecordedRequest | undefined) =>
  Object.fromEntries(
    Object.entries(request?.headers ?? {}).filter(([name]) => name in CLIENT_CREDENTIALS || name.startsWith('x-aigw-')),
  );

describe('the credential of a backend', () => {
  it.each([
    ['bearer', { authorization: 'Bearer PLANTED-static-key' }],
    ['azure', { 'api-key': 'PLANTED-azure-key' }],
    ['anthropic', { 'x-api-key': 'PLANTED-anthropic-key' }],
    ['token', { authorization: 'Bearer PLANTED-entra-token' }],
  ])('%s is the only one that its provider is shown (X21)', async (model, expected) => {
    const { response, sent } = await send(model, CLIENT_CREDENTIALS);
    expect(response.status).toBe(200);
    expect(shown(sent)).toEqual(expected);
  });

  it('is not there: those of the client pass', async () => {
    const { sent } = await send('none', CLIENT_CREDENTIALS);
    expect(shown(sent)).toEqual(CLIENT_CREDENTIALS);
  });
});

describe('a credential that the client brings for one request', () => {
  it('is used, trimmed, in place of the configured one, and its header goes no further', async () => {
    const { sent } = await send('brought', { 'x-aigw-api-key': '  PLANTED-mine  ', ...CLIENT_CREDENTIALS });
    expect(shown(sent)).toEqual({ authorization: 'Bearer PLANTED-mine' });
  });

  it.each([
    ['missing', {}],
    ['blank', { 'x-aigw-api-key': '   ' }],
  ])('that is %s gives 401, and the provider hears nothing', async (_, headers) => {
    const { response, caseId } = await send('brought', headers);
    expect([response.status, response.json()]).toEqual([
      401,
      {
        type: 'error',
        error: { type: 'Unauthorized', code: '401', param: null, message: 'missing upstream credential' },
      },
    ]);
    expect(world.upstreams.provider.requests(caseId)).toEqual([]);
    expect(await world.gateway.envoy.accessLog.entry(caseId)).toMatchObject({
      details: 'aigw_missing_credential',
      ai: { backend_name: 'default/brought/route/llm/rule/5/ref/0' },
    });
  });

  it.each([
    ['missing', {}],
    ['blank', { 'x-aigw-azure-api-key': ' ' }],
  ])('that is %s gives way to the configured one where that is allowed', async (_, headers) => {
    const { sent } = await send('preferred', headers);
    expect(shown(sent)).toEqual({ 'api-key': 'PLANTED-configured' });
  });

  it('wins over the configured one where both are there', async () => {
    const { sent } = await send('preferred', { 'x-aigw-azure-api-key': 'PLANTED-mine' });
    expect(shown(sent)).toEqual({ 'api-key': 'PLANTED-mine' });
  });

  it('that is missing is counted once, as a failure', async () => {
    const { extproc } = world.gateway;
    const name = 'gen_ai_server_request_duration_seconds_count';
    const before = (await extproc.metrics()).sum(name, { error_type: '_OTHER' });
    await send('brought');
    expect((await extproc.metrics()).sum(name, { error_type: '_OTHER' })).toBe(before + 1);
  });
});

describe('a credential in the dynamic metadata of another filter (X15)', () => {
  it('is used', async () => {
    const { sent } = await send('metadata', { 'x-known': 'PLANTED-team' });
    expect(shown(sent)).toEqual({ authorization: 'Bearer PLANTED-team' });
  });

  it('that is missing gives 401', async () => {
    expect((await send('metadata')).response.status).toBe(401);
  });
});

describe('a fallback between backends with credentials of their own', () => {
  it('shows each provider its own one only', async () => {
    const caseId = newCase('two');
    world.upstreams.provider.script(caseId, whole(503, ''));
    world.upstreams.second.script(caseId, json({ model: 'm' }));
    const response = await world.gateway.send(CHAT, {
      caseId,
      body: { model: 'two-credentials' },
      headers: { 'x-aigw-api-key': 'PLANTED-mine', ...CLIENT_CREDENTIALS },
    });
    expect(response.status).toBe(200);
    expect(shown(world.upstreams.provider.request(caseId))).toEqual({ authorization: 'Bearer PLANTED-mine' });
    expect(shown(world.upstreams.second.request(caseId))).toEqual({ 'x-api-key': 'PLANTED-second-key' });
  });

  it('finds a credential that the client brought again, though its header was taken away', async () => {
    const caseId = newCase('again');
    world.upstreams.provider.script(caseId, whole(503, ''));
    world.upstreams.second.script(caseId, json({ model: 'm' }));
    const response = await world.gateway.send(CHAT, {
      caseId,
      body: { model: 'brought-twice' },
      headers: { 'x-aigw-api-key': 'PLANTED-mine' },
    });
    expect(response.status).toBe(200);
    expect(shown(world.upstreams.second.request(caseId))).toEqual({ authorization: 'Bearer PLANTED-mine' });
  });
});
