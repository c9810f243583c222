import { describe, expect, it } from '@jest/globals';
import { Gate } from '../../../../test/harness/gate.js';
import { CHAT_HEADERS, ExtprocWorld, backendIdentity, buildBackend } from '../../../../test/harness/extproc-world.js';
import type { BackendConfig } from '../../../shared/filter-config/filter-config.js';
import { attributes } from '../../../shared/headers.js';
import { Redacted } from '../../../shared/secret.js';

const BODY = '{"model":"m","n":1.0}';
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

describe('an attempt that cannot be made', () => {
  const error = (type: string, status: number, message: string) => ({
    type: 'error',
    error: { type, code: String(status), message, param: null },
  });

  it.each([
    [
      'a pair that is not supported',
      { schema: { name: 'Cohere' as const } },
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
      { auth: { azureAPIKey: { key: new Redacted('') } } },
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
    const { answer } = await attempt({ schema: { name: 'Cohere' } }, headers);
    expect(answer.localReply?.body).toEqual({
      type: 'error',
      error: {
        type: 'invalid_request_error',
        code: '400',
        message: '/v1/messages is not supported by backends of schema Cohere (backend ns/a)',
      },
    });
  });

  it('waits for the configuration when the backend is unknown, then says so', async () => {
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
    expect(world.awaited).toEqual([backendIdentity('new')]);
    const gate = new Gate();
    world.arrival = gate.opened;
    const waiting = request.attempt(backendIdentity('new'));
    world.use({ backends: [buildBackend('new')] });
    gate.open();
    expect((await waiting).localReply).toBeUndefined();
    expect(world.awaited).toHaveLength(2);
  });

  it('begins no attempt for a client that left while its backend was waited for', async () => {
    const world = worldOf(buildBackend('a'));
    const request = await world.routed(BODY);
    const gate = new Gate();
    world.arrival = gate.opened;
    const waiting = request.attempt(backendIdentity('new'));
    request.router.close();
    world.use({ backends: [buildBackend('new')] });
    gate.open();
    expect((await waiting).localReply?.details).toBe('aigw_unknown_backend');
    expect(world.logs).toEqual([]);
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
