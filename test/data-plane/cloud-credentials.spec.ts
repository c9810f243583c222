import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import aws4 from 'aws4';
import { json, whole } from '../harness/answers.js';
import { newCase } from '../harness/case-id.js';
import { eventually } from '../harness/eventually.js';
import { FALLBACK_RETRY, type BackendDocument } from '../harness/gateway-plan.js';
import { ScriptedServer } from '../harness/scripted-server.js';
import type { RecordedRequest, TestUpstream } from '../harness/test-upstream.js';
import { useWorld } from '../harness/world.js';

const SECRET = 'PLANTED-S3CRET/file+key';
const CALLERS_SECRET = 'PLANTED-S3CRET/caller';
const POD_SECRET = 'PLANTED-S3CRET/pod';
const TOKEN = 'ya29.PLANTED-S3CRET';
const FILE = `[default]\naws_access_key_id = AKIDFILE\naws_secret_access_key = ${SECRET}\n`;
const OPENAI = { name: 'OpenAI', prefix: 'openai/v1' };
const aws = { region: 'eu-west-1', credentialFileLiteral: FILE };
const gcp = { region: 'us-central1', projectName: 'my-project' };

const BACKENDS: Readonly<Record<string, BackendDocument>> = {
  aws: { schema: OPENAI, auth: { aws } },
  rewritten: {
    schema: OPENAI,
    auth: { aws },
    modelNameOverride: 'real',
    httpBodyMutation: { set: [{ path: 'a', value: '1' }] },
  },
  brought: {
    schema: OPENAI,
    auth: { aws, credentialOverride: { headerName: 'x-aigw-aws-', fallbackToConfigured: true } },
  },
  known: {
    schema: OPENAI,
    auth: {
      aws,
      credentialOverride: { dynamicMetadataNamespace: 'team', dynamicMetadataKey: 'aws', fallbackToConfigured: false },
    },
  },
  pod: { schema: OPENAI, auth: { aws: { region: 'eu-west-1' } } },
  google: { schema: OPENAI, auth: { gcp: { ...gcp, accessToken: TOKEN } } },
  machine: { schema: OPENAI, auth: { gcp: { ...gcp, accessToken: '' } } },
  broken: { schema: OPENAI, auth: { aws: { region: 'eu-west-1', credentialFileLiteral: `[default]\n${SECRET}` } } },
  key: { schema: OPENAI, auth: { apiKey: { key: 'PLANTED-sk' } } },
};

/** Stands for the container endpoint of AWS and the metadata server of Google Cloud. */
const metadata = new ScriptedServer();
let isPodReady = false;
beforeAll(async () => {
  await metadata.start();
  metadata.answer = ({ path }) => {
    if (!path.startsWith('/pod')) {
      const body = JSON.stringify({ access_token: TOKEN, expires_in: 3599 });
      return { headers: { 'metadata-flavor': 'Google' }, body };
    }
    const Expiration = new Date(Date.now() + 3_600_000).toISOString();
    const credentials = { AccessKeyId: 'AKIDPOD', SecretAccessKey: POD_SECRET, Token: 'PLANTED-pod-token', Expiration };
    return isPodReady ? { body: JSON.stringify(credentials) } : { status: 500, body: POD_SECRET };
  };
  // The processor that the harness starts has the environment of this one.
  for (const name of Object.keys(process.env)) if (/^(AWS|GOOGLE)_/.test(name)) delete process.env[name];
  Object.assign(process.env, {
    HOME: '/nonexistent',
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${metadata.origin}/pod`,
    METADATA_SERVER_DETECTION: 'assume-present',
    GCE_METADATA_HOST: new URL(metadata.origin).host,
  });
});
afterAll(() => metadata.close());

const plan = ({ provider, second }: Readonly<Record<'provider' | 'second', TestUpstream>>) => ({
  routes: [
    {
      name: 'default/llm',
      rules: [
        ...Object.entries(BACKENDS).map(([model, document]) => ({
          model,
          backends: [{ name: `default/${model}`, upstream: provider, ...document }],
        })),
        {
          model: 'two-clouds',
          retry: FALLBACK_RETRY,
          backends: [
            { name: 'default/google', upstream: provider, ...BACKENDS['google'] },
            { name: 'default/aws', upstream: second, ...BACKENDS['brought'] },
          ],
        },
        {
          model: 'aws-then-key',
          retry: FALLBACK_RETRY,
          backends: [
            { name: 'default/brought', upstream: provider, ...BACKENDS['brought'] },
            { name: 'default/key', upstream: second, ...BACKENDS['key'] },
          ],
        },
      ],
    },
  ],
  filters: [
    {
      name: 'envoy.filters.http.set_metadata',
      typed_config: {
        '@type': 'type.googleapis.com/envoy.extensions.filters.http.set_metadata.v3.Config',
        metadata: [
          {
            metadata_namespace: 'team',
            value: {
              aws: { accessKeyId: 'AKIDMETA', secretAccessKey: CALLERS_SECRET, sessionToken: 'PLANTED-meta-token' },
            },
          },
        ],
      },
    },
  ],
  forwardingNamespaces: ['team'],
});

const world = useWorld(['provider', 'second'], plan, { extprocFlags: ['-logLevel', 'debug'] });

const CHAT = '/v1/chat/completions';

async function send(model: string, headers: Readonly<Record<string, string>> = {}, path = CHAT) {
  const caseId = newCase('cloud');
  world.upstreams.provider.script(caseId, json({ model: 'm' }));
  const response = await world.gateway.send(path, { caseId, body: { model }, headers });
  return { caseId, response, sent: world.upstreams.provider.requests(caseId)[0]! };
}

/** What a correct signature of the request as the provider got it looks like, by another implementation. */
function expectedAuthorization(sent: RecordedRequest, accessKeyId: string, secretAccessKey: string, token?: string) {
  const { headers } = aws4.sign(
    {
      service: 'bedrock',
      region: 'eu-west-1',
      method: sent.method,
      path: sent.path,
      body: sent.body as never,
      headers: { Host: sent.headers['host']!, 'X-Amz-Date': sent.headers['x-amz-date']! },
      extraHeadersToIgnore: { 'content-length': true, 'content-type': true },
    } as aws4.Request,
    { accessKeyId, secretAccessKey, ...(token && { sessionToken: token }) },
  );
  return (headers as Record<string, string>)['Authorization'];
}

const namesOf = (sent: RecordedRequest, prefix: string) =>
  Object.keys(sent.headers).filter((name) => name.startsWith(prefix));

describe('a request to AWS', () => {
  it.each([
    ['that is passed on as it came (X14)', 'aws', CHAT],
    ['whose body and model are changed', 'rewritten', CHAT],
    ['with a query', 'aws', `${CHAT}?b=2&a=x%20y&a1=1`],
  ])('%s carries a signature of what the provider gets', async (_, model, path) => {
    const { response, sent } = await send(model, {}, path);
    expect(response.status).toBe(200);
    expect(sent.headers['authorization']).toBe(expectedAuthorization(sent, 'AKIDFILE', SECRET));
    expect(namesOf(sent, 'x-amz-')).toEqual(['x-amz-date']);
  });

  it('has no part of a signature of the client (X21), nor a host that the client names', async () => {
    const { sent } = await send('aws', {
      authorization: 'AWS4-HMAC-SHA256 Credential=client',
      'x-amz-date': '20200101T000000Z',
      'x-amz-security-token': 'PLANTED-client-token',
      'x-amz-content-sha256': 'client-hash',
      'x-ai-eg-upstream-host': 'bedrock-runtime.us-east-1.amazonaws.com',
    });
    expect(sent.headers['authorization']).toBe(expectedAuthorization(sent, 'AKIDFILE', SECRET));
    expect(namesOf(sent, 'x-amz-')).toEqual(['x-amz-date']);
    expect(namesOf(sent, 'x-ai-eg-upstream-host')).toEqual([]);
  });

  const OWN = {
    'x-aigw-aws-access-key-id': 'AKIDMINE',
    'x-aigw-aws-secret-access-key': CALLERS_SECRET,
    'x-aigw-aws-session-token': 'PLANTED-my-token',
  };

  it('is signed with what the client brings, which goes no further', async () => {
    const { sent } = await send('brought', OWN);
    expect(sent.headers['authorization']).toBe(
      expectedAuthorization(sent, 'AKIDMINE', CALLERS_SECRET, 'PLANTED-my-token'),
    );
    expect(sent.headers['x-amz-security-token']).toBe('PLANTED-my-token');
    expect(namesOf(sent, 'x-aigw-')).toEqual([]);
  });

  it('is signed with the configured credentials when the client brings none', async () => {
    const { sent } = await send('brought');
    expect(sent.headers['authorization']).toBe(expectedAuthorization(sent, 'AKIDFILE', SECRET));
  });

  it('is refused when the client brings a part', async () => {
    const { response, caseId } = await send('brought', { 'x-aigw-aws-access-key-id': 'AKIDMINE' });
    expect(response.status).toBe(401);
    expect(response.text).toContain('x-aigw-aws-secret-access-key missing or unusable');
    expect(world.upstreams.provider.requests(caseId)).toEqual([]);
  });

  it('is signed with what another filter knows (X15)', async () => {
    const { sent } = await send('known');
    expect(sent.headers['authorization']).toBe(
      expectedAuthorization(sent, 'AKIDMETA', CALLERS_SECRET, 'PLANTED-meta-token'),
    );
  });

  it('leaves nothing of its credentials to a fallback of another kind', async () => {
    const caseId = newCase('fallback');
    world.upstreams.provider.script(caseId, whole(503, ''));
    world.upstreams.second.script(caseId, json({ model: 'm' }));
    await world.gateway.send(CHAT, { caseId, body: { model: 'aws-then-key' }, headers: OWN });
    const sent = world.upstreams.second.request(caseId);
    expect(sent.headers['authorization']).toBe('Bearer PLANTED-sk');
    expect([...namesOf(sent, 'x-amz-'), ...namesOf(sent, 'x-aigw-')]).toEqual([]);
  });

  it('waits for the credentials of the machine, and is told when there are none', async () => {
    const refused = await send('pod');
    expect(refused.response.status).toBe(503);
    expect(refused.response.text).toContain(
      'no AWS credentials: CredentialsProviderError; give the External Processor',
    );
    isPodReady = true;
    // The back-off of the first failure is a second.
    const { sent } = await eventually('credentials of the pod', async () => {
      const tried = await send('pod');
      return tried.response.status === 200 && tried;
    });
    expect(sent.headers['authorization']).toBe(expectedAuthorization(sent, 'AKIDPOD', POD_SECRET, 'PLANTED-pod-token'));
  });

  it('is refused with the reason when the credentials file is broken', async () => {
    const { response } = await send('broken');
    expect(response.status).toBe(503);
    expect(response.text).toContain('auth.aws.credentialFileLiteral, line 2: expected');
  });
});

describe('a request to Google Cloud', () => {
  const PATH = '/v1/projects/my-project/locations/us-central1//openai/v1/chat/completions';

  it.each([
    ['the configured token', 'google'],
    ['the token of the machine', 'machine'],
  ])('carries %s, and goes below project and region', async (_, model) => {
    const { response, sent } = await send(model, { authorization: 'Bearer client' });
    expect(response.status).toBe(200);
    expect([sent.path, sent.headers['authorization']]).toEqual([PATH, `Bearer ${TOKEN}`]);
  });

  it('leaves neither path nor token to a fallback to AWS', async () => {
    const caseId = newCase('fallback');
    world.upstreams.provider.script(caseId, whole(503, ''));
    world.upstreams.second.script(caseId, json({ model: 'm' }));
    await world.gateway.send(CHAT, { caseId, body: { model: 'two-clouds' } });
    const sent = world.upstreams.second.request(caseId);
    expect(sent.path).toBe('/openai/v1/chat/completions');
    expect(sent.headers['authorization']).toBe(expectedAuthorization(sent, 'AKIDFILE', SECRET));
  });
});

describe('the log of the processor', () => {
  it('tells of credentials that cannot be had, and holds no secret at the level debug', () => {
    const log = world.gateway.extproc.process.lines.join('\n');
    expect(log).toContain('auth.aws.credentialFileLiteral, line 2');
    expect(log).toContain('x-aigw-aws-secret-access-key');
    expect(log).not.toMatch(/S3CRET|my-token|meta-token|pod-token/);
  });
});
