import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  Answer,
  CHAT_HEADERS,
  ExtprocWorld,
  backendIdentity,
  buildBackend,
  type ClientRequest,
  type HeaderPairs,
} from '../../../../test/harness/extproc-world.js';
import type { FilterConfig } from '../../../shared/filter-config/filter-config.js';

const COSTS: FilterConfig['globalLLMRequestCosts'] = [
  { metadataKey: 'total', type: 'TotalToken' },
  { metadataKey: 'cached', type: 'CachedInputToken' },
  { metadataKey: 'weighed', type: 'CEL', cel: 'input_tokens + 10u * output_tokens' },
];
const USAGE = { prompt_tokens: 3, completion_tokens: 5, total_tokens: 8 };
const WHOLE = JSON.stringify({ model: 'm-0613', choices: [], usage: USAGE });
const FIRST_CHUNK = 'data: {"model":"m-0613","choices":[{"delta":{"content":"hi"}}]}\n\n';
const USAGE_CHUNK = `data: ${JSON.stringify({ model: 'm-0613', choices: [], usage: USAGE })}\n\n`;
const DONE = 'data: [DONE]\n\n';
const IDENTITY = { model_name_override: 'm', ai_service_backend_name: 'ns/a', route_name: 'ns/r' };
const SPENT = { total: 8, cached: 0, weighed: 53 };
const JSON_TYPE = { 'content-type': 'application/json' };

function newWorld(more: Partial<FilterConfig> = {}): ExtprocWorld {
  return new ExtprocWorld({ backends: [buildBackend('a'), buildBackend('b')], globalLLMRequestCosts: COSTS, ...more });
}

async function bound(body: string, world = newWorld()): Promise<{ request: ClientRequest; world: ExtprocWorld }> {
  const request = await world.routed(body);
  world.nowMs += 5;
  await request.attempt(backendIdentity('a'));
  return { request, world };
}
const whole = (world?: ExtprocWorld) => bound('{"model":"m"}', world);
const stream = (world?: ExtprocWorld) => bound('{"model":"m","stream":true}', world);

const headersOf = (status: string, more: HeaderPairs = {}) => ({ ':status': status, ...more });
const respond = async (
  { router }: ClientRequest,
  status: string,
  more: HeaderPairs = {},
  endOfStream = false,
): Promise<Answer> => (await router.headers('responseHeaders', headersOf(status, more), { endOfStream }))!;
const bodyOf = async ({ router }: ClientRequest, body: string | Uint8Array, endOfStream = true): Promise<Answer> =>
  (await router.body('responseBody', body, endOfStream))!;
const trailersOf = async ({ router }: ClientRequest): Promise<Answer> =>
  (await router.say({ request: { case: 'responseTrailers', value: {} } }))!;

/** Completions by result, tokens by type, cancelled requests. */
async function recorded(world: ExtprocWorld) {
  const metrics = await world.metrics();
  const durations = metrics.find('gen_ai_server_request_duration_seconds_count');
  const count = (type: string | undefined) =>
    durations.filter(({ labels }) => labels['error_type'] === type).reduce((sum, { value }) => sum + value, 0);
  const tokens = Object.fromEntries(
    metrics.find('gen_ai_client_token_usage_sum').map(({ labels, value }) => [labels['gen_ai_token_type'], value]),
  );
  return { succeeded: count(undefined), failed: count('_OTHER'), cancelled: count('cancelled'), tokens };
}
const SUCCESS = { succeeded: 1, failed: 0, cancelled: 0, tokens: { input: 3, output: 5 } };
const FAILURE = { succeeded: 0, failed: 1, cancelled: 0, tokens: {} };

describe('a whole answer', () => {
  it('is buffered when it is small; its body stays and its costs are told', async () => {
    const { request, world } = await whole();
    expect((await respond(request, '200', { ...JSON_TYPE, 'content-length': String(WHOLE.length) })).isEmpty).toBe(
      true,
    );
    world.nowMs += 2000;
    const answer = await bodyOf(request, WHOLE);
    expect(answer.body).toBeUndefined();
    expect([answer.sets, answer.removes]).toEqual([[], []]);
    expect(answer.metadata).toEqual({ ...SPENT, ...IDENTITY, response_model: 'm-0613' });
    expect(request.router.ended).toEqual({ code: 0, message: undefined });
    request.router.close();
    expect(await recorded(world)).toEqual(SUCCESS);
    const metrics = await world.metrics();
    expect(metrics.sum('gen_ai_server_request_duration_seconds_sum')).toBeCloseTo(2);
    expect(metrics.find('gen_ai_server_request_duration_seconds_count')[0]!.labels).toMatchObject({
      gen_ai_operation_name: 'chat',
      gen_ai_original_model: 'm',
      gen_ai_request_model: 'm',
      gen_ai_response_model: 'm-0613',
    });
    expect(metrics.sum('gen_ai_server_time_to_first_token_seconds_count')).toBe(0);
  });

  it.each([
    ['no length', {}],
    ['a large one', { 'content-length': '32769' }],
    ['one that is none', { 'content-length': 'x' }],
  ])('is streamed, with its length left alone, when it has %s', async (_, more) => {
    const { request, world } = await whole();
    const answer = await respond(request, '200', { ...JSON_TYPE, ...more });
    expect([answer.streamsResponse, answer.removes, answer.sets]).toEqual([true, [], []]);
    const chunks = [WHOLE.slice(0, 10), WHOLE.slice(10), ''];
    const answers = [];
    for (const [index, chunk] of chunks.entries()) answers.push(await bodyOf(request, chunk, index === 2));
    expect(answers.map((found) => found.isEmpty)).toEqual([true, true, false]);
    expect(answers[2]!.metadata).toEqual({ ...SPENT, ...IDENTITY, response_model: 'm-0613' });
    expect(await recorded(world)).toEqual(SUCCESS);
  });

  it.each([
    ['gzip', gzipSync(WHOLE)],
    ['br', brotliCompressSync(WHOLE)],
    ['zstd', zstdCompressSync(WHOLE)],
    ['GZIP', gzipSync(WHOLE)],
    ['br, gzip', gzipSync(brotliCompressSync(WHOLE))],
  ])('goes through compressed by %s, and a copy is read', async (coding, bytes) => {
    const { request, world } = await whole();
    await respond(request, '200', { ...JSON_TYPE, 'content-encoding': coding, 'content-length': String(bytes.length) });
    const answer = await bodyOf(request, bytes);
    expect([answer.body, answer.removes, answer.metadata]).toEqual([
      undefined,
      [],
      { ...SPENT, ...IDENTITY, response_model: 'm-0613' },
    ]);
    expect(await recorded(world)).toEqual(SUCCESS);
  });

  it.each([
    ['corrupt', 'gzip', Buffer.from('no gzip at all'), ['cannot decode the response to read its usage']],
    ['cut', 'gzip', gzipSync(WHOLE).subarray(0, 12), []],
    ['of a coding that nobody knows', 'lzma', Buffer.from('xyz'), []],
  ])('goes through when it is %s; only its usage is unknown', async (_, coding, bytes, logs) => {
    const { request, world } = await whole();
    await respond(request, '200', { ...JSON_TYPE, 'content-encoding': coding, 'content-length': '12' });
    const answer = await bodyOf(request, bytes);
    expect([answer.body, answer.removes]).toEqual([undefined, []]);
    expect(answer.metadata).toEqual({ total: 0, cached: 0, weighed: 0, ...IDENTITY, response_model: 'm' });
    expect(await recorded(world)).toEqual({ ...SUCCESS, tokens: {} });
    expect(world.logs.map(({ msg }) => msg)).toEqual(logs);
  });

  it.each(['not JSON', '', '{"model":7,"usage":"x"}', 'null'])('goes through when it is %p', async (body) => {
    const { request, world } = await whole();
    await respond(request, '200', { 'content-length': '1' });
    const answer = await bodyOf(request, body);
    expect([answer.body, answer.metadata!['total'], answer.metadata!['response_model']]).toEqual([undefined, 0, 'm']);
    expect((await recorded(world)).succeeded).toBe(1);
  });

  it.each([
    ['201', 'm-0613'],
    ['299', 'm-0613'],
  ])('is good with status %s', async (status, model) => {
    const { request, world } = await stream();
    await respond(request, status, { 'content-length': '9' });
    const answer = await bodyOf(request, WHOLE);
    expect(answer.metadata).toMatchObject({ total: 8, response_model: model });
    expect(await recorded(world)).toEqual(SUCCESS);
  });

  it.each(['200', '204'])('may end with its headers, status %s', async (status) => {
    const { request, world } = await whole();
    const answer = await respond(request, status, {}, true);
    expect(answer.metadata).toEqual({ total: 0, cached: 0, weighed: 0, ...IDENTITY, response_model: 'm' });
    request.router.close();
    expect(await recorded(world)).toEqual({ ...SUCCESS, tokens: {} });
  });

  it.each(['buffered', 'streamed'])('may end with trailers when %s', async (mode) => {
    const { request, world } = await whole();
    await respond(request, '200', mode === 'buffered' ? { 'content-length': '9' } : {});
    expect((await bodyOf(request, WHOLE, false)).isEmpty).toBe(true);
    const answer = await trailersOf(request);
    expect([answer.kind, answer.metadata]).toEqual([
      'responseTrailers',
      { ...SPENT, ...IDENTITY, response_model: 'm-0613' },
    ]);
    request.router.close();
    expect(await recorded(world)).toEqual(SUCCESS);
  });
});

describe('a streamed answer', () => {
  const events = { 'content-type': 'text/event-stream', 'content-length': '99' };

  it('goes through chunk by chunk and is charged as soon as its usage is final', async () => {
    const { request, world } = await stream();
    const answer = await respond(request, '200', events);
    expect([answer.streamsResponse, answer.removes]).toEqual([true, ['content-length']]);
    world.nowMs += 200;
    expect((await bodyOf(request, '', false)).isEmpty).toBe(true);
    world.nowMs += 10.9;
    expect((await bodyOf(request, FIRST_CHUNK, false)).isEmpty).toBe(true);
    world.nowMs += 80;
    const charged = { ...SPENT, ...IDENTITY, response_model: 'm-0613', token_latency_ttft: 210, token_latency_itl: 20 };
    expect((await bodyOf(request, USAGE_CHUNK, false)).metadata).toEqual(charged);
    expect((await bodyOf(request, DONE, false)).isEmpty).toBe(true);
    const last = await bodyOf(request, '');
    expect([last.metadata, last.body]).toEqual([charged, undefined]);
    expect(request.router.ended).toEqual({ code: 0, message: undefined });
    request.router.close();
    expect(await recorded(world)).toEqual(SUCCESS);
    const metrics = await world.metrics();
    expect(metrics.sum('gen_ai_server_time_to_first_token_seconds_sum')).toBeCloseTo(0.2109);
    expect(metrics.sum('gen_ai_server_time_per_output_token_seconds_sum')).toBeCloseTo(0.02);
  });

  it('is read however its events are cut, also compressed', async () => {
    const bytes = gzipSync(FIRST_CHUNK + USAGE_CHUNK + DONE);
    const { request, world } = await stream();
    const answer = await respond(request, '200', { ...events, 'content-encoding': 'gzip' });
    expect(answer.removes).toEqual(['content-length']);
    const answers: Answer[] = [];
    for (const [index, byte] of bytes.entries())
      answers.push(await bodyOf(request, Buffer.from([byte]), index === bytes.length - 1));
    expect(answers.every(({ body }) => body === undefined)).toBe(true);
    expect(answers.at(-1)!.metadata).toMatchObject(SPENT);
    expect(await recorded(world)).toEqual(SUCCESS);
  });

  it('goes on when it cannot be decoded any more', async () => {
    const { request, world } = await stream();
    await respond(request, '200', { ...events, 'content-encoding': 'br' });
    for (let i = 0; i < 3; i++) expect((await bodyOf(request, 'garbage'.repeat(10), false)).isEmpty).toBe(true);
    expect((await bodyOf(request, '')).metadata).toMatchObject({ total: 0 });
    expect(world.logs).toHaveLength(1);
    expect((await recorded(world)).succeeded).toBe(1);
  });

  it('may end with trailers', async () => {
    const { request, world } = await stream();
    await respond(request, '200', events);
    await bodyOf(request, FIRST_CHUNK + USAGE_CHUNK, false);
    expect((await trailersOf(request)).metadata).toMatchObject(SPENT);
    request.router.close();
    expect(await recorded(world)).toEqual(SUCCESS);
  });

  it('may lack the last blank line', async () => {
    const { request, world } = await stream();
    await respond(request, '200', events);
    expect((await bodyOf(request, USAGE_CHUNK.trimEnd())).metadata).toMatchObject(SPENT);
    expect(await recorded(world)).toEqual(SUCCESS);
  });

  it('counts as failed when it carries an error, and is charged all the same', async () => {
    const { request, world } = await stream();
    await respond(request, '200', events);
    const answer = await bodyOf(request, `${FIRST_CHUNK}${USAGE_CHUNK}data: {"error":{"message":"x"}}\n\n`);
    expect(answer.metadata).toMatchObject(SPENT);
    expect(await recorded(world)).toMatchObject({ succeeded: 0, failed: 1 });
  });

  it.each(['application/json', 'application/json; charset=utf-8', 'Application/vnd.x+JSON'])(
    'is read as one when the provider sends %s instead',
    async (contentType) => {
      const { request, world } = await stream();
      await respond(request, '200', { 'content-type': contentType });
      expect((await bodyOf(request, WHOLE.slice(0, 20), false)).isEmpty).toBe(true);
      expect((await bodyOf(request, WHOLE.slice(20))).metadata).toMatchObject({ ...SPENT, response_model: 'm-0613' });
      expect(await recorded(world)).toEqual(SUCCESS);
    },
  );

  it('of Anthropic is charged at message_delta', async () => {
    const world = newWorld({ backends: [buildBackend('a', { schema: { name: 'Anthropic', prefix: 'v1' } })] });
    const request = await world.routed('{"model":"m","stream":true}', {
      ...CHAT_HEADERS,
      ':path': '/anthropic/v1/messages',
    });
    const attempt = await request.attempt(backendIdentity('a'));
    expect([attempt.setMap[':path'], attempt.body]).toEqual(['/v1/messages', undefined]);
    await respond(request, '200', events);
    const started =
      'data: {"type":"message_start","message":{"model":"c","usage":{"input_tokens":1,"cache_read_input_tokens":2,"output_tokens":1}}}\n\n';
    expect((await bodyOf(request, started, false)).isEmpty).toBe(true);
    const charged = (await bodyOf(request, 'data: {"type":"message_delta","usage":{"output_tokens":5}}\n\n', false))
      .metadata;
    expect(charged).toMatchObject({ ...SPENT, cached: 2, response_model: 'c' });
    expect((await bodyOf(request, 'data: {"type":"message_stop"}\n\n')).metadata).toMatchObject({ total: 8 });
    expect(await recorded(world)).toEqual({
      ...SUCCESS,
      tokens: { input: 3, cached_input: 2, cache_creation_input: 0, output: 5 },
    });
  });
});

describe('a failed answer', () => {
  const failure = (status: string) => ({ ...IDENTITY, response_status_class: `${status[0]}xx` });
  const wrapped = (status: string, message: string) =>
    JSON.stringify({ type: 'error', error: { type: 'OpenAIBackendError', code: status, message } });

  it.each(['400', '404', '429', '500', '503', '301'])(
    'with status %s is wrapped when it is no JSON',
    async (status) => {
      const { request, world } = await whole();
      expect((await respond(request, status, { 'content-type': 'text/plain', 'content-length': '9' })).isEmpty).toBe(
        true,
      );
      const answer = await bodyOf(request, 'größe "x"');
      expect(answer.body).toBe(wrapped(status, 'größe "x"'));
      expect(answer.sets).toEqual([
        ['content-type', 'application/json'],
        ['content-length', String(Buffer.byteLength(answer.body!))],
      ]);
      expect([answer.removes, answer.metadata]).toEqual([[], failure(status)]);
      request.router.close();
      expect(await recorded(world)).toEqual(FAILURE);
    },
  );

  it('goes through when it is JSON', async () => {
    const { request, world } = await whole();
    await respond(request, '429', JSON_TYPE);
    const answer = await bodyOf(request, '{"error":{}}');
    expect([answer.body, answer.sets, answer.removes, answer.metadata]).toEqual([undefined, [], [], failure('429')]);
    expect(await recorded(world)).toEqual(FAILURE);
  });

  it('is buffered when the client asked for a stream', async () => {
    const { request, world } = await stream();
    expect((await respond(request, '500', { 'content-type': 'text/event-stream' })).isEmpty).toBe(true);
    expect((await bodyOf(request, 'x')).body).toBe(wrapped('500', 'x'));
    expect(await recorded(world)).toEqual(FAILURE);
  });

  it.each([
    ['gzip', gzipSync('over')],
    ['br', brotliCompressSync('over')],
    ['zstd', zstdCompressSync('over')],
    ['br, gzip', gzipSync(brotliCompressSync('over'))],
  ])('is decoded from %s when it is wrapped, and loses the label', async (coding, bytes) => {
    const { request, world } = await whole();
    await respond(request, '503', { 'content-encoding': coding });
    const answer = await bodyOf(request, bytes);
    expect([answer.body, answer.removes]).toEqual([wrapped('503', 'over'), ['content-encoding']]);
    expect(await recorded(world)).toEqual(FAILURE);
  });

  it.each([
    ['JSON', gzipSync('{"error":{}}'), 'gzip', JSON_TYPE],
    ['corrupt', Buffer.from('nonsense'), 'gzip', {}],
    ['of an unknown coding', Buffer.from('x'), 'lzma', {}],
  ])('keeps bytes and label when it is encoded and %s', async (_, bytes, coding, more) => {
    const { request, world } = await whole();
    await respond(request, '502', { ...more, 'content-encoding': coding });
    const answer = await bodyOf(request, bytes);
    expect([answer.body, answer.sets, answer.removes, answer.metadata]).toEqual([undefined, [], [], failure('502')]);
    expect(await recorded(world)).toEqual(FAILURE);
  });

  it('may end with its headers', async () => {
    const { request, world } = await whole();
    expect((await respond(request, '503', {}, true)).metadata).toEqual(failure('503'));
    request.router.close();
    expect(await recorded(world)).toEqual(FAILURE);
  });

  it('may end with trailers, with and without a body', async () => {
    const first = await whole();
    await respond(first.request, '500');
    expect((await bodyOf(first.request, 'x', false)).body).toBe(wrapped('500', 'x'));
    expect((await trailersOf(first.request)).metadata).toEqual(failure('500'));
    expect(await recorded(first.world)).toEqual(FAILURE);
    const second = await whole();
    await respond(second.request, '500');
    expect((await trailersOf(second.request)).metadata).toEqual(failure('500'));
    second.request.router.close();
    expect(await recorded(second.world)).toEqual(FAILURE);
  });

  it.each(['', 'x', '0'])('has status %p when the status is none', async (status) => {
    const { request, world } = await whole();
    await respond(request, status);
    await bodyOf(request, 'x');
    expect(await recorded(world)).toEqual(FAILURE);
  });
});

describe('an answer that breaks off', () => {
  it('counts as cancelled with what it had told', async () => {
    const { request, world } = await stream();
    await respond(request, '200');
    await bodyOf(request, FIRST_CHUNK + USAGE_CHUNK, false);
    request.router.close();
    expect(await recorded(world)).toEqual({ succeeded: 0, failed: 0, cancelled: 1, tokens: { input: 3, output: 5 } });
    expect((await world.metrics()).sum('aigateway_extproc_cancelled_requests_total')).toBe(1);
  });

  it.each([
    ['before it began', async () => {}],
    ['after its headers', async (request: ClientRequest) => void (await respond(request, '200'))],
    ['in a failed one', async (request: ClientRequest) => void (await respond(request, '500'))],
  ])('counts as cancelled %s', async (_, until) => {
    const { request, world } = await whole();
    await until(request);
    request.router.close();
    expect(await recorded(world)).toEqual({ succeeded: 0, failed: 0, cancelled: 1, tokens: {} });
  });

  it('frees its decoder and keeps what it had read', async () => {
    const { request, world } = await stream();
    await respond(request, '200', { 'content-encoding': 'gzip' });
    const bytes = gzipSync(FIRST_CHUNK + USAGE_CHUNK + 'x'.repeat(1000));
    await bodyOf(request, bytes.subarray(0, bytes.length - 12), false);
    request.router.close();
    expect((await recorded(world)).cancelled).toBe(1);
  });

  it('is not counted when no attempt was made', async () => {
    const world = newWorld();
    const request = await world.routed('{"model":"m"}');
    request.router.close();
    expect(await recorded(world)).toEqual({ succeeded: 0, failed: 0, cancelled: 0, tokens: {} });
  });
});

describe('costs', () => {
  it('are those of the configuration that the request came in with', async () => {
    const { request, world } = await whole();
    world.use({ backends: [buildBackend('a')] });
    await respond(request, '200', { 'content-length': '1' });
    expect((await bodyOf(request, WHOLE)).metadata).toMatchObject(SPENT);
  });

  it('are left out when an expression fails, and the rest is told', async () => {
    const world = newWorld({
      globalLLMRequestCosts: [
        ...COSTS,
        { metadataKey: 'bad', type: 'CEL', cel: 'output_tokens > 0u ? input_tokens - 100u : 0u' },
      ],
    });
    const { request } = await whole(world);
    await respond(request, '200', { 'content-length': '1' });
    expect((await bodyOf(request, WHOLE)).metadata).toEqual({ ...SPENT, ...IDENTITY, response_model: 'm-0613' });
    expect((await world.metrics()).sum('aigateway_extproc_cost_expression_failures_total')).toBe(1);
    expect(world.logs).toEqual([
      expect.objectContaining({ metadataKey: 'bad', msg: 'cost expression failed, its key is left out' }),
    ]);
  });

  it('give way to the fixed keys', async () => {
    const world = newWorld({ globalLLMRequestCosts: [{ metadataKey: 'route_name', type: 'TotalToken' }] });
    const { request } = await whole(world);
    await respond(request, '200', { 'content-length': '1' });
    expect((await bodyOf(request, WHOLE)).metadata!['route_name']).toBe('ns/r');
  });

  it('may be absent: identity is told all the same', async () => {
    const { request } = await whole(newWorld({ globalLLMRequestCosts: [] }));
    await respond(request, '200', { 'content-length': '1' });
    expect((await bodyOf(request, WHOLE)).metadata).toEqual({ ...IDENTITY, response_model: 'm-0613' });
  });
});

describe('any course of a response', () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({
        say: fc.constant('headers' as const),
        status: fc.constantFrom('200', '204', '404', '500', 'x'),
        end: fc.boolean(),
        coding: fc.constantFrom('', 'gzip', 'lzma'),
      }),
      fc.record({
        say: fc.constant('body' as const),
        bytes: fc.constantFrom(WHOLE, FIRST_CHUNK, USAGE_CHUNK, 'garbage', ''),
        end: fc.boolean(),
      }),
      fc.constant({ say: 'trailers' as const }),
      fc.constant({ say: 'attempt' as const }),
    ),
    { maxLength: 8 },
  );

  it('completes each attempt exactly once', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.boolean(), async (list, isStream) => {
        const { request, world } = isStream ? await stream() : await whole();
        let attempts = 1;
        for (const step of list) {
          if (request.router.ended) break;
          if (step.say === 'headers')
            await respond(request, step.status, { 'content-encoding': step.coding }, step.end);
          else if (step.say === 'body') await bodyOf(request, step.bytes, step.end);
          else if (step.say === 'trailers') await trailersOf(request);
          else {
            await request.attempt(backendIdentity('b'));
            attempts++;
          }
        }
        request.router.close();
        const { succeeded, failed, cancelled } = await recorded(world);
        const retried = (await world.metrics()).sum('aigateway_extproc_retried_attempts_total');
        expect(succeeded + failed + cancelled + retried).toBe(attempts);
      }),
      { numRuns: 200 },
    );
  });
});
