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

describe('a second attempt', () => {
  it('sends the original body whatever the backend changes', async () => {
    const world = worldOf(
      buildBackend('a', { modelNameOverride: 'x', httpBodyMutation: { remove: ['n'] } }),
      buildBackend('b'),
    );
    const request = await world.routed(BODY);
    await request.attempt(backendIdentity('a'));
    const second = await request.attempt(backendIdentity('b'));
    expect([second.body, second.replacesBody]).toEqual([BODY, true]);
    expect(second.metadata).toEqual({ backend_name: backendIdentity('b'), content_length: BODY.length });
  });

  it('undoes what the first one did to the headers, and nothing else', async () => {
    const first: Partial<BackendConfig> = {
      auth: apiKey('of-a'),
      httpHeaderMutation: {
        set: [
          { name: 'x-set', value: new Redacted('a') },
          { name: 'x-new', value: new Redacted('a') },
        ],
        remove: ['x-removed'],
      },
    };
    const world = worldOf(
      buildBackend('a', first),
      buildBackend('b', { auth: { anthropicAPIKey: { key: new Redacted('of-b') } } }),
    );
    const headers = { ...CHAT_HEADERS, 'x-set': 'client', 'x-removed': 'client', 'x-kept': 'client' };
    const request = await world.routed(BODY, headers);
    await request.attempt(backendIdentity('a'));
    request.headers.set('traceparent', 'of another filter');
    await request.attempt(backendIdentity('b'));
    const {
      'x-ai-eg-model': _,
      'x-ai-eg-original-path': __,
      'x-ai-eg-internal-req-id': ___,
      ...seen
    } = Object.fromEntries(request.headers);
    expect(seen).toEqual({ ...headers, 'x-api-key': 'of-b', traceparent: 'of another filter' });
  });

  it('does not restore what its own backend sets or removes', async () => {
    const world = worldOf(
      buildBackend('a', { httpHeaderMutation: { set: [{ name: 'x-1', value: new Redacted('a') }], remove: ['x-2'] } }),
      buildBackend('b', { httpHeaderMutation: { set: [{ name: 'x-2', value: new Redacted('b') }], remove: ['x-1'] } }),
    );
    const request = await world.routed(BODY, { ...CHAT_HEADERS, 'x-1': 'client', 'x-2': 'client' });
    await request.attempt(backendIdentity('a'));
    const second = await request.attempt(backendIdentity('b'));
    expect(second.setMap['x-2']).toBe('b');
    expect(request.headers.has('x-1')).toBe(false);
  });

  it('gives a client its credential back when its backend has none of its own', async () => {
    const world = worldOf(buildBackend('a', { auth: apiKey('of-a') }), buildBackend('b'));
    const request = await world.routed(BODY, { ...CHAT_HEADERS, authorization: 'client', 'x-api-key': 'client' });
    await request.attempt(backendIdentity('a'));
    await request.attempt(backendIdentity('b'));
    expect(request.headers.get('authorization')).toBe('client');
    expect(request.headers.get('x-api-key')).toBe('client');
  });

  it('is the one that counts; the first is counted as retried', async () => {
    const world = worldOf(buildBackend('a'), buildBackend('b', { modelNameOverride: 'm2' }));
    const request = await world.routed(BODY);
    await request.attempt(backendIdentity('a'));
    await request.attempt(backendIdentity('b'));
    await request.router.headers('responseHeaders', { ':status': '200', 'content-length': '2' });
    await request.router.body('responseBody', '{}');
    request.router.close();
    const metrics = await world.metrics();
    expect(metrics.sum('aigateway_extproc_retried_attempts_total')).toBe(1);
    expect(metrics.sum('gen_ai_server_request_duration_seconds_count')).toBe(1);
    expect(
      metrics.sum('gen_ai_server_request_duration_seconds_count', {
        gen_ai_request_model: 'm2',
        gen_ai_original_model: 'm',
      }),
    ).toBe(1);
  });

  it('logs header attributes of the client, not those that the first one set', async () => {
    const world = new ExtprocWorld(
      {
        backends: [
          buildBackend('a', { httpHeaderMutation: { set: [{ name: 'x-tenant', value: new Redacted('of-a') }] } }),
          buildBackend('b'),
        ],
      },
      { logHeaderAttributes: new Map([['x-tenant', 'tenant']]) },
    );
    const request = await world.routed(BODY, { ...CHAT_HEADERS, 'x-tenant': 'client' });
    expect((await request.attempt(backendIdentity('a'))).metadata!['tenant']).toBe('of-a');
    expect((await request.attempt(backendIdentity('b'))).metadata!['tenant']).toBe('client');
  });
});

describe('an attempt that cannot be made', () => {
  const error = (type: string, status: number, message: string) => ({
    type: 'error',
    error: { type, code: String(status), message, param: null },
  });

  it.each([
    [
      'a pair that is not supported',
      { schema: { name: 'Cohere' } } as Partial<BackendConfig>,
      400,
      'aigw_unsupported_endpoint',
      error(
        'UnsupportedEndpoint',
        400,
        '/v1/chat/completions is not supported by backends of schema Cohere (backend ns/a)',
      ),
    ],
    [
      'a backend that is broken',
      { auth: { azureAPIKey: { key: new Redacted('') } } } as Partial<BackendConfig>,
      503,
      'aigw_backend_unusable',
      error(
        'ServiceUnavailable',
        503,
        expect.stringMatching(/^backend ns\/a cannot be used: .*auth\.azureAPIKey\.key/) as never,
      ),
    ],
  ])('is refused for %s and counted as failed once', async (_, backend, status, details, body) => {
    const { answer, request, world } = await attempt(backend);
    expect(answer.localReply).toEqual({ status, details, body });
    expect(answer.metadata).toEqual({ backend_name: backendIdentity('a') });
    request.router.close();
    expect([await durations(world), await durations(world, FAILED)]).toEqual([1, 1]);
    expect((await world.metrics()).sum('aigateway_extproc_cancelled_requests_total')).toBe(0);
  });

  it('speaks the dialect of the client', async () => {
    const headers = { ...CHAT_HEADERS, ':path': '/anthropic/v1/messages' };
    const { answer } = await attempt({}, headers);
    expect(answer.localReply?.body).toEqual({
      type: 'error',
      error: {
        type: 'invalid_request_error',
        code: '400',
        message: '/v1/messages is not supported by backends of schema OpenAI (backend ns/a)',
      },
    });
  });

  it('asks for a new configuration when the backend is unknown', async () => {
    const world = worldOf(buildBackend('a'));
    const request = await world.routed(BODY);
    const answer = await request.attempt(backendIdentity('new'));
    expect(answer.localReply).toEqual({
      status: 503,
      details: 'aigw_unknown_backend',
      body: error(
        'ServiceUnavailable',
        503,
        `backend ${backendIdentity('new')} is not in the configuration of this gateway yet, try again in a moment`,
      ),
    });
    expect(world.reloads).toBe(1);
    world.use({ backends: [buildBackend('new')] });
    expect((await request.attempt(backendIdentity('new'))).localReply).toBeUndefined();
  });

  it('says so when the session is lost', async () => {
    const world = worldOf(buildBackend('a'));
    const request = await world.routed(BODY);
    request.router.close();
    const answer = await request.attempt(backendIdentity('a'));
    expect(answer.localReply).toEqual({
      status: 503,
      details: 'aigw_lost_session',
      body: error('ServiceUnavailable', 503, 'the gateway lost the session of this request, try again'),
    });
    expect((await world.metrics()).sum('aigateway_extproc_lost_sessions_total')).toBe(1);
    expect(world.logs.map(({ msg }) => msg)).toContain(
      'no router stream for an upstream stream: do both reach the same process?',
    );
  });

  it('is refused when the body did not come', async () => {
    const world = worldOf(buildBackend('a'));
    const router = world.stream('router');
    const answer = (await router.headers('requestHeaders', CHAT_HEADERS))!;
    const upstream = world.stream('upstream');
    const refused = await upstream.headers(
      'requestHeaders',
      { ...CHAT_HEADERS, ...answer.setMap },
      {
        attributes: { 'envoy.filters.http.ext_proc': { [attributes.hostBackendName]: backendIdentity('a') } },
      },
    );
    expect(refused?.localReply).toMatchObject({
      status: 400,
      body: { error: { message: 'malformed request: its body did not reach the gateway' } },
    });
  });

  it.each([
    ['attributes', CHAT_HEADERS, undefined, 'missing attributes in request'],
    ['an internal id', CHAT_HEADERS, { x: 1 }, 'missing internal request ID header from router filter'],
    [
      'a backend name',
      { ...CHAT_HEADERS, 'x-ai-eg-internal-req-id': 'r1-id1' },
      { x: 1 },
      'missing backend name in attributes',
    ],
  ])('fails its stream without %s', async (_, headers, found, message) => {
    const upstream = worldOf().stream('upstream');
    await upstream.headers(
      'requestHeaders',
      headers,
      found ? { attributes: { 'envoy.filters.http.ext_proc': found } } : {},
    );
    expect(upstream.ended).toEqual({ code: 13, message });
  });

  it('is refused when the route asks for authentication that Envoy did not apply', async () => {
    const request = await worldOf(buildBackend('a')).routed(BODY);
    const answer = await request.attempt(backendIdentity('a'), { attributes: { [attributes.authDomain]: 'd2' } });
    expect(answer.localReply).toMatchObject({ status: 403, details: 'aigw_authentication_not_applied' });
  });
});
