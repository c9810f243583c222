import { describe, expect, it } from '@jest/globals';
import {
  ExtprocWorld,
  backendIdentity,
  buildBackend,
  type HeaderPairs,
  type StreamUnderTest,
} from '../../../../test/harness/extproc-world.js';
import { Redacted } from '../../../shared/secret.js';
import { attributes } from '../../../shared/headers.js';

const UPGRADE: HeaderPairs = {
  ':method': 'GET',
  ':path': '/v1/realtime?model=m&intent=x',
  ':authority': 'gateway.test',
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-extensions': 'permessage-deflate',
  'x-request-id': 'r1',
};
const DURATION = 'gen_ai_server_request_duration_seconds_count';
const TOKENS = 'gen_ai_client_token_usage_sum';

const frame = (event: object) => {
  const payload = Buffer.from(JSON.stringify(event));
  return Buffer.concat([Buffer.from([0x81, 126, payload.length >> 8, payload.length & 0xff]), payload]);
};
const done = (tokens: number) => frame({ type: 'response.done', response: { usage: { total_tokens: tokens } } });
const CLOSE = Buffer.from([0x88, 2, 3, 232]);

const newWorld = () =>
  new ExtprocWorld({
    backends: [
      buildBackend('a', { modelNameOverride: 'theirs', auth: { apiKey: { key: new Redacted('k') } } }),
      buildBackend('open', { providerResources: 'allow' }),
    ],
    globalLLMRequestCosts: [{ metadataKey: 'used', type: 'TotalToken' }],
  });

/** A request up to the point where the backend is asked. */
async function asked(world = newWorld(), headers = UPGRADE, backend = 'a') {
  const router = world.stream('router');
  const admission = (await router.headers('requestHeaders', headers))!;
  const upstream = (await world.stream('upstream').headers(
    'requestHeaders',
    { ...headers, ...admission.setMap },
    {
      attributes: { 'envoy.filters.http.ext_proc': { [attributes.hostBackendName]: backendIdentity(backend) } },
    },
  ))!;
  return { world, router, admission, upstream };
}

const accepted = (router: StreamUnderTest) => router.headers('responseHeaders', { ':status': '101' });

describe('a WebSocket session (G33)', () => {
  it('is routed by its head: the client’s frames stay unseen, the provider’s come as they are, uncompressed', async () => {
    const { admission, upstream } = await asked();
    expect(admission.setMap).toMatchObject({ 'x-ai-eg-model': 'm' });
    expect([admission.requestBodyMode, admission.responseBodyMode]).toEqual(['none', 'streamed']);
    expect([admission.clearsRouteCache, admission.removes]).toEqual([true, ['sec-websocket-extensions']]);
    expect(upstream.setMap).toMatchObject({
      ':path': '/v1/realtime?model=theirs&intent=x',
      authorization: 'Bearer k',
    });
  });

  it.each([
    ['realtime, openai-insecure-api-key.sk-1', { 'sec-websocket-protocol': 'realtime' }, []],
    ['OpenAI-Insecure-API-Key.sk-1', {}, ['sec-websocket-protocol']],
    ['realtime, openai-beta.realtime-v1', {}, []],
  ])('of the subprotocols %s brings no credential of the client', async (offered, sets, removes) => {
    const { upstream } = await asked(newWorld(), { ...UPGRADE, 'sec-websocket-protocol': offered });
    const { 'sec-websocket-protocol': set } = upstream.setMap;
    expect(set === undefined ? {} : { 'sec-websocket-protocol': set }).toEqual(sets);
    expect(upstream.removes.filter((name) => name.startsWith('sec-'))).toEqual(removes);
  });

  it.each(['call_id=rtc_1', 'a=b&CALL%5Fid=rtc_1'])(
    'joins no call that another client may have begun, unless the route allows it: %s',
    async (query) => {
      const headers = { ...UPGRADE, ':path': `/v1/realtime?model=m&${query}` };
      const { upstream, router, world } = await asked(newWorld(), headers);
      expect(upstream.localReply).toMatchObject({ status: 403, details: 'aigw_provider_resources' });
      expect(JSON.stringify(upstream.localReply?.body)).toContain(
        'does not serve /v1/realtime?call_id=: what a provider',
      );
      router.close();
      expect(world.context.registry.size).toBe(0);
      const open = await asked(newWorld(), headers, 'open');
      expect(open.upstream.setMap[':path']).toContain(query);
    },
  );

  it('is charged in the answers that let the usage through, for all its responses', async () => {
    const { router, world } = await asked();
    expect((await accepted(router))?.metadata).toMatchObject({ model_name_override: 'theirs' });
    expect(
      (await router.body('responseBody', frame({ type: 'session.created', session: { model: 'gpt-r' } }), false))
        ?.isEmpty,
    ).toBe(true);
    const first = done(5);
    expect((await router.body('responseBody', first.subarray(0, 20), false))?.isEmpty).toBe(true);
    const charged = await router.body('responseBody', first.subarray(20), false);
    expect([charged?.metadata?.['used'], charged?.metadata?.['response_model'], charged?.body]).toEqual([
      5,
      'gpt-r',
      undefined,
    ]);
    expect((await router.body('responseBody', done(7), false))?.metadata).toMatchObject({ used: 12 });
    expect((await router.body('responseBody', CLOSE, false))?.isEmpty).toBe(true);
    router.close();
    const metrics = await world.metrics();
    expect(metrics.find(DURATION)).toMatchObject([{ value: 1, labels: { gen_ai_operation_name: 'realtime' } }]);
    expect(metrics.find(DURATION)[0]?.labels).not.toHaveProperty('error_type');
    expect(metrics.sum('aigateway_extproc_cancelled_requests_total')).toBe(0);
    expect(world.context.registry.size).toBe(0);
  });

  it('says once that messages are too long to be metered, and meters the others', async () => {
    const { router, world } = await asked();
    await accepted(router);
    const head = Buffer.from([0x81, 127, 0, 0, 0, 0, 0, 0x20, 0, 0]);
    for (let i = 0; i < 2; i++)
      await router.body('responseBody', Buffer.concat([head, Buffer.alloc(0x20_00_00, 'x')]), false);
    expect((await router.body('responseBody', done(5), false))?.metadata).toMatchObject({ used: 5 });
    const told = world.logs.filter(({ msg }) => msg === 'a message of a realtime session was too long to be metered');
    expect(told).toMatchObject([{ limitBytes: 1 << 20 }]);
    router.close();
  });

  it('that ends without a goodbye of the provider counts as cancelled, with its tokens', async () => {
    const { router, world } = await asked();
    await accepted(router);
    const usage = { input_tokens: 3, output_tokens: 4, total_tokens: 7 };
    await router.body('responseBody', frame({ type: 'response.done', response: { usage } }), false);
    router.close();
    const metrics = await world.metrics();
    expect(metrics.find(DURATION)).toMatchObject([{ value: 1, labels: { error_type: 'cancelled' } }]);
    expect(metrics.sum(TOKENS, { gen_ai_token_type: 'output' })).toBe(4);
  });

  it('is cut off once where frames end, and charged with what came before', async () => {
    const { router, world } = await asked();
    await accepted(router);
    await router.body('responseBody', done(5), false);
    const cut = await router.body('responseBody', 'no frame', false);
    expect(cut?.localReply).toMatchObject({ status: 502, details: 'aigw_unusable_answer' });
    expect(cut?.metadata).toMatchObject({ used: 5, error_type: '_OTHER', response_status_class: '1xx' });
    expect((await router.body('responseBody', done(5), false))?.isEmpty).toBe(true);
    router.close();
    const metrics = await world.metrics();
    expect(metrics.find(DURATION)).toMatchObject([{ value: 1, labels: { error_type: '_OTHER' } }]);
  });

  it('that the provider refuses is an error like any other', async () => {
    const { router } = await asked();
    const head = await router.headers('responseHeaders', { ':status': '404', 'content-type': 'text/plain' });
    expect(head?.responseBodyMode).toBe('buffered');
    const answer = await router.body('responseBody', 'no such model');
    expect(JSON.parse(answer?.body ?? '')).toMatchObject({ error: { message: 'no such model', code: '404' } });
  });

  it.each([
    ['/v1/realtime?model=m', 'GET', {}, 'aigw_upgrade_required'],
    ['/v1/chat/completions', 'POST', { upgrade: 'websocket' }, 'aigw_unexpected_upgrade'],
    ['/v1/files/file-1?model=m', 'GET', { upgrade: 'websocket' }, 'aigw_unexpected_upgrade'],
    ['/v1/models', 'GET', { upgrade: 'websocket' }, 'aigw_unexpected_upgrade'],
    ['/elsewhere', 'OPTIONS', { upgrade: 'websocket' }, 'aigw_unexpected_upgrade'],
  ])('is not opened at %s by %s with %j', async (path, method, headers, details) => {
    const router = newWorld().stream('router');
    const answer = await router.headers('requestHeaders', { ':path': path, ':method': method, ...headers });
    expect(answer?.localReply).toMatchObject({ status: 400, details, body: { error: { type: 'BadRequest' } } });
  });
});
