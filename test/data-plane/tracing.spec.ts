import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chunked, DONE, event, gated, hang, json, whole, type Answer } from '../harness/answers.js';
import { newCase } from '../harness/case-id.js';
import { OtlpCollector, type CollectedSpan } from '../harness/otlp-collector.js';
import { FALLBACK_RETRY } from '../harness/gateway-plan.js';
import { useWorld } from '../harness/world.js';

let collector: OtlpCollector;
beforeAll(async () => {
  collector = await OtlpCollector.start();
});
afterAll(() => collector.close());

const CHAT = '/v1/chat/completions';
const MESSAGES = '/anthropic/v1/messages';
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const PARENT = `00-${TRACE_ID}-b7ad6b7169203331-01`;
const UNSAMPLED = `00-${TRACE_ID}-b7ad6b7169203331-00`;

const usage = { prompt_tokens: 2, completion_tokens: 5, total_tokens: 7 };
const completion = {
  id: 'c1',
  object: 'chat.completion',
  model: 'm-1',
  choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
  usage,
};
const chunk = (content: string) => event({ id: 'c1', model: 'm-1', choices: [{ index: 0, delta: { content } }] });
const CHAT_STREAM = [chunk('he'), chunk('llo'), event({ id: 'c1', model: 'm-1', choices: [], usage }), DONE];
/** What a provider of Anthropic's API streams. */
const CLAUDE_STREAM = [
  {
    type: 'message_start',
    message: {
      id: 'm1',
      type: 'message',
      role: 'assistant',
      model: 'claude-1',
      content: [],
      usage: { input_tokens: 2, output_tokens: 1 },
    },
  },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'he' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'llo' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 5 } },
  { type: 'message_stop' },
].map((data) => `event: ${data.type}\n${event(data)}`);

const plan = (
  upstreams: Readonly<Record<'openai' | 'claude' | 'spare', { port: number; protocol: 'http1' | 'http2' }>>,
) => ({
  routes: [
    {
      name: 'default/llm',
      rules: [
        { model: 'gpt-x', backends: [{ name: 'default/openai', upstream: upstreams.openai }] },
        {
          model: 'claude-x',
          backends: [
            { name: 'default/claude', upstream: upstreams.claude, schema: { name: 'Anthropic', prefix: 'v1' } },
          ],
        },
        {
          model: 'twice',
          retry: FALLBACK_RETRY,
          backends: [
            { name: 'default/openai', upstream: upstreams.openai },
            { name: 'default/spare', upstream: upstreams.spare, schema: { name: 'Anthropic', prefix: 'v1' } },
          ],
        },
      ],
    },
  ],
});

const tracingEnv = (more: Readonly<Record<string, string>>) => () => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  OTEL_BSP_SCHEDULE_DELAY: '50',
  OTEL_METRIC_EXPORT_INTERVAL: '200',
  OTEL_METRIC_EXPORT_TIMEOUT: '200',
  ...more,
});

const inputOf = (caseId: string) => (span: CollectedSpan) =>
  JSON.stringify([span.attributes['input.value'], span.attributes['gen_ai.input.messages'] ?? '']).includes(caseId);

const CONVENTIONS = [
  {
    name: 'gen_ai',
    env: { AI_GATEWAY_TRACING_SEMCONV: 'gen_ai', OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'true' },
    kind: 'client',
    chatName: 'chat gpt-x',
    foreign: /^(?:llm|openinference|input|output)\./,
    output: 'gen_ai.output.messages',
    inputTokens: 'gen_ai.usage.input_tokens',
    outputTokens: 'gen_ai.usage.output_tokens',
    model: 'gen_ai.response.model',
  },
  {
    name: 'openinference',
    env: {},
    kind: 'internal',
    chatName: 'ChatCompletion',
    foreign: /^gen_ai\./,
    output: 'output.value',
    inputTokens: 'llm.token_count.prompt',
    outputTokens: 'llm.token_count.completion',
    model: 'llm.model_name',
  },
] as const;

describe.each(CONVENTIONS)('tracing with $name', (convention) => {
  const world = useWorld(['openai', 'claude', 'spare'], plan, { extprocEnv: tracingEnv(convention.env) });
  const body = (caseId: string, model: string, more: object = {}) => ({
    model,
    messages: [{ role: 'user', content: caseId }],
    max_tokens: 10,
    ...more,
  });

  /** Sends one request to its end and gives its span. */
  async function traced(
    path: string,
    {
      model = 'gpt-x',
      answer,
      more = {},
      headers = {},
    }: { model?: string; answer: Answer; more?: object; headers?: Record<string, string> },
  ) {
    const caseId = newCase('traced');
    for (const upstream of Object.values(world.upstreams)) upstream.script(caseId, answer);
    const response = await world.gateway.send(path, { caseId, body: body(caseId, model, more), headers });
    return { caseId, response, span: await collector.span(caseId, inputOf(caseId)) };
  }

  it('records a good answer under the trace of the client and hands that trace on', async () => {
    const { caseId, span } = await traced(CHAT, {
      answer: json(completion),
      headers: { traceparent: PARENT, tracestate: 'v=1', baggage: 'tenant=a', 'agent-session-id': 's1' },
    });
    expect(span).toMatchObject({
      name: convention.chatName,
      kind: convention.kind,
      traceId: TRACE_ID,
      parentSpanId: 'b7ad6b7169203331',
      traceState: 'v=1',
      status: { code: 'ok', message: '' },
      scope: 'envoyproxy/ai-gateway',
      attributes: {
        'session.id': 's1',
        [convention.model]: 'm-1',
        [convention.inputTokens]: 2,
        [convention.outputTokens]: 5,
      },
    });
    expect(span.resource['service.name']).toBe('ai-gateway');
    expect(String(span.attributes[convention.output])).toContain('hi');
    expect(Object.keys(span.attributes).filter((name) => convention.foreign.test(name))).toEqual([]);
    const { headers } = world.upstreams.openai.request(caseId);
    expect(headers).toMatchObject({
      traceparent: `00-${TRACE_ID}-${span.spanId}-01`,
      tracestate: 'v=1',
      baggage: 'tenant=a',
    });
  });

  it('begins a trace when the client has none, and leaves none of a broken one', async () => {
    const { caseId, span } = await traced(CHAT, {
      answer: json(completion),
      headers: { traceparent: 'broken', tracestate: 'v=1' },
    });
    expect(span.parentSpanId).toBe('');
    const { headers } = world.upstreams.openai.request(caseId);
    expect(headers['traceparent']).toBe(`00-${span.traceId}-${span.spanId}-01`);
    expect(headers['tracestate']).toBeUndefined();
  });

  it('records nothing of an unsampled request, and hands its trace on', async () => {
    const caseId = newCase('unsampled');
    world.upstreams.openai.script(caseId, json(completion));
    await world.gateway.send(CHAT, { caseId, body: body(caseId, 'gpt-x'), headers: { traceparent: UNSAMPLED } });
    const { headers } = world.upstreams.openai.request(caseId);
    expect(headers['traceparent']).toMatch(new RegExp(`^00-${TRACE_ID}-[0-9a-f]{16}-00$`));
    expect(headers['traceparent']).not.toBe(UNSAMPLED);
    // A later span has arrived, so this one would have.
    await traced(CHAT, { answer: json(completion) });
    expect(collector.spans.filter(inputOf(caseId))).toEqual([]);
  });

  it.each([
    ['chat on OpenAI', CHAT, 'gpt-x', chunked(CHAT_STREAM), 'm-1'],
    [
      'chat on OpenAI, compressed',
      CHAT,
      'gpt-x',
      { ...chunked([gzipSync(CHAT_STREAM.join(''))], { 'content-encoding': 'gzip' }) },
      'm-1',
    ],
    ['messages on Anthropic', MESSAGES, 'claude-x', chunked(CLAUDE_STREAM), 'claude-1'],
    ['messages on OpenAI (G37)', MESSAGES, 'gpt-x', chunked(CHAT_STREAM), 'm-1'],
    ['chat on a parser of Anthropic events (G37)', CHAT, 'claude-x', chunked(CLAUDE_STREAM), 'claude'],
  ])('records the stream of %s', async (_, path, model, answer, responseModel) => {
    const { span, response } = await traced(path, {
      model,
      answer,
      more: { stream: true, stream_options: { include_usage: true } },
    });
    expect(response.status).toBe(200);
    expect(span.status).toEqual({ code: 'ok', message: '' });
    expect(String(span.attributes[convention.output])).toContain('hello');
    expect(span.attributes[convention.inputTokens]).toBe(2);
    expect(span.attributes[convention.outputTokens]).toBe(5);
    expect(String(span.attributes[convention.model])).toContain(responseModel);
    expect(span.events.map(({ name }) => name)).toEqual(
      convention.name === 'openinference' ? ['First Token Stream Event'] : [],
    );
  });

  it.each([
    ['as it is', json({ error: { message: 'too many', type: 'rate_limit' } }, 429)],
    [
      'decompressed',
      whole(429, gzipSync(JSON.stringify({ error: { message: 'too many' } })), { 'content-encoding': 'gzip' }),
    ],
  ])('records an error of the provider %s', async (_, answer) => {
    const { span, response } = await traced(CHAT, { answer });
    expect(response.status).toBe(429);
    expect(span.status.code).toBe('error');
    expect(span.status.message).toMatch(/^Error code: 429 - .*too many/);
    expect(span.attributes[convention.output]).toBeUndefined();
  });

  it('records a client that leaves in the middle of a stream, with what it got', async () => {
    const caseId = newCase('left');
    const { body: steps } = gated([chunk('partial'), chunk('never'), DONE]);
    world.upstreams.openai.script(caseId, chunked(steps));
    const response = await world.gateway.open(CHAT, { caseId, body: body(caseId, 'gpt-x', { stream: true }) });
    await response.until('partial');
    response.abort();
    const span = await collector.span(caseId, inputOf(caseId));
    expect(span.status.code).toBe('error');
    const output = String(span.attributes[convention.output]);
    expect(output).toContain('partial');
    expect(output).not.toContain('stop');
  });

  it('records a client that leaves before the answer begins', async () => {
    const caseId = newCase('impatient');
    world.upstreams.openai.script(caseId, hang);
    const pending = world.gateway.open(CHAT, {
      caseId,
      body: body(caseId, 'gpt-x'),
      signal: AbortSignal.timeout(300),
    });
    await expect(pending).rejects.toThrow('aborted');
    expect((await collector.span(caseId, inputOf(caseId))).status.code).toBe('error');
  });

  it('has one span for all attempts, with an event for each that was given up', async () => {
    const caseId = newCase('retried');
    world.upstreams.openai.script(caseId, json({ error: 'down' }, 503));
    world.upstreams.spare.script(
      caseId,
      json({
        id: 'm1',
        type: 'message',
        role: 'assistant',
        model: 'claude-1',
        content: [{ type: 'text', text: 'hi' }],
        stop_reason: 'end_turn',
        usage: { input_tokens: 2, output_tokens: 5 },
      }),
    );
    const response = await world.gateway.send(CHAT, {
      caseId,
      body: body(caseId, 'twice'),
      headers: { traceparent: PARENT },
    });
    expect(response.status).toBe(200);
    const span = await collector.span(caseId, inputOf(caseId));
    expect(span.status.code).toBe('ok');
    expect(span.attributes['aigateway.attempt.count']).toBe(2);
    expect(span.events).toEqual([
      {
        name: 'Upstream Attempt Failed',
        attributes: {
          'aigateway.attempt.number': 1,
          'aigateway.attempt.backend': 'default/openai',
          'aigateway.attempt.duration_ms': expect.any(Number),
        },
      },
    ]);
    expect(span.attributes['gen_ai.provider.name']).toBe(convention.name === 'gen_ai' ? 'anthropic' : undefined);
    const sent = [...world.upstreams.openai.requests(caseId), ...world.upstreams.spare.requests(caseId)];
    expect(new Set(sent.map(({ headers }) => headers['traceparent']))).toEqual(
      new Set([`00-${TRACE_ID}-${span.spanId}-01`]),
    );
  });

  it('ends the span of a request that finds no route, and of one that is refused', async () => {
    const unrouted = newCase('unrouted');
    await world.gateway.send(CHAT, { caseId: unrouted, body: body(unrouted, 'nobody') });
    expect((await collector.span(unrouted, inputOf(unrouted))).status).toMatchObject({
      code: 'error',
      message: expect.stringContaining('Error code: 404'),
    });
    const refused = newCase('refused');
    const wrong = { model: 'gpt-x', messages: [{ role: 'user', content: refused }], max_tokens: 'many' };
    const response = await world.gateway.send(MESSAGES, { caseId: refused, body: wrong });
    expect(response.status).toBe(400);
    const span = await collector.span(refused, inputOf(refused));
    expect(span.status.message).toMatch(/^Error code: 400 - .*max_tokens/);
  });

  it('sends metrics to the collector too', async () => {
    await traced(CHAT, { answer: json(completion) });
    await collectedMetric('gen_ai.client.token.usage');
    expect(collector.metricNames).toContain('gen_ai.server.request.duration');
  });
});

async function collectedMetric(name: string): Promise<void> {
  const { eventually } = await import('../harness/eventually.js');
  await eventually(`metric ${name}`, () => collector.metricNames.has(name));
}

describe('the last spans', () => {
  const world = useWorld(['openai', 'claude', 'spare'], plan, {
    extprocEnv: tracingEnv({
      AI_GATEWAY_TRACING_SEMCONV: 'gen_ai',
      OTEL_BSP_SCHEDULE_DELAY: '600000',
      OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'true',
    }),
  });

  it('leave when the processor is asked to end', async () => {
    const caseId = newCase('last');
    await world.gateway.send(CHAT, { caseId, body: { model: 'gpt-x', messages: [{ role: 'user', content: caseId }] } });
    expect(collector.spans.filter(inputOf(caseId))).toEqual([]);
    expect(await world.gateway.extproc.stop()).toEqual({ code: 0, signal: null });
    expect(collector.spans.filter(inputOf(caseId))).toHaveLength(1);
  });
});

describe('tracing that is off', () => {
  const world = useWorld(['openai', 'claude', 'spare'], plan);

  it('lets the trace headers of the client pass untouched', async () => {
    const caseId = newCase('off');
    const sent = { traceparent: PARENT, tracestate: 'v=1', b3: '0', baggage: 'a=b' };
    world.upstreams.openai.script(caseId, json(completion));
    await world.gateway.send(CHAT, { caseId, body: { model: 'gpt-x' }, headers: sent });
    expect(world.upstreams.openai.request(caseId).headers).toMatchObject(sent);
    const without = newCase('none');
    world.upstreams.openai.script(without, json(completion));
    await world.gateway.send(CHAT, { caseId: without, body: { model: 'gpt-x' } });
    expect(world.upstreams.openai.request(without).headers).not.toHaveProperty('traceparent');
  });
});

describe('tracing on the console', () => {
  const world = useWorld(['openai', 'claude', 'spare'], plan, {
    extprocEnv: () => ({
      OTEL_TRACES_EXPORTER: 'console',
      AI_GATEWAY_TRACING_SEMCONV: 'gen_ai',
      OTEL_SERVICE_NAME: 'mine',
    }),
  });

  it('writes each span as a line of JSON', async () => {
    await world.gateway.send(CHAT, { body: { model: 'gpt-x', messages: [] } });
    const line = await world.gateway.extproc.process.line('a span', (text) => text.startsWith('{"Name":'));
    expect(JSON.parse(line)).toMatchObject({
      Name: 'chat gpt-x',
      SpanKind: 3,
      Status: { Code: 'Ok' },
      Resource: expect.arrayContaining([{ Key: 'service.name', Value: { Type: 'STRING', Value: 'mine' } }]),
    });
  });
});
