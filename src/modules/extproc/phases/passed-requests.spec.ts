import { describe, expect, it } from '@jest/globals';
import { CHAT_HEADERS, ExtprocWorld, backendIdentity, buildBackend } from '../../../../test/harness/extproc-world.js';
import { Redacted } from '../../../shared/secret.js';

const OPEN = { providerResources: 'allow' } as const;
const ANTHROPIC = { schema: { name: 'Anthropic', prefix: 'v1' } } as const;
const AWS = {
  aws: {
    region: 'us-east-1',
    credentialFileLiteral: new Redacted('[default]\naws_access_key_id=A\naws_secret_access_key=S\n'),
  },
};
const world = () =>
  new ExtprocWorld({
    backends: [
      buildBackend('open', { ...OPEN, auth: { apiKey: { key: new Redacted('own') } } }),
      buildBackend('closed'),
      buildBackend('refusing', { providerResources: 'refuse' }),
      buildBackend('cohere', { ...OPEN, schema: { name: 'Cohere' } }),
      buildBackend('signed', { ...OPEN, auth: AWS }),
      buildBackend('claude', { ...OPEN, ...ANTHROPIC, modelNameOverride: 'own-name' }),
      buildBackend('plain-claude', { ...OPEN, ...ANTHROPIC }),
    ],
    llmRequestCosts: [{ metadataKey: 'each', routeName: 'ns/r', type: 'CEL', cel: '1u' }],
  });

/** The head of a request, as Envoy shows it, up to the answer of the router phase. */
async function admit(
  path: string,
  more: { method?: string; headers?: object; endOfStream?: boolean; w?: ExtprocWorld } = {},
) {
  const { method = 'GET', headers = {}, endOfStream = method === 'GET', w = world() } = more;
  const router = w.stream('router');
  const all = { ...CHAT_HEADERS, ':method': method, ':path': path, ...headers };
  const answer = (await router.headers('requestHeaders', all, { endOfStream }))!;
  const map = new Map<string, string>(Object.entries(all));
  for (const name of answer.removes) map.delete(name);
  for (const [name, value] of answer.sets) map.set(name, value);
  return { w, router, answer, headers: map };
}

async function attempt(w: ExtprocWorld, headers: ReadonlyMap<string, string>, backend: string) {
  const answer = await w.stream('upstream').headers('requestHeaders', [...headers], {
    attributes: {
      'envoy.filters.http.ext_proc': {
        "xds.upstream_host_metadata.filter_metadata['aigateway.envoy.io']['per_route_rule_backend_name']":
          backendIdentity(backend),
        "xds.route_metadata.filter_metadata['aigateway.envoy.io']['aigw_route_name']": 'ns/r',
      },
    },
  });
  return answer!;
}

describe('G33: a request that is routed by its head', () => {
  it('has its route at once, and no body is asked for', async () => {
    const { answer, w } = await admit('/v1/files?model=a&limit=1', { method: 'POST' });
    expect(answer.setMap).toEqual({
      'x-ai-eg-internal-req-id': 'r1-id1',
      'x-ai-eg-model': 'a',
      'x-ai-eg-original-path': '/v1/files?model=a&limit=1',
      'x-envoy-original-path': '/v1/files?model=a&limit=1',
    });
    expect([answer.clearsRouteCache, answer.requestBodyMode, answer.responseBodyMode]).toEqual([true, 'none', 'none']);
    expect(w.context.registry.size).toBe(1);
  });

  it.each([
    ['/v1/files?model=a%20b', {}, 'a b'],
    ['/v1/files?model=a&model=b', { 'x-aigw-model': 'c' }, 'a'],
    ['/v1/files?model=', { 'x-aigw-model': 'c' }, 'c'],
    ['/v1/files', { 'x-aigw-model': 'c', 'x-ai-eg-model': 'forged' }, 'c'],
  ])('takes its model from %s and %j', async (path, headers, expected) => {
    const { answer } = await admit(path, { headers });
    expect(answer.setMap['x-ai-eg-model']).toBe(expected);
    expect(answer.removes).not.toContain('x-ai-eg-model');
  });

  it.each([
    ['/v1/files?model=a%0Ab', 'must be at most 1024 characters without control characters'],
    [`/v1/files?model=${'a'.repeat(1025)}`, 'must be at most 1024 characters'],
    ['/v1/files', 'nothing tells which backend keeps this; name the model whose backend serves this'],
  ])('is refused without a usable model', async (path, message) => {
    const { answer, w } = await admit(path);
    expect(answer.localReply).toMatchObject({ status: 400, details: 'aigw_bad_request' });
    expect(JSON.stringify(answer.localReply?.body)).toContain(message);
    expect(w.context.registry.size).toBe(0);
  });

  it('is refused without a configuration', async () => {
    const { answer } = await admit('/v1/files?model=a', { w: new ExtprocWorld(undefined) });
    expect(answer.localReply).toMatchObject({ status: 503, details: 'aigw_no_configuration' });
  });

  it('goes to its provider with the credential of the backend, its body left alone', async () => {
    const brought = { 'x-aigw-model': 'a', authorization: 'Bearer client', 'content-length': '9' };
    const { w, headers } = await admit('/v1/files/f/content?after=x', { headers: brought });
    const answer = await attempt(w, headers, 'open');
    expect(answer.setMap).toEqual({ ':path': '/v1/files/f/content?after=x', authorization: 'Bearer own' });
    expect(answer.removes).toEqual(['x-aigw-model', 'x-ai-eg-upstream-host']);
    expect([answer.body, answer.replacesBody]).toEqual([undefined, false]);
    expect(answer.metadata).toEqual({ backend_name: backendIdentity('open') });
  });

  it.each([
    ['closed', 403, 'aigw_provider_resources'],
    ['refusing', 403, 'aigw_provider_resources'],
    ['cohere', 400, 'aigw_unsupported_endpoint'],
  ])('is refused by backend %s with %i', async (backend, status, details) => {
    const { w, headers } = await admit('/v1/files/f?model=a');
    expect((await attempt(w, headers, backend)).localReply).toMatchObject({ status, details });
  });

  it('is signed for AWS when it has no body, and refused when nobody sees it', async () => {
    const without = await admit('/v1/files/f?model=a');
    expect((await attempt(without.w, without.headers, 'signed')).setMap['authorization']).toMatch(/^AWS4-HMAC-SHA256 /);
    const unseen = await admit('/v1/files?model=a', { method: 'POST' });
    const { localReply } = await attempt(unseen.w, unseen.headers, 'signed');
    expect(localReply).toMatchObject({ status: 503, details: 'aigw_credential_unavailable' });
  });

  it.each(['101', '200', '204', '302', '304'])('is over for us with the head of a good answer: %s', async (status) => {
    const { w, router, headers } = await admit('/v1/responses/r?model=a');
    await attempt(w, headers, 'open');
    const answer = (await router.headers('responseHeaders', { ':status': status }))!;
    expect([answer.body, answer.removes, answer.responseBodyMode]).toEqual([undefined, [], undefined]);
    expect(answer.metadata).toEqual({
      model_name_override: 'a',
      ai_service_backend_name: 'ns/open',
      route_name: 'ns/r',
    });
    expect(router.ended).toEqual({ code: 0, message: undefined });
    router.close();
    expect(w.context.registry.size).toBe(0);
    const metrics = await w.metrics();
    const labels = { gen_ai_operation_name: 'stored_responses' };
    expect(metrics.sum('gen_ai_server_request_duration_seconds_count', labels)).toBe(1);
    expect(metrics.sum('aigateway_extproc_cancelled_requests_total')).toBe(0);
  });

  it('has its error read, and the rest of its own body not', async () => {
    const { w, router, headers } = await admit('/v1/files?model=a', { method: 'POST' });
    await attempt(w, headers, 'open');
    const answer = (await router.headers('responseHeaders', { ':status': '500', 'content-type': 'text/plain' }))!;
    expect([answer.responseBodyMode, answer.requestBodyMode]).toEqual(['buffered', 'none']);
    const body = (await router.body('responseBody', 'no'))!;
    expect(JSON.parse(body.body!)).toMatchObject({ error: { type: 'OpenAIBackendError', message: 'no' } });
    expect(body.metadata).toMatchObject({ error_type: '_OTHER', response_status_class: '5xx' });
  });

  it('is cancelled when its client leaves before the answer', async () => {
    const { w, router, headers } = await admit('/v1/files?model=a', { method: 'POST' });
    await attempt(w, headers, 'open');
    router.close();
    expect((await w.metrics()).sum('aigateway_extproc_cancelled_requests_total')).toBe(1);
  });

  it('sends no body of a later attempt, since it has none', async () => {
    const { w, headers } = await admit('/v1/files?model=a', { method: 'POST' });
    await attempt(w, headers, 'open');
    const second = await attempt(w, headers, 'open');
    expect([second.body, second.replacesBody]).toEqual([undefined, false]);
  });
});

describe('G33: a batch of messages whose body names the model', () => {
  const BODY = '{ "requests":[{"params":{"model":"a","n":1.0}},{"params":{"model":"a"}}]}';
  const PATH = '/anthropic/v1/messages/batches';
  async function routed(body = BODY) {
    const admitted = await admit(PATH, { method: 'POST' });
    const answer = (await admitted.router.body('requestBody', body))!;
    for (const [name, value] of answer.sets) admitted.headers.set(name, value);
    return { ...admitted, routed: answer };
  }

  it('is routed by it', async () => {
    const { answer, routed: found } = await routed();
    expect([answer.requestBodyMode, answer.clearsRouteCache]).toEqual(['buffered', false]);
    expect([found.setMap['x-ai-eg-model'], found.clearsRouteCache]).toEqual(['a', true]);
  });

  it('is refused when its body names none', async () => {
    const { routed: found } = await routed('{}');
    expect(found.localReply).toMatchObject({ status: 400, body: { error: { type: 'invalid_request_error' } } });
  });

  it('has every model replaced by the override, and nothing else', async () => {
    const { w, headers } = await routed();
    const answer = await attempt(w, headers, 'claude');
    const expected = BODY.replaceAll('"a"', '"own-name"');
    expect([answer.body, answer.replacesBody]).toEqual([expected, true]);
    expect(answer.metadata).toMatchObject({ content_length: expected.length });
  });

  it('is sent as it is without one, and anew to a later backend', async () => {
    const { w, headers } = await routed();
    expect((await attempt(w, headers, 'plain-claude')).body).toBeUndefined();
    expect((await attempt(w, headers, 'plain-claude')).body).toBe(BODY);
  });

  it('has no body looked at when the head names the model', async () => {
    const { answer } = await admit(`${PATH}?model=a`, { method: 'POST' });
    expect(answer.requestBodyMode).toBe('none');
  });

  const answered = async (type: string) => {
    const headers = { 'x-forwarded-proto': 'http' };
    const admitted = await admit(`${PATH}/b?model=a/b`, { headers });
    await attempt(admitted.w, admitted.headers, 'claude');
    const head = { ':status': '200', 'content-type': type, 'content-length': '9' };
    return { ...admitted, found: (await admitted.router.headers('responseHeaders', head))! };
  };

  it('leads to the gateway in its answer, however that is cut', async () => {
    const { router, answer, found } = await answered('application/json');
    expect([answer.requestBodyMode, answer.responseBodyMode]).toEqual(['none', 'streamed']);
    expect([found.removes, found.metadata]).toEqual([['content-length'], undefined]);
    const text = JSON.stringify({ results_url: 'https://api.anthropic.com/v1/messages/batches/b/results' });
    expect((await router.body('responseBody', text.slice(0, 30), false))!.body).toBe('');
    const last = (await router.body('responseBody', text.slice(30)))!;
    const results_url = 'http://gateway.test/anthropic/v1/messages/batches/b/results?model=a%2Fb';
    expect(JSON.parse(last.body!)).toEqual({ results_url });
    expect(last.metadata).toEqual({
      model_name_override: 'own-name',
      ai_service_backend_name: 'ns/claude',
      route_name: 'ns/r',
    });
  });

  it('has an answer of another type go on unseen', async () => {
    const { router, found } = await answered('application/binary');
    expect([found.responseBodyMode, found.requestBodyMode, found.removes]).toEqual(['none', 'none', []]);
    expect(router.ended?.code).toBe(0);
  });
});
