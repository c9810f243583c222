import { describe, expect, it } from '@jest/globals';
import {
  CHAT_HEADERS,
  ExtprocWorld,
  backendIdentity,
  buildBackend,
  type StreamUnderTest,
} from '../../../test/harness/extproc-world.js';
import { StreamSession } from './stream-session.js';

const world = () => new ExtprocWorld({ backends: [buildBackend('a')] });
const BODY = '{"model":"m"}';

const TRAILERS = { request: { case: 'responseTrailers', value: {} } } as const;
const REQUEST_TRAILERS = { request: { case: 'requestTrailers', value: {} } } as const;

/** Brings a router stream into a state. */
const STATES: Readonly<Record<string, (w: ExtprocWorld) => Promise<StreamUnderTest>>> = {
  'awaiting-body': async (w) => {
    const stream = w.stream('router');
    await stream.headers('requestHeaders', CHAT_HEADERS);
    return stream;
  },
  routed: async (w) => (await w.routed(BODY)).router,
  responding: async (w) => {
    const request = await w.routed(BODY);
    await request.attempt(backendIdentity('a'));
    await request.router.headers('responseHeaders', { ':status': '200' });
    return request.router;
  },
};

describe('StreamSession', () => {
  it.each([
    ['awaiting-body', 'a second request_headers', 'unexpected message request_headers: state awaiting-body'],
    ['routed', 'a second request_headers', 'unexpected message request_headers: state routed'],
    ['responding', 'request_headers', 'unexpected message request_headers: state responding'],
  ])('in state %s refuses %s', async (state, _, message) => {
    const w = world();
    const stream = await STATES[state]!(w);
    expect(await stream.headers('requestHeaders', CHAT_HEADERS)).toBeUndefined();
    expect(stream.ended).toEqual({ code: 3, message });
    expect(w.context.registry.size).toBe(0);
  });

  it.each(['routed', 'responding'])('in state %s refuses a second request body', async (state) => {
    const stream = await STATES[state]!(world());
    expect(await stream.body('requestBody', BODY)).toBeUndefined();
    expect(stream.ended).toEqual({ code: 3, message: 'a second request body' });
  });

  it.each([...Object.keys(STATES), 'new'])('in state %s refuses a message of unknown kind', async (state) => {
    const w = world();
    const stream = state === 'new' ? w.stream('router') : await STATES[state]!(w);
    expect(await stream.say({ observabilityMode: true })).toBeUndefined();
    expect(stream.ended).toMatchObject({ code: 3, message: expect.stringMatching(/^unexpected message unknown: /) });
  });

  it.each(Object.keys(STATES))('in state %s passes request trailers', async (state) => {
    const answer = await (await STATES[state]!(world())).say(REQUEST_TRAILERS);
    expect([answer?.kind, answer?.isEmpty]).toEqual(['requestTrailers', true]);
  });

  it.each(['awaiting-body', 'routed'])('in state %s passes the response of somebody else', async (state) => {
    const stream = await STATES[state]!(world());
    const answers = [
      await stream.headers('responseHeaders', { ':status': '404' }),
      await stream.body('responseBody', 'route not found', false),
      await stream.say(TRAILERS),
    ];
    expect(answers.map((answer) => [answer?.kind, answer?.isEmpty])).toEqual([
      ['responseHeaders', true],
      ['responseBody', true],
      ['responseTrailers', true],
    ]);
    expect(stream.ended).toBeUndefined();
  });

  it.each([
    ['response headers', (s: StreamUnderTest) => s.headers('responseHeaders', { ':status': '503' }), 'responseHeaders'],
    ['a request body', (s: StreamUnderTest) => s.body('requestBody', BODY), 'requestBody'],
    ['a response body', (s: StreamUnderTest) => s.body('responseBody', 'x'), 'responseBody'],
    ['response trailers', (s: StreamUnderTest) => s.say(TRAILERS), 'responseTrailers'],
  ])('passes everything when %s comes first', async (_, first, kind) => {
    const w = world();
    const stream = w.stream('router');
    const answer = await first(stream);
    expect([answer?.kind, answer?.isEmpty]).toEqual([kind, true]);
    const later = await stream.headers('requestHeaders', CHAT_HEADERS);
    expect([later?.kind, later?.isEmpty, stream.ended, w.context.registry.size]).toEqual([
      'requestHeaders',
      true,
      undefined,
      0,
    ]);
  });

  it('ends an upstream stream after its one answer', async () => {
    const w = world();
    const request = await w.routed(BODY);
    const upstream = w.stream('upstream');
    await upstream.headers('requestHeaders', [...request.headers], {
      attributes: {
        'envoy.filters.http.ext_proc': {
          "xds.upstream_host_metadata.filter_metadata['aigateway.envoy.io']['per_route_rule_backend_name']":
            backendIdentity('a'),
        },
      },
    });
    expect(upstream.answers).toHaveLength(1);
    expect(upstream.ended).toEqual({ code: 0, message: undefined });
  });

  it('refuses a second message on an upstream stream', async () => {
    const w = world();
    const upstream = w.stream('upstream');
    await upstream.headers('requestHeaders', CHAT_HEADERS);
    expect(upstream.ended).toEqual({ code: 13, message: 'missing attributes in request' });
    expect(await upstream.body('requestBody', BODY)).toBeUndefined();
    expect(upstream.answers).toEqual([]);
  });

  it.each([
    [
      'attributes make an upstream stream',
      { 'envoy.filters.http.ext_proc': { x: 1 } },
      { code: 13, message: 'missing internal request ID header from router filter' },
    ],
    ['no attributes make a router stream', {}, undefined],
  ])('of an Envoy that others configured: %s', async (_, attributes, ended) => {
    const stream = world().stream(undefined);
    await stream.headers('requestHeaders', CHAT_HEADERS, { attributes });
    expect(stream.ended).toEqual(ended);
  });

  it('takes attributes on the router filter of our own Envoy for what they are', async () => {
    const stream = world().stream('router');
    const answer = await stream.headers('requestHeaders', CHAT_HEADERS, {
      attributes: { 'envoy.filters.http.ext_proc': { x: 1 } },
    });
    expect(answer?.setMap).toEqual({ 'x-ai-eg-internal-req-id': 'r1-id1' });
  });

  it.each(['cancelled', 'half-closed', 'failed'] as const)(
    'forgets the request when its stream ends: %s',
    async (end) => {
      const w = world();
      const request = await w.routed(BODY);
      expect(w.context.registry.size).toBe(1);
      request.router.close(end);
      expect(w.context.registry.size).toBe(0);
      expect(w.logs.filter(({ msg }) => msg === 'ext_proc stream failed')).toHaveLength(end === 'failed' ? 1 : 0);
    },
  );

  it('logs what it refuses by code and reason, and what nobody foresaw with its stack', async () => {
    const w = world();
    await (await STATES['routed']!(w)).body('requestBody', BODY);
    const session = new StreamSession(w.context, { send: () => {}, end: () => {} }, {});
    session.onEnd('failed', new TypeError('boom'));
    const failed = w.logs.filter(({ msg }) => msg === 'ext_proc stream failed');
    expect(failed).toHaveLength(2);
    expect(failed[0]).toMatchObject({ code: 3, reason: 'a second request body', state: 'routed' });
    expect(failed[0]).not.toHaveProperty('err');
    expect(failed[1]).toMatchObject({ err: { stack: expect.stringContaining('TypeError: boom') }, state: 'new' });
  });

  it('survives bytes that are no message', async () => {
    const w = world();
    const stream = w.stream('router');
    await stream.headers('requestHeaders', CHAT_HEADERS);
    expect(await stream.bytes(Buffer.from([0x12, 5, 1]))).toBeUndefined();
    expect(stream.ended).toEqual({ code: 13, message: 'malformed protobuf message: field 2 is cut' });
    expect(w.context.registry.size).toBe(0);
  });
});
