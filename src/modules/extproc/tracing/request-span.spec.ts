import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { SpanStatusCode } from '@opentelemetry/api';
import {
  bodyOf,
  bound,
  DONE,
  FIRST_CHUNK,
  JSON_TYPE,
  respond,
  trailersOf,
  WHOLE,
} from '../../../../test/harness/extproc-responses.js';
import { backendIdentity, buildBackend } from '../../../../test/harness/extproc-world.js';
import { PLAIN_CONVENTION, TracedWorld } from '../../../../test/harness/traced-world.js';

const OK = { code: SpanStatusCode.OK };
const SSE = { 'content-type': 'text/event-stream' };
const whole = (world: TracedWorld) => bound('{"model":"m"}', world);
const stream = (world: TracedWorld) => bound('{"model":"m","stream":true}', world);
const failed = (description: string) => ({ code: SpanStatusCode.ERROR, message: description });

describe('the span of a request', () => {
  it('ends with a whole answer', async () => {
    const world = new TracedWorld();
    const { request } = await whole(world);
    await respond(request, '200', JSON_TYPE);
    await bodyOf(request, WHOLE.slice(0, 10), false);
    expect(world.span).toBeUndefined();
    await bodyOf(request, WHOLE.slice(10));
    expect(world.span).toMatchObject({
      name: 'plain chat-completions',
      attributes: { model: 'm', provider: 'openai', answer: WHOLE },
      events: [],
      status: OK,
    });
    request.router.close();
    expect(world.span?.status).toEqual(OK);
  });

  it('ends with a stream, and tells its first chunk', async () => {
    const world = new TracedWorld();
    const { request } = await stream(world);
    await respond(request, '200', SSE);
    await bodyOf(request, FIRST_CHUNK, false);
    await bodyOf(request, DONE);
    expect(world.span).toMatchObject({ events: [{ name: 'first' }], status: OK });
    expect(JSON.parse(String(world.span!.attributes['answer']))).toMatchObject({
      model: 'm-0613',
      choices: [{ message: { content: 'hi' } }],
    });
  });

  it.each([
    ['without a body', async (w: TracedWorld) => void (await respond((await whole(w)).request, '204', {}, true))],
    [
      'with trailers',
      async (w: TracedWorld) => {
        const { request } = await stream(w);
        await respond(request, '200', SSE);
        await bodyOf(request, FIRST_CHUNK, false);
        await trailersOf(request);
      },
    ],
  ])('ends with an answer %s', async (_, answer) => {
    const world = new TracedWorld();
    await answer(world);
    expect(world.span?.status).toEqual(OK);
  });

  it.each([
    ['as it is', {}, Buffer.from('{"error":"é"}'), '{"error":"é"}'],
    ['decompressed', { 'content-encoding': 'gzip' }, gzipSync('{"error":"é"}'), '{"error":"é"}'],
    [
      'cut to 16 KiB of whole characters',
      {},
      Buffer.from(`{"error":"${'é'.repeat(20_000)}"}`),
      `{"error":"${'é'.repeat(8187)}`,
    ],
  ])('ends with an error of the provider, its body %s', async (_, headers, body, shown) => {
    const world = new TracedWorld();
    const { request } = await whole(world);
    await respond(request, '429', { ...JSON_TYPE, ...headers });
    await bodyOf(request, body);
    expect(world.span?.status).toEqual(failed(shown));
    expect(world.span?.attributes).toMatchObject({ failure: '429 undefined' });
    expect(world.span?.attributes).not.toHaveProperty('answer');
    expect(world.span?.events).toEqual([{ name: 'failed', attributes: { body: shown } }]);
  });

  it('ends with an error without a body, told in our words', async () => {
    const world = new TracedWorld();
    await respond((await whole(world)).request, '503', {}, true);
    expect(world.span?.status.message).toContain('the provider answered 503 without a body');
  });

  it('ends with our own refusal of an attempt, once', async () => {
    const world = new TracedWorld({
      config: { backends: [buildBackend('a', { schema: { name: 'Cohere', prefix: '' } })] },
    });
    const { request } = await whole(world);
    expect(world.span?.attributes['failure']).toBe('400 undefined');
    expect(world.span?.status.message).toContain('is not supported by backends of schema Cohere');
    await respond(request, '400', JSON_TYPE);
    request.router.close();
    expect(world.span?.attributes['failure']).toBe('400 undefined');
  });

  it('ends with an answer of a provider that is none', async () => {
    const world = new TracedWorld({
      config: { backends: [buildBackend('a', { schema: { name: 'Anthropic', prefix: 'v1' } })] },
    });
    const { request } = await bound('{"model":"m","messages":[{"role":"user","content":"x"}]}', world);
    await respond(request, '200', JSON_TYPE);
    await bodyOf(request, 'no JSON');
    expect(world.span?.attributes['failure']).toBe('502 undefined');
  });

  it('ends when Envoy answers itself because there is no route', async () => {
    const world = new TracedWorld();
    const request = await world.routed('{"model":"m"}');
    await respond(request, '404');
    expect(world.span?.attributes['failure']).toBe('404 undefined');
  });

  it('ends when the backend is not in the configuration', async () => {
    const world = new TracedWorld();
    const request = await world.routed('{"model":"m"}');
    await request.attempt(backendIdentity('nobody'));
    expect(world.span?.attributes['failure']).toBe('503 undefined');
  });

  it('ends with the error event of a stream', async () => {
    const world = new TracedWorld();
    const { request } = await stream(world);
    await respond(request, '200', SSE);
    const error = '{"error":{"message":"overloaded"}}';
    await bodyOf(request, `${FIRST_CHUNK}data: ${error}\n\n`);
    expect(world.span).toMatchObject({ attributes: { failure: 'undefined error-event' }, status: failed(error) });
    expect(world.span?.attributes['answer']).toContain('hi');
  });

  it.each([
    ['cancelled', 'undefined cancelled'],
    ['failed', 'undefined internal'],
  ] as const)('keeps what came when its stream is %s', async (end, failure) => {
    const world = new TracedWorld();
    const { request } = await stream(world);
    await respond(request, '200', SSE);
    await bodyOf(request, FIRST_CHUNK, false);
    request.router.close(end);
    expect(world.span?.attributes['failure']).toBe(failure);
    expect(world.span?.attributes['answer']).toContain('hi');
    expect(world.span?.attributes['answer']).not.toContain('stop');
  });

  it('ends as cancelled when the client leaves before there is an attempt', async () => {
    const world = new TracedWorld();
    (await world.routed('{"model":"m"}')).router.close();
    expect(world.span?.attributes['failure']).toBe('undefined cancelled');
  });

  it('counts attempts and tells those that were given up', async () => {
    const world = new TracedWorld();
    const { request } = await whole(world);
    world.nowMs += 250;
    await request.attempt(backendIdentity('b'));
    await respond(request, '200', JSON_TYPE);
    await bodyOf(request, WHOLE);
    expect(world.span?.attributes['aigateway.attempt.count']).toBe(2);
    expect(world.span?.events).toEqual([
      {
        name: 'Upstream Attempt Failed',
        attributes: {
          'aigateway.attempt.number': 1,
          'aigateway.attempt.backend': 'ns/a',
          'aigateway.attempt.duration_ms': 250,
        },
      },
    ]);
  });

  it.each([
    ['completed', OK, ['first', 'completed']],
    ['incomplete', { code: SpanStatusCode.UNSET }, ['first']],
  ])('of a responses stream that is %s says so', async (type, status, events) => {
    const world = new TracedWorld();
    const headers = { ':method': 'POST', ':path': '/v1/responses', 'content-type': 'application/json' };
    const request = await world.routed('{"model":"m","stream":true}', headers);
    await request.attempt(backendIdentity('a'));
    await respond(request, '200', SSE);
    await bodyOf(request, `data: {"type":"response.${type}","response":{"id":"r","output":[]}}\n\n`);
    expect(world.span).toMatchObject({ status, attributes: { answer: '{"id":"r","output":[]}' } });
    expect(world.span?.events.map(({ name }) => name)).toEqual(events);
  });

  it('tells that an answer was too much to be kept', async () => {
    const world = new TracedWorld();
    const { request } = await whole(world);
    await respond(request, '200', JSON_TYPE);
    await bodyOf(request, JSON.stringify({ text: 'x'.repeat(5 << 20) }));
    expect(world.span?.attributes['aigateway.output.truncated']).toBe(true);
    expect(world.span?.attributes).not.toHaveProperty('answer');
  });

  it('survives a convention that fails, and so does the request', async () => {
    const fail = () => {
      throw new Error('defect');
    };
    const world = new TracedWorld({ convention: { ...PLAIN_CONVENTION, answer: fail, backend: fail } });
    const { request } = await whole(world);
    await respond(request, '200', JSON_TYPE);
    expect((await bodyOf(request, WHOLE)).kind).toBe('responseBody');
    expect(world.span?.status).toEqual(OK);
    expect(world.tracingLogs.map(({ msg }) => msg)).toEqual(Array(2).fill('a tracing convention failed'));
  });
});
