import { describe, expect, it } from '@jest/globals';
import { CHAT_HEADERS, ExtprocWorld, backendIdentity, buildBackend } from '../../../../test/harness/extproc-world.js';
import type { BackendConfig, FilterConfig } from '../../../shared/filter-config/filter-config.js';
import { attributes } from '../../../shared/headers.js';
import { Redacted } from '../../../shared/secret.js';

const COSTS: Partial<FilterConfig> = { globalLLMRequestCosts: [{ metadataKey: 'total', type: 'TotalToken' }] };
const BODY = '{"model":"m","n":1.0}';
const apiKey = (key: string) => ({ apiKey: { key: new Redacted(key) } });

const worldOf = (...backends: BackendConfig[]) => new ExtprocWorld({ backends });
/** The first attempt at backend `a`. */
async function attempt(
  backend: Partial<BackendConfig> = {},
  headers = CHAT_HEADERS,
  body = BODY,
  world = worldOf(buildBackend('a', backend)),
) {
  const request = await world.routed(body, headers);
  return { answer: await request.attempt(backendIdentity('a')), request, world };
}

const FAILED = { error_type: '_OTHER' };
const durations = async (world: ExtprocWorld, labels = {}) =>
  (await world.metrics()).sum('gen_ai_server_request_duration_seconds_count', labels);

describe('the answer of an attempt', () => {
  it('changes the path only when the body can stay where it is', async () => {
    const { answer } = await attempt();
    expect(answer.sets).toEqual([[':path', '/v1/chat/completions']]);
    expect(answer.removes).toEqual(['x-ai-eg-upstream-host']);
    expect([answer.body, answer.replacesBody]).toEqual([undefined, false]);
    expect(answer.metadata).toEqual({ backend_name: backendIdentity('a') });
  });

  it('loses the query of the client', async () => {
    const { answer } = await attempt({}, { ...CHAT_HEADERS, ':path': '/v1/chat/completions?key=secret' });
    expect(answer.setMap[':path']).toBe('/v1/chat/completions');
  });

  it('sends the body when the backend has another name for the model', async () => {
    const { answer } = await attempt({ modelNameOverride: 'größer' });
    expect(answer.body).toBe('{"model":"größer","n":1.0}');
    expect(answer.replacesBody).toBe(true);
    expect(answer.metadata).toEqual({
      backend_name: backendIdentity('a'),
      content_length: Buffer.byteLength(answer.body!),
    });
    // The wire keeps the client's model: Envoy's routes match on it.
    expect(answer.setMap['x-ai-eg-model']).toBeUndefined();
  });

  it('sends the body with forced usage', async () => {
    const world = new ExtprocWorld({ backends: [buildBackend('a')], ...COSTS });
    const { answer } = await attempt({}, CHAT_HEADERS, '{"model":"m","stream":true}', world);
    expect(answer.body).toBe('{"stream_options":{"include_usage":true},"model":"m","stream":true}');
  });

  it('sends the body when the user changes it', async () => {
    const { answer } = await attempt({ httpBodyMutation: { set: [{ path: 'tier', value: '"flex"' }], remove: ['n'] } });
    expect(JSON.parse(answer.body!)).toEqual({ model: 'm', tier: 'flex' });
    expect(answer.metadata!['content_length']).toBe(answer.body!.length);
  });

  it('orders the sets: translator, user, credential', async () => {
    const { answer } = await attempt({
      auth: apiKey(' k '),
      httpHeaderMutation: {
        set: [
          { name: 'x-user', value: new Redacted('u') },
          { name: 'authorization', value: new Redacted('loses') },
          { name: 'x-ai-eg-model', value: new Redacted('protected') },
        ],
        remove: ['content-type', 'x-absent'],
      },
    });
    expect(answer.sets).toEqual([
      [':path', '/v1/chat/completions'],
      ['x-user', 'u'],
      ['authorization', 'loses'],
      ['authorization', 'Bearer k'],
    ]);
    expect(answer.removes).toEqual(['content-type', 'x-ai-eg-upstream-host']);
  });

  it('keeps credentials of the client from a backend that has its own', async () => {
    const headers = { ...CHAT_HEADERS, authorization: 'Bearer client', 'x-api-key': 'client', cookie: 'c=1' };
    const { answer } = await attempt({ auth: { anthropicAPIKey: { key: new Redacted('k') } } }, headers);
    expect(answer.setMap).toEqual({ ':path': '/v1/chat/completions', 'x-api-key': 'k' });
    expect(answer.removes).toEqual(['authorization', 'x-ai-eg-upstream-host']);
    expect((await attempt({}, headers)).answer.removes).toEqual(['x-ai-eg-upstream-host']);
  });

  it('keeps credentials for the gateway from every backend', async () => {
    const headers = { ...CHAT_HEADERS, 'x-aigw-api-key': 'mine', 'x-aigw-aws-session-token': 'mine' };
    const { answer } = await attempt({}, headers);
    expect(answer.removes.toSorted()).toEqual(['x-ai-eg-upstream-host', 'x-aigw-api-key', 'x-aigw-aws-session-token']);
  });

  it('keeps our own headers from the provider when asked to', async () => {
    const world = new ExtprocWorld({ backends: [buildBackend('a')] }, { stripsInternalHeaders: true });
    const { answer, request } = await attempt({}, CHAT_HEADERS, BODY, world);
    expect(answer.removes.toSorted()).toEqual(['x-ai-eg-model', 'x-ai-eg-original-path', 'x-ai-eg-upstream-host']);
    // A retry still finds its request.
    expect((await request.attempt(backendIdentity('a'))).localReply).toBeUndefined();
  });

  it('tells header attributes to the access log', async () => {
    const logHeaderAttributes = new Map([
      ['agent-session-id', 'session.id'],
      ['x-empty', 'empty'],
      ['x-absent', 'absent'],
    ]);
    const world = new ExtprocWorld({ backends: [buildBackend('a')] }, { logHeaderAttributes });
    const { answer } = await attempt({}, { ...CHAT_HEADERS, 'agent-session-id': 's1', 'x-empty': '' }, BODY, world);
    expect(answer.metadata).toEqual({ backend_name: backendIdentity('a'), 'session.id': 's1' });
  });

  it('takes the backend of the cluster when the endpoint names none', async () => {
    const request = await worldOf(buildBackend('a')).routed(BODY);
    const answer = await request.attempt(undefined, {
      attributes: { [attributes.clusterBackendName]: backendIdentity('a') },
    });
    expect(answer.metadata).toEqual({ backend_name: backendIdentity('a') });
  });

  it('takes the backend of the endpoint before that of the cluster', async () => {
    const request = await worldOf(buildBackend('a'), buildBackend('b')).routed(BODY);
    const answer = await request.attempt(backendIdentity('b'), {
      attributes: { [attributes.clusterBackendName]: backendIdentity('a') },
    });
    expect(answer.metadata).toEqual({ backend_name: backendIdentity('b') });
  });
});

describe('a credential of the request', () => {
  const override = (more: object) => ({
    auth: { ...apiKey('static'), credentialOverride: { fallbackToConfigured: false, ...more } },
  });

  it('is taken from its header, which does not reach the provider', async () => {
    const { answer } = await attempt(override({ headerName: 'x-aigw-api-key' }), {
      ...CHAT_HEADERS,
      'x-aigw-api-key': ' own ',
    });
    expect(answer.setMap['authorization']).toBe('Bearer own');
    expect(answer.removes).toContain('x-aigw-api-key');
  });

  it('is taken from dynamic metadata', async () => {
    const request = await worldOf(
      buildBackend('a', override({ dynamicMetadataNamespace: 'ns', dynamicMetadataKey: 'key' })),
    ).routed(BODY);
    const answer = await request.attempt(backendIdentity('a'), { metadata: { ns: { key: 'own' } } });
    expect(answer.setMap['authorization']).toBe('Bearer own');
  });

  it('leads to 401 when it is missing, counted once', async () => {
    const { answer, request, world } = await attempt(override({ headerName: 'x-aigw-api-key' }));
    expect(answer.localReply).toEqual({
      status: 401,
      details: 'aigw_missing_credential',
      body: {
        type: 'error',
        error: { type: 'Unauthorized', code: '401', message: 'missing upstream credential', param: null },
      },
    });
    expect(answer.metadata).toEqual({ backend_name: backendIdentity('a') });
    // The reply comes back through the response phase and is left alone.
    expect((await request.router.headers('responseHeaders', { ':status': '401' }))?.isEmpty).toBe(true);
    expect((await request.router.body('responseBody', answer.body!))?.isEmpty).toBe(true);
    request.router.close();
    expect([await durations(world), await durations(world, FAILED)]).toEqual([1, 1]);
  });

  it('is found again by a second attempt, though the first one took its header off the wire', async () => {
    const world = worldOf(
      buildBackend('a', override({ headerName: 'x-aigw-api-key' })),
      buildBackend('b', override({ headerName: 'x-aigw-api-key' })),
    );
    const request = await world.routed(BODY, { ...CHAT_HEADERS, 'x-aigw-api-key': 'own' });
    await request.attempt(backendIdentity('a'));
    expect(request.headers.has('x-aigw-api-key')).toBe(false);
    const second = await request.attempt(backendIdentity('b'));
    expect(second.localReply).toBeUndefined();
    expect(second.setMap['authorization']).toBe('Bearer own');
    expect(request.headers.has('x-aigw-api-key')).toBe(false);
  });

  it('is that of the client, not that of the attempt before, when both come in one header', async () => {
    const world = worldOf(
      buildBackend('a', { auth: apiKey('of-a') }),
      buildBackend('b', {
        auth: {
          azureAPIKey: { key: new Redacted('x') },
          credentialOverride: { headerName: 'authorization', fallbackToConfigured: false },
        },
      }),
    );
    const request = await world.routed(BODY, { ...CHAT_HEADERS, authorization: 'client' });
    await request.attempt(backendIdentity('a'));
    const second = await request.attempt(backendIdentity('b'));
    expect(second.setMap['api-key']).toBe('client');
    expect(JSON.stringify(second.sets)).not.toContain('of-a');
  });
});
