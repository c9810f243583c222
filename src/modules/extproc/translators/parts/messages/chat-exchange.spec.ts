import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { playStream, responseHead, startCell, type CellCall } from '../../../../../../test/harness/cell.js';
import { collectMessage, dataEvents } from '../../../../../../test/harness/message-events.js';
import { UpstreamAnswerError, type TranslatingExchange } from '../../translator.js';

function start(isStreaming: boolean, members: object = {}, call: Partial<CellCall> = {}): TranslatingExchange {
  const body = JSON.stringify({ model: 'm', max_tokens: 9, messages: [], stream: isStreaming, ...members });
  const exchange = startCell('messages', 'OpenAI', { body, ...call });
  if (exchange.kind !== 'translating') throw new Error('expected a translating exchange');
  return exchange;
}

const sentText = (body: string) => Buffer.from(startCell('messages', 'OpenAI', { body }).request.body!).toString();

describe('messages → OpenAI', () => {
  it('G36: hands numbers on as the client wrote them', () => {
    const body =
      '{"model":"m","max_tokens":1e3,"temperature":1.0,"top_p":0.10,"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"i","name":"f","input":{"n":12345678901234567890}}]}],"tools":[{"name":"f","input_schema":{"maximum":1.0}}]}';
    const sent = sentText(body);
    for (const part of [
      '"max_completion_tokens":1e3',
      '"temperature":1.0',
      '"top_p":0.10',
      '{\\"n\\":12345678901234567890}',
      '{"maximum":1.0}',
    ]) {
      expect(sent).toContain(part);
    }
  });

  it('G36: hands the numbers of arguments on as the model wrote them', () => {
    const call = { id: 'c', function: { name: 'f', arguments: '{"n":12345678901234567890,"x":1.0}' } };
    const answer = { choices: [{ message: { tool_calls: [call] }, finish_reason: 'tool_calls' }] };
    const { body } = start(false).whole(responseHead(200), Buffer.from(JSON.stringify(answer)));
    expect(Buffer.from(body!).toString()).toContain('"input":{"n":12345678901234567890,"x":1.0}');
  });

  it('takes arguments that are an object', () => {
    const call = { id: 'c', function: { name: 'f', arguments: { a: 1 } } };
    const answer = { choices: [{ message: { tool_calls: [call] }, finish_reason: 'tool_calls' }] };
    const { body } = start(false).whole(responseHead(200), Buffer.from(JSON.stringify(answer)));
    expect(JSON.parse(Buffer.from(body!).toString())).toMatchObject({ content: [{ input: { a: 1 } }] });
  });

  it.each([{ finish_reason: 'error' }, { finish_reason: 'stop', error: { message: 'x' } }])(
    'does not take %j for an answer',
    (choice) => {
      const answer = { choices: [{ message: { content: '' }, ...choice }] };
      expect(() => start(false).whole(responseHead(200), Buffer.from(JSON.stringify(answer)))).toThrow(
        new UpstreamAnswerError('the provider ended its answer with an error'),
      );
    },
  );

  it.each([
    ['stop', 'end_turn'],
    ['length', 'max_tokens'],
    ['tool_calls', 'tool_use'],
    ['function_call', 'tool_use'],
    ['content_filter', 'refusal'],
    ['brand_new', 'end_turn'],
    [null, 'end_turn'],
  ])('tells finish reason %p as %p', (reason, stopReason) => {
    const answer = { choices: [{ message: { content: 'a' }, finish_reason: reason }] };
    const { body } = start(false).whole(responseHead(200), Buffer.from(JSON.stringify(answer)));
    expect(JSON.parse(Buffer.from(body!).toString())).toMatchObject({ stop_reason: stopReason });
  });

  it.each([
    ['a string', { reasoning_content: 'hm' }, [{ type: 'thinking', thinking: 'hm', signature: '' }]],
    [
      'a string by the name of vLLM and OpenRouter',
      { reasoning: 'hm' },
      [{ type: 'thinking', thinking: 'hm', signature: '' }],
    ],
    [
      'a part of the content',
      {
        content: [
          { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] },
          { type: 'text', text: 'a' },
        ],
      },
      [
        { type: 'thinking', thinking: 'hm', signature: '' },
        { type: 'text', text: 'a' },
      ],
    ],
    [
      'the object of old streams',
      { reasoning_content: { text: 'hm', signature: 's' } },
      [{ type: 'thinking', thinking: 'hm', signature: 's' }],
    ],
    [
      'its redacted form',
      { reasoning_content: { redactedContent: 'AAAA' } },
      [{ type: 'redacted_thinking', data: 'AAAA' }],
    ],
    [
      'a signature alone',
      { thinking_blocks: [{ type: 'thinking', signature: 's' }] },
      [{ type: 'thinking', thinking: '', signature: 's' }],
    ],
  ])('reads reasoning that is %s, whole and streamed', (_, message, content) => {
    const whole = start(false).whole(
      responseHead(200),
      Buffer.from(JSON.stringify({ choices: [{ message, finish_reason: 'stop' }] })),
    );
    expect(JSON.parse(Buffer.from(whole.body!).toString())).toMatchObject({ content });
    const { text } = playStream(start(true), [dataEvents([{ choices: [{ delta: message, finish_reason: 'stop' }] }])]);
    expect(collectMessage(text).content).toEqual(content);
  });

  it('G20: reports cached tokens, and the input without them', () => {
    const usage = { prompt_tokens: 100, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 60 } };
    const { text, facts } = playStream(start(true), [
      dataEvents([{ choices: [{ delta: { content: 'a' }, finish_reason: 'stop' }], usage }, { choices: [] }]),
    ]);
    expect(collectMessage(text).usage).toMatchObject({
      input_tokens: 40,
      cache_read_input_tokens: 60,
      output_tokens: 5,
    });
    expect(facts.usage).toEqual({ inputTokens: 100, cachedInputTokens: 60, outputTokens: 5, totalTokens: 105 });
  });

  it('closes the stream with the usage chunk, before the end of the bytes', () => {
    const exchange = start(true);
    const stream = exchange.stream(responseHead(200));
    const chunks = [
      { choices: [{ delta: { content: 'a' }, finish_reason: 'stop' }] },
      { choices: [], usage: { prompt_tokens: 1, completion_tokens: 1 } },
    ];
    expect(Buffer.from(stream.push(dataEvents(chunks))).toString()).toContain('message_stop');
    expect(stream.isUsageFinal).toBe(true);
    expect(stream.end()).toHaveLength(0);
  });

  it.each([
    ['an object', { error: { message: 'no', type: 'server_error', code: 'x' } }, 'server_error', 'no'],
    ['a text', { error: 'no' }, 'api_error', 'no'],
    ['nothing that can be read', { error: {} }, 'api_error', 'the provider failed while it answered'],
  ])('G20: tells an error chunk that holds %s and nothing behind it', (_, chunk, type, message) => {
    const { text, hasError } = playStream(start(true), [
      dataEvents([chunk, { choices: [{ delta: { content: 'a' } }] }]),
    ]);
    expect(text).toBe(`event: error\ndata: ${JSON.stringify({ type: 'error', error: { type, message } })}\n\n`);
    expect(hasError).toBe(true);
  });

  it('tells an error event whose data names none to be an error', () => {
    const { text } = playStream(start(true), [Buffer.from('event: error\ndata: {"message":"no","type":"error"}\n\n')]);
    expect(text).toBe('event: error\ndata: {"type":"error","error":{"type":"api_error","message":"no"}}\n\n');
  });

  it.each([
    [400, 'invalid_request_error'],
    [401, 'authentication_error'],
    [403, 'permission_error'],
    [404, 'not_found_error'],
    [413, 'request_too_large'],
    [429, 'rate_limit_error'],
    [500, 'internal_server_error'],
    [503, 'service_unavailable_error'],
    [529, 'overloaded_error'],
    [502, 'internal_server_error'],
  ])('G49: gives a text with status %i the type of the reference', (status, type) => {
    const { body } = start(false).error(responseHead(status, { 'content-type': 'text/html' }), Buffer.from('<a>'));
    expect(JSON.parse(Buffer.from(body!).toString())).toEqual({
      type: 'error',
      error: { type, message: '<a>' },
      request_id: '',
    });
  });

  it.each([
    ['{"error":"no model"}', 'invalid_request_error', 'no model'],
    ['{"error":{"message":"m","type":null,"code":42}}', 'invalid_request_error', 'm'],
    ['{"detail":"x"}', 'invalid_request_error', '{"detail":"x"}'],
    ['{"cut', 'invalid_request_error', '{"cut'],
  ])('reads the error %s', (text, type, message) => {
    const { body } = start(false).error(responseHead(400, { 'content-type': 'application/json' }), Buffer.from(text));
    expect(JSON.parse(Buffer.from(body!).toString())).toMatchObject({ error: { type, message } });
  });

  it.each([
    ['{"error":"x"}', '"x"'],
    ['{"error":"x","more":1}', '{"error":"x","more":1}'],
    ['plain', '{"error":"plain"}'],
    ['', '{"error":""}'],
  ])('G20: tells a failed call with the result %p', (text) => {
    const result = { type: 'tool_result', tool_use_id: 'i', is_error: true, content: text };
    const { request } = start(false, { messages: [{ role: 'user', content: [result] }] });
    const { messages } = JSON.parse(Buffer.from(request.body!).toString()) as { messages: { content: string }[] };
    expect(messages[0]!.content).toBe(text.startsWith('{') ? text : JSON.stringify({ error: text }));
  });

  it('says the same whole and streamed', () => {
    const answer = fc.record({
      thinking: fc.string(),
      text: fc.string({ unit: 'grapheme' }),
      calls: fc.array(
        fc.record({ id: fc.uuid(), name: fc.string(), input: fc.dictionary(fc.string(), fc.integer()) }),
        { maxLength: 3 },
      ),
      reason: fc.constantFrom('stop', 'length', 'tool_calls', 'content_filter'),
    });
    fc.assert(
      fc.property(answer, fc.nat(), ({ thinking, text, calls, reason }, seed) => {
        const tool_calls = calls.map(({ id, name, input }) => ({
          id,
          type: 'function',
          function: { name, arguments: JSON.stringify(input) },
        }));
        const usage = { prompt_tokens: 9, completion_tokens: 4 };
        const message = { content: text, reasoning_content: thinking, tool_calls };
        const whole = start(false).whole(
          responseHead(200),
          Buffer.from(JSON.stringify({ id: 'c', model: 'x', choices: [{ message, finish_reason: reason }], usage })),
        );
        const half = (value: string) => [
          value.slice(0, seed % (value.length + 1)),
          value.slice(seed % (value.length + 1)),
        ];
        const deltas = [
          ...half(thinking).map((piece) => ({ reasoning_content: piece })),
          ...half(text).map((piece) => ({ content: piece })),
          ...tool_calls.flatMap((call, index) => [
            {
              tool_calls: [
                { index, id: call.id, type: 'function', function: { name: call.function.name, arguments: '' } },
              ],
            },
            ...half(call.function.arguments).map((piece) => ({
              tool_calls: [{ index, function: { arguments: piece } }],
            })),
          ]),
        ];
        const chunks = [
          ...deltas.map((delta) => ({ id: 'c', model: 'x', choices: [{ index: 0, delta, finish_reason: null }] })),
          { id: 'c', choices: [{ index: 0, delta: {}, finish_reason: reason }] },
          { id: 'c', choices: [], usage },
        ];
        const streamed = playStream(start(true), [dataEvents(chunks)]);
        const told = JSON.parse(Buffer.from(whole.body!).toString()) as {
          content: unknown;
          stop_reason: unknown;
          usage: unknown;
        };
        expect(collectMessage(streamed.text)).toEqual({
          content: told.content,
          stop: told.stop_reason,
          usage: told.usage,
        });
        expect(streamed.facts).toEqual({ model: whole.model, usage: whole.usage });
      }),
    );
  });
});
