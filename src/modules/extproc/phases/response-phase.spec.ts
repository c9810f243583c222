import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import {
  WHOLE,
  FIRST_CHUNK,
  USAGE_CHUNK,
  DONE,
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
  SUCCESS,
} from '../../../../test/harness/extproc-responses.js';
import { type Answer, CHAT_HEADERS, backendIdentity, buildBackend } from '../../../../test/harness/extproc-world.js';

describe('a whole answer', () => {
  it('goes through as one chunk; its body stays and its costs are told', async () => {
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
  ])('goes through in chunks, with its length left alone, when it has %s', async (_, more) => {
    const { request, world } = await whole();
    expect((await respond(request, '200', { ...JSON_TYPE, ...more })).isEmpty).toBe(true);
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
    ['corrupt', 'gzip', Buffer.from('no gzip at all'), ['cannot decode the response of a provider']],
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

  it.each(['not JSON', '{"model":7,"usage":"x"}', 'null'])('goes through when it is %p', async (body) => {
    const { request, world } = await whole();
    await respond(request, '200', { 'content-length': '1' });
    const answer = await bodyOf(request, body);
    expect([answer.body, answer.metadata!['total'], answer.metadata!['response_model']]).toEqual([undefined, 0, 'm']);
    expect((await recorded(world)).succeeded).toBe(1);
  });

  it.each([
    ['an object without usage', '{"model":"m-0613"}', { input: 0, output: 0 }],
    ['an object with half of it', '{"usage":{"prompt_tokens":3}}', { input: 3, output: 0 }],
    ['an array', '[]', {}],
    ['null', 'null', {}],
    ['not JSON', '{"model":', {}],
    ['too large and without usage at its end', `{"usage":{"prompt_tokens":3},"data":"${'x'.repeat(2 << 20)}"}`, {}],
  ])('of chat counts no tokens when it is %s', async (_, body, tokens) => {
    const { request, world } = await whole();
    await respond(request, '200', JSON_TYPE);
    await bodyOf(request, body);
    expect(await recorded(world)).toEqual({ ...SUCCESS, tokens });
  });

  it.each([
    ['/v1/completions', '{"model":"m","prompt":"x"}'],
    ['/v1/embeddings', '{"model":"m","input":"x"}'],
  ])('of %s reports nothing when it has no usage', async (path, body) => {
    const world = newWorld();
    const request = await world.routed(body, { ...CHAT_HEADERS, ':path': path });
    await request.attempt(backendIdentity('a'));
    await respond(request, '200', JSON_TYPE);
    await bodyOf(request, '{"model":"m-0613"}');
    expect(await recorded(world)).toEqual({ ...SUCCESS, tokens: {} });
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

  it.each(['204', '205'])('may end with its headers, status %s', async (status) => {
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
    expect([answer.responseBodyMode, answer.removes]).toEqual([undefined, ['content-length']]);
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

  it.each([
    ['one message', [FIRST_CHUNK + USAGE_CHUNK + DONE], 0],
    ['one message that is not the last', [FIRST_CHUNK + USAGE_CHUNK + DONE, ''], 0],
    ['two messages', [FIRST_CHUNK, USAGE_CHUNK + DONE], 1],
  ])('in %s has a time to its first token; time per token takes two', async (_, messages, perToken) => {
    const { request, world } = await stream();
    await respond(request, '200', events);
    for (const [index, message] of messages.entries()) {
      world.nowMs += 10;
      await bodyOf(request, message, index === messages.length - 1);
    }
    const metrics = await world.metrics();
    expect(metrics.sum('gen_ai_server_time_to_first_token_seconds_count')).toBe(1);
    expect(metrics.sum('gen_ai_server_time_per_output_token_seconds_count')).toBe(perToken);
  });

  it.each([
    ['the model of its first message', FIRST_CHUNK, 'm-0613'],
    ['no model when its first message has none', 'data: {"choices":[]}\n\n', 'unknown'],
  ])('tells %s with the time to its first token', async (_, first, model) => {
    const { request, world } = await stream();
    await respond(request, '200', events);
    await bodyOf(request, first, false);
    await bodyOf(request, USAGE_CHUNK);
    const found = (await world.metrics()).find('gen_ai_server_time_to_first_token_seconds_count');
    expect(found.map(({ labels }) => labels['gen_ai_response_model'])).toEqual([model]);
  });

  it.each(['201', '299'])('is read as one with status %s, without a time per token', async (status) => {
    const { request, world } = await stream();
    expect((await respond(request, status, events)).isEmpty).toBe(true);
    world.nowMs += 10;
    await bodyOf(request, FIRST_CHUNK, false);
    world.nowMs += 10;
    const { metadata } = await bodyOf(request, USAGE_CHUNK + DONE);
    expect(metadata).toMatchObject({ ...SPENT, token_latency_ttft: 10, token_latency_itl: 0 });
    expect(await recorded(world)).toEqual(SUCCESS);
    const metrics = await world.metrics();
    expect(metrics.sum('gen_ai_server_time_to_first_token_seconds_count')).toBe(1);
    expect(metrics.sum('gen_ai_server_time_per_output_token_seconds_count')).toBe(0);
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
    expect(answer.metadata).toMatchObject({ ...SPENT, error_type: '_OTHER' });
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
