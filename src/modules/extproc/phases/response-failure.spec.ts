import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  COSTS,
  WHOLE,
  FIRST_CHUNK,
  USAGE_CHUNK,
  IDENTITY,
  SPENT,
  JSON_TYPE,
  newWorld,
  whole,
  stream,
  respond,
  bodyOf,
  trailersOf,
  recorded,
  FAILURE,
} from '../../../../test/harness/extproc-responses.js';
import {
  backendIdentity,
  buildBackend,
  type ClientRequest,
  type ExtprocWorld,
} from '../../../../test/harness/extproc-world.js';

const modelsOf = async (world: ExtprocWorld, metric: string) =>
  (await world.metrics()).find(metric).map(({ labels }) => labels['gen_ai_response_model']);

describe('a failed answer', () => {
  const failure = (status: string) => ({
    ...IDENTITY,
    error_type: '_OTHER',
    response_status_class: `${status[0]}xx`,
  });
  const wrapped = (status: string, message: string) =>
    JSON.stringify({ type: 'error', error: { type: 'OpenAIBackendError', code: status, message } });

  it.each(['400', '404', '429', '500', '503', '301'])(
    'with status %s is wrapped when it is no JSON',
    async (status) => {
      const { request, world } = await whole();
      const headers = await respond(request, status, { 'content-type': 'text/plain', 'content-length': '9' });
      expect([headers.responseBodyMode, headers.removes]).toEqual(['buffered', []]);
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
    expect((await respond(request, '500', { 'content-type': 'text/event-stream' })).responseBodyMode).toBe('buffered');
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

  it.each(['400', '429', '503'])(
    'of status %s gets a body when it ends with its headers, which stay',
    async (status) => {
      const { request, world } = await whole();
      const headers = await respond(request, status, JSON_TYPE, true);
      expect(headers.body).toBe(wrapped(status, `the provider answered ${status} without a body`));
      expect([headers.replacesBody, headers.metadata]).toEqual([true, failure(status)]);
      expect(headers.setMap).toEqual({
        'content-type': 'application/json',
        'content-length': String(headers.body!.length),
      });
      request.router.close();
      expect(await recorded(world)).toEqual(FAILURE);
    },
  );

  it.each(['301', '304'])('of status %s stays without a body', async (status) => {
    const { request, world } = await whole();
    const headers = await respond(request, status, {}, true);
    expect([headers.body, headers.replacesBody, headers.metadata]).toEqual([undefined, false, failure(status)]);
    request.router.close();
    expect(await recorded(world)).toEqual(FAILURE);
  });

  it('gets a body when it ends with an empty one', async () => {
    const { request, world } = await whole();
    await respond(request, '500', JSON_TYPE);
    expect((await bodyOf(request, '')).body).toBe(wrapped('500', 'the provider answered 500 without a body'));
    expect(await recorded(world)).toEqual(FAILURE);
  });

  it.each(['<h1>502</h1>', '[1]', 'null', '{"error":'])('is wrapped when it is called JSON and is %s', async (text) => {
    const { request, world } = await whole();
    await respond(request, '502', JSON_TYPE);
    expect((await bodyOf(request, text)).body).toBe(wrapped('502', text));
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

  it.each(['', 'x', '0', '99', '600', '2e2'])('has no status class when the status is %p', async (status) => {
    const { request, world } = await whole();
    await respond(request, status);
    expect((await bodyOf(request, 'x')).metadata).toEqual({ ...IDENTITY, error_type: '_OTHER' });
    expect(await recorded(world)).toEqual(FAILURE);
  });

  it('names no response model, for no good body did', async () => {
    const { request, world } = await whole();
    await respond(request, '500');
    await bodyOf(request, 'x');
    expect(await modelsOf(world, 'gen_ai_server_request_duration_seconds_count')).toEqual(['unknown']);
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
    expect(await modelsOf(world, 'gen_ai_server_request_duration_seconds_count')).toEqual(['m-0613']);
  });

  it('names no response model when the body had not yet', async () => {
    const { request, world } = await stream();
    await respond(request, '200');
    await bodyOf(request, 'data: {"choices":[]}\n\n', false);
    request.router.close();
    expect(await modelsOf(world, 'gen_ai_server_request_duration_seconds_count')).toEqual(['unknown']);
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
