import { describe, expect, it } from '@jest/globals';
import { CHAT_HEADERS, ExtprocWorld, buildBackend, type HeaderPairs } from '../../../../test/harness/extproc-world.js';
import { RequestRegistry } from '../request-registry.js';

const MODEL = { Name: 'm', OwnedBy: 'us', CreatedAt: '2025-01-02T03:04:05Z' };
const COSTS = [{ metadataKey: 'total', type: 'TotalToken' as const }];
const world = () => new ExtprocWorld({ backends: [buildBackend('a')], models: [MODEL] });

/** The answer to request headers, and whether the stream is over with it. */
async function admit(headers: HeaderPairs | readonly (readonly [string, string])[], w = world(), endOfStream = false) {
  const stream = w.stream('router');
  const answer = (await stream.headers('requestHeaders', headers, { endOfStream }))!;
  return { answer, stream, w };
}

const openAI = (status: number, type: string, message: string) => ({
  type: 'error',
  error: { type, code: String(status), message, param: null },
});
const anthropic = (status: number, type: string, message: string) => ({
  type: 'error',
  error: { type, code: String(status), message },
});

describe('the answer to request headers', () => {
  it('ties the streams of the request together', async () => {
    const { answer, w } = await admit(CHAT_HEADERS);
    expect(answer.sets).toEqual([['x-ai-eg-internal-req-id', 'r1-id1']]);
    expect([answer.removes, answer.clearsRouteCache, answer.body]).toEqual([[], false, undefined]);
    expect(w.context.registry.get('r1-id1')).toMatchObject({ path: '/v1/chat/completions', attemptCount: 0 });
  });

  it('makes an id without x-request-id too', async () => {
    const { 'x-request-id': _, ...headers } = CHAT_HEADERS;
    expect((await admit(headers)).answer.setMap).toEqual({ 'x-ai-eg-internal-req-id': '-id1' });
  });

  it('believes no header of ours that a client sends', async () => {
    const { answer } = await admit({
      ...CHAT_HEADERS,
      'x-ai-eg-model': 'forged',
      'x-ai-eg-original-path': '/v1/models',
      'x-ai-eg-internal-req-id': 'forged',
      'x-ai-eg-upstream-host': 'evil.test',
      'x-ai-eg-anything': '1',
      'x-gateway-destination-endpoint': '10.0.0.1:80',
    });
    expect(answer.sets).toEqual([['x-ai-eg-internal-req-id', 'r1-id1']]);
    expect(answer.removes.toSorted()).toEqual([
      'x-ai-eg-anything',
      'x-ai-eg-model',
      'x-ai-eg-original-path',
      'x-ai-eg-upstream-host',
      'x-gateway-destination-endpoint',
    ]);
  });

  it.each([
    ['/nope?x=1', '/nope?x=1'],
    ['/v1/fine_tuning/jobs', '/v1/fine_tuning/jobs'],
    ['/v1/chat/completions/', '/v1/chat/completions/'],
    ['?', '?'],
  ])('refuses path %s in plain text and ends the stream', async (path, shown) => {
    const { answer, stream, w } = await admit({ ...CHAT_HEADERS, ':path': path });
    expect(answer.localReply).toEqual({
      status: 404,
      details: 'aigw_unsupported_path',
      body: `unsupported path: ${shown}`,
    });
    expect(answer.setMap).toEqual({ 'content-type': 'text/plain', 'content-length': String(18 + shown.length) });
    expect(stream.ended).toEqual({ code: 5, message: 'unsupported path' });
    expect(w.context.registry.size).toBe(0);
    expect(
      (await w.metrics()).sum('aigateway_extproc_rejected_requests_total', { reason: 'aigw_unsupported_path' }),
    ).toBe(1);
  });

  it('looks at the path without its query', async () => {
    expect((await admit({ ...CHAT_HEADERS, ':path': '/v1/chat/completions?a=1?b' })).answer.localReply).toBeUndefined();
  });

  it.each([
    [
      'GET',
      '/v1/chat/completions',
      openAI(405, 'MethodNotAllowed', 'method GET is not allowed here, use POST'),
      'POST',
    ],
    [
      'DELETE',
      '/anthropic/v1/messages',
      anthropic(405, 'invalid_request_error', 'method DELETE is not allowed here, use POST'),
      'POST',
    ],
    [
      'POST',
      '/v1/models',
      openAI(405, 'MethodNotAllowed', 'method POST is not allowed here, use GET, HEAD'),
      'GET, HEAD',
    ],
    [
      'POST',
      '/anthropic/v1/models',
      anthropic(405, 'invalid_request_error', 'method POST is not allowed here, use GET, HEAD'),
      'GET, HEAD',
    ],
  ])('refuses %s %s and tells what is allowed', async (method, path, body, allow) => {
    const { answer, stream } = await admit({ ...CHAT_HEADERS, ':method': method, ':path': path });
    expect(answer.localReply).toEqual({ status: 405, details: 'aigw_method_not_allowed', body });
    expect(answer.setMap['allow']).toBe(allow);
    expect(stream.ended).toBeUndefined();
  });

  it.each([
    [
      '/v1/chat/completions',
      openAI(400, 'BadRequest', 'malformed request: /v1/chat/completions needs a JSON body, found none'),
    ],
    [
      '/anthropic/v1/messages',
      anthropic(400, 'invalid_request_error', 'malformed request: /v1/messages needs a JSON body, found none'),
    ],
  ])('refuses %s without a body, whatever its headers pretend', async (path, body) => {
    const headers = { ...CHAT_HEADERS, ':path': path, 'x-ai-eg-model': 'm', 'x-ai-eg-original-path': path };
    const { answer, w } = await admit(headers, world(), true);
    expect(answer.localReply).toEqual({ status: 400, details: 'aigw_bad_request', body });
    expect(w.context.registry.size).toBe(0);
  });

  it('lets a CORS preflight pass, without our headers', async () => {
    const forged = { 'x-ai-eg-model': 'm', 'x-ai-eg-internal-req-id': 'r0-id0' };
    const { answer, stream } = await admit({ ...CHAT_HEADERS, ':method': 'OPTIONS', ...forged }, world(), true);
    expect([answer.localReply, answer.removes, answer.sets]).toEqual([undefined, Object.keys(forged), []]);
    const response = await stream.headers('responseHeaders', { ':status': '204' }, { endOfStream: true });
    expect(response?.isEmpty).toBe(true);
  });

  it.each([
    [
      '/v1/chat/completions',
      'POST',
      openAI(503, 'ServiceUnavailable', 'the gateway has no configuration yet, try again in a moment'),
    ],
    [
      '/anthropic/v1/messages',
      'POST',
      anthropic(503, 'overloaded_error', 'the gateway has no configuration yet, try again in a moment'),
    ],
    [
      '/v1/models',
      'GET',
      openAI(503, 'ServiceUnavailable', 'the gateway has no configuration yet, try again in a moment'),
    ],
  ])('answers %s with 503 before the first configuration', async (path, method, body) => {
    const { answer } = await admit({ ...CHAT_HEADERS, ':path': path, ':method': method }, new ExtprocWorld(undefined));
    expect(answer.localReply).toEqual({ status: 503, details: 'aigw_no_configuration', body });
  });

  it('answers 503 when too many requests are under way', async () => {
    const w = new ExtprocWorld({}, { registry: new RequestRegistry(1) });
    await admit(CHAT_HEADERS, w);
    const { answer } = await admit(CHAT_HEADERS, w);
    expect(answer.localReply).toMatchObject({ status: 503, details: 'aigw_overloaded' });
    expect(w.context.registry.size).toBe(1);
  });

  it.each([
    [
      'GET',
      '/v1/models?limit=1',
      { data: [{ id: 'm', created: 1_735_787_045, object: 'model', owned_by: 'us' }], object: 'list' },
    ],
    [
      'HEAD',
      '/v1/models',
      { data: [{ id: 'm', created: 1_735_787_045, object: 'model', owned_by: 'us' }], object: 'list' },
    ],
    [
      'GET',
      '/anthropic/v1/models',
      {
        data: [{ id: 'm', type: 'model', display_name: 'm', created_at: '2025-01-02T03:04:05Z' }],
        first_id: 'm',
        has_more: false,
        last_id: 'm',
      },
    ],
    ['GET', '/v1/models/m?x=1', { id: 'm', created: 1_735_787_045, object: 'model', owned_by: 'us' }],
    [
      'GET',
      '/anthropic/v1/models/m',
      { id: 'm', type: 'model', display_name: 'm', created_at: '2025-01-02T03:04:05Z' },
    ],
  ])('answers %s %s itself', async (method, path, body) => {
    const { answer, w } = await admit({ ...CHAT_HEADERS, ':method': method, ':path': path }, world(), true);
    expect(answer.localReply).toEqual({ status: 200, details: 'aigw_models', body });
    expect(answer.setMap['content-length']).toBe(String(Buffer.byteLength(answer.body!)));
    expect((await w.metrics()).sum('aigateway_extproc_rejected_requests_total')).toBe(0);
  });

  it.each([
    ['/v1/models/unknown', { type: 'error', error: { type: 'NotFound', code: '404' } }],
    ['/anthropic/v1/models/unknown', { type: 'error', error: { type: 'not_found_error' } }],
  ])('G33: answers %s with 404 in the dialect of the list', async (path, body) => {
    const { answer } = await admit({ ...CHAT_HEADERS, ':method': 'GET', ':path': path }, world(), true);
    expect(answer.localReply).toMatchObject({ status: 404, details: 'aigw_unknown_model', body });
  });

  it('answers a client of Anthropic in its form where its address has no prefix', async () => {
    const get = async (path: string) => {
      const request = { ...CHAT_HEADERS, ':method': 'GET', ':path': path, 'anthropic-version': '2023-06-01' };
      return (await admit(request, world(), true)).answer.localReply;
    };
    const shown = { id: 'm', type: 'model', display_name: 'm', created_at: '2025-01-02T03:04:05Z' };
    expect((await get('/v1/models?limit=1'))?.body).toEqual({
      data: [shown],
      first_id: 'm',
      has_more: false,
      last_id: 'm',
    });
    expect((await get('/v1/models/m'))?.body).toEqual(shown);
    expect(await get('/v1/models/unknown')).toMatchObject({
      status: 404,
      body: { error: { type: 'not_found_error' } },
    });
  });

  it('G33: keeps a model of another host to itself', async () => {
    const scoped = { 'a.test': [MODEL] };
    const w = new ExtprocWorld({ models: [MODEL], modelsByHost: scoped, unscopedModels: [] });
    const get = { ...CHAT_HEADERS, ':method': 'GET', ':path': '/v1/models/m' };
    expect((await admit({ ...get, ':authority': 'a.test' }, w, true)).answer.localReply?.status).toBe(200);
    expect((await admit({ ...get, ':authority': 'b.test' }, w, true)).answer.localReply?.status).toBe(404);
  });

  it.each([
    [{ ':authority': 'a.test:443' }, ['scoped']],
    [{ ':authority': 'b.test' }, ['free']],
    [{ host: 'a.test', ':authority': '' }, ['m']],
  ])('lists the models of host %p', async (host, names) => {
    const named = (Name: string) => ({ ...MODEL, Name });
    const w = new ExtprocWorld({
      models: [MODEL],
      modelsByHost: { 'a.test': [named('scoped')] },
      unscopedModels: [named('free')],
    });
    const { answer } = await admit({ ...CHAT_HEADERS, ...host, ':method': 'GET', ':path': '/v1/models' }, w, true);
    expect((answer.localReply!.body as { data: { id: string }[] }).data.map(({ id }) => id)).toEqual(names);
  });
});

describe('the answer to the request body', () => {
  it('sets the headers by which Envoy routes, and leaves the body', async () => {
    const w = world();
    const stream = w.stream('router');
    await stream.headers('requestHeaders', { ...CHAT_HEADERS, ':path': '/v1/chat/completions?x=1' });
    const answer = (await stream.body('requestBody', '{"model":"größe","stream":true}'))!;
    expect(answer.sets).toEqual([
      ['x-ai-eg-model', 'größe'],
      ['x-ai-eg-original-path', '/v1/chat/completions?x=1'],
      ['x-envoy-original-path', '/v1/chat/completions?x=1'],
    ]);
    expect([answer.clearsRouteCache, answer.body, answer.removes, answer.metadata]).toEqual([
      true,
      undefined,
      [],
      undefined,
    ]);
  });

  it('sets an empty model when the body names none', async () => {
    const request = await world().routed('null');
    expect(request.headers.get('x-ai-eg-model')).toBe('');
  });

  it('leaves the body to the attempt even when usage is forced', async () => {
    const w = new ExtprocWorld({ backends: [buildBackend('a')], globalLLMRequestCosts: COSTS });
    const stream = w.stream('router');
    await stream.headers('requestHeaders', CHAT_HEADERS);
    const answer = (await stream.body('requestBody', '{"model":"m","stream":true}'))!;
    expect(answer.body).toBeUndefined();
    expect(w.context.registry.get('r1-id1')?.parsed).toMatchObject({ isRewritten: true, isStreaming: true });
  });

  it.each([
    [
      '/v1/chat/completions',
      '{"model":',
      openAI(
        400,
        'BadRequest',
        'malformed request: the body of /v1/chat/completions is not a JSON object: unexpected end at byte 9',
      ),
    ],
    [
      '/v1/chat/completions',
      '"\n',
      openAI(
        400,
        'BadRequest',
        'malformed request: the body of /v1/chat/completions is not a JSON object: unexpected "\\"" at byte 0',
      ),
    ],
    [
      '/anthropic/v1/messages',
      '{}',
      anthropic(400, 'invalid_request_error', 'invalid request body: model field is required'),
    ],
  ])('refuses what %s cannot read: %s', async (path, text, body) => {
    const w = world();
    const stream = w.stream('router');
    await stream.headers('requestHeaders', { ...CHAT_HEADERS, ':path': path });
    const answer = (await stream.body('requestBody', text))!;
    expect(answer.localReply).toEqual({ status: 400, details: 'aigw_bad_request', body });
    // The reply passes the response phase of this stream.
    expect((await stream.headers('responseHeaders', { ':status': '400' }))?.isEmpty).toBe(true);
    expect((await stream.body('responseBody', answer.body!))?.isEmpty).toBe(true);
    expect((await w.metrics()).sum('aigateway_extproc_rejected_requests_total', { reason: 'aigw_bad_request' })).toBe(
      1,
    );
    expect((await w.metrics()).sum('gen_ai_server_request_duration_seconds_count')).toBe(0);
  });

  it('refuses a multipart body', async () => {
    const w = world();
    const stream = w.stream('router');
    await stream.headers('requestHeaders', { ...CHAT_HEADERS, 'content-type': 'multipart/form-data; boundary=x' });
    const answer = await stream.body('requestBody', '--x');
    expect(answer?.localReply).toMatchObject({
      status: 400,
      body: {
        error: { message: 'malformed request: /v1/chat/completions takes a JSON body, found multipart/form-data' },
      },
    });
  });
});
