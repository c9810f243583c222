import { describe, expect, it } from '@jest/globals';
import { fixedEnv } from '../../../../../../test/harness/cell.js';
import { UpstreamAnswerError } from '../../translator.js';
import type { ChatEvent } from '../chat/chat-result.js';
import type { AnswerContext } from './result.js';
import { sseReader } from './stream-readers.js';
import { ClaudeEventReader } from './stream.js';

type Event = Readonly<Record<string, unknown>> & { readonly type: string };

const CONTEXT: AnswerContext = { env: fixedEnv(), requestModel: 'asked-for', answerTool: 'json' };

const sse = (events: readonly Event[]) =>
  Buffer.from(events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''));

function read(bytes: Buffer, { chunkBytes = bytes.length, framing = sseReader, showsOwnModel = true } = {}) {
  const events: ChatEvent[] = [];
  const reader = framing(new ClaudeEventReader(CONTEXT, showsOwnModel, (event) => events.push(event)));
  for (let start = 0; start < bytes.length; start += chunkBytes) {
    reader.push(Buffer.from(bytes.subarray(start, start + chunkBytes)));
  }
  const isUsageFinal = reader.isUsageFinal;
  reader.end();
  return { events, facts: reader.facts, hasError: reader.hasError, isUsageFinal };
}

const START: Event = {
  type: 'message_start',
  message: { id: 'msg_1', model: 'claude-1', usage: { input_tokens: 3, output_tokens: 1 } },
};
const STOP: Event = { type: 'message_stop' };
const ended = (stop_reason: string | null = 'end_turn', members: object = {}): Event => ({
  type: 'message_delta',
  delta: { stop_reason },
  usage: { output_tokens: 9 },
  ...members,
});
const opened = (content_block: object, index = 0): Event => ({ type: 'content_block_start', index, content_block });
const delta = (type: string, members: object, index = 0): Event => ({
  type: 'content_block_delta',
  index,
  delta: { type, ...members },
});
const closed = (index = 0): Event => ({ type: 'content_block_stop', index });
const TOOL = { type: 'tool_use', id: 't1', name: 'f', input: {} };

/** Events between start and finish. */
const said = (...events: readonly Event[]) => read(sse([START, ...events, ended(), STOP])).events.slice(1, -3);

describe('blocks', () => {
  it('become text as it comes', () => {
    expect(
      said(
        opened({ type: 'text', text: 'a' }),
        delta('text_delta', { text: 'b' }),
        delta('text_delta', { text: '' }),
        closed(),
      ),
    ).toEqual([
      { kind: 'text', choice: 0, text: 'a' },
      { kind: 'text', choice: 0, text: 'b' },
    ]);
  });

  it('G3: become reasoning and thinking blocks', () => {
    expect(
      said(
        opened({ type: 'thinking', thinking: '', signature: '' }),
        delta('thinking_delta', { thinking: 'hm' }),
        delta('signature_delta', { signature: 'c2' }),
        delta('signature_delta', { signature: 'ln' }),
        closed(),
        opened({ type: 'redacted_thinking', data: 'ZGF0YQ==' }, 1),
        closed(1),
      ),
    ).toEqual([
      { kind: 'reasoning', choice: 0, text: 'hm' },
      { kind: 'thinking-block', choice: 0, block: { type: 'thinking', signature: 'c2ln' } },
      { kind: 'thinking-block', choice: 0, block: { type: 'redacted_thinking', data: 'ZGF0YQ==' } },
    ]);
  });

  it('become calls, one after the other', () => {
    expect(
      said(
        opened(TOOL),
        delta('input_json_delta', { partial_json: '' }),
        delta('input_json_delta', { partial_json: '{"a"' }),
        delta('input_json_delta', { partial_json: ':1}' }),
        closed(),
        opened({ ...TOOL, id: 't2' }, 1),
        closed(1),
        opened({ ...TOOL, id: 't3', input: { b: 2 } }, 2),
        delta('input_json_delta', { partial_json: '{"b":2}' }, 2),
        closed(2),
      ),
    ).toEqual([
      { kind: 'tool-call', choice: 0, index: 0, id: 't1', name: 'f', arguments: '' },
      { kind: 'tool-arguments', choice: 0, index: 0, text: '{"a"' },
      { kind: 'tool-arguments', choice: 0, index: 0, text: ':1}' },
      { kind: 'tool-call', choice: 0, index: 1, id: 't2', name: 'f', arguments: '' },
      { kind: 'tool-arguments', choice: 0, index: 1, text: '{}' },
      { kind: 'tool-call', choice: 0, index: 2, id: 't3', name: 'f', arguments: '{"b":2}' },
    ]);
  });

  it('G30: of the tool that stands for the answer become text', () => {
    const { events } = read(
      sse([
        START,
        opened({ ...TOOL, name: 'json' }),
        delta('input_json_delta', { partial_json: '{"a":1}' }),
        closed(),
        ended('tool_use'),
        STOP,
      ]),
    );
    expect(events.slice(1, 3)).toEqual([
      { kind: 'text', choice: 0, text: '{"a":1}' },
      { kind: 'finish', choice: 0, reason: 'stop' },
    ]);
  });

  it('of server tools and of other types are passed over, with their deltas', () => {
    expect(
      said(
        opened({ type: 'server_tool_use', id: 's', name: 'web_search', input: {} }),
        delta('input_json_delta', { partial_json: '{' }),
        closed(),
        opened({ type: 'container_upload' }, 1),
        delta('new_delta', { text: 'x' }, 1),
        { type: 'new_event' },
      ),
    ).toEqual([]);
  });

  it('G14: give citations as annotations when their text is complete', () => {
    const citation = { type: 'web_search_result_location', url: 'https://a', title: 'A' };
    expect(
      said(
        delta('text_delta', { text: '😀' }),
        opened({ type: 'text', text: '' }),
        delta('citations_delta', { citation }),
        delta('text_delta', { text: 'abc' }),
        closed(),
      ).at(-1),
    ).toEqual({
      kind: 'annotations',
      choice: 0,
      annotations: [
        { type: 'url_citation', url_citation: { url: 'https://a', title: 'A', start_index: 1, end_index: 4 } },
      ],
    });
  });
});

describe('the message', () => {
  it('starts with id and model, and ends with finish, usage and done before the bytes do', () => {
    const { events, isUsageFinal, facts } = read(sse([START, ended('max_tokens'), STOP]));
    const usage = {
      inputTokens: 3,
      cachedInputTokens: 0,
      cacheCreationInputTokens: 0,
      outputTokens: 9,
      totalTokens: 12,
    };
    expect(events).toEqual([
      { kind: 'start', id: 'msg_1', model: 'claude-1' },
      { kind: 'finish', choice: 0, reason: 'length' },
      { kind: 'usage', usage },
      { kind: 'done' },
    ]);
    expect(isUsageFinal).toBe(true);
    expect(facts).toEqual({ usage, model: 'claude-1' });
  });

  it('keeps the model to itself where the request model is shown', () => {
    const { events, facts } = read(sse([START, ended(), STOP]), { showsOwnModel: false });
    expect(events[0]).toEqual({ kind: 'start', id: 'msg_1' });
    expect(facts.model).toBeUndefined();
  });

  it('tells a ping to be a sign of life', () => {
    expect(said({ type: 'ping' })).toEqual([{ kind: 'keep-alive' }]);
  });

  it.each([
    ['end_turn', 'stop'],
    [null, 'stop'],
    ['model_context_window_exceeded', 'length'],
    ['never_seen', 'stop'],
  ])('G6: stops for %s with %s', (stopReason, reason) => {
    expect(read(sse([START, ended(stopReason), STOP])).events).toContainEqual({ kind: 'finish', choice: 0, reason });
  });

  it('tells why it refuses', () => {
    const stop_details = { type: 'refusal', explanation: 'no' };
    const { events } = read(sse([START, ended('refusal', { delta: { stop_reason: 'refusal', stop_details } }), STOP]));
    expect(events.slice(1, 3)).toEqual([
      { kind: 'refusal', choice: 0, text: 'no' },
      { kind: 'finish', choice: 0, reason: 'content_filter' },
    ]);
  });

  it('is complete without its last event once it told why it stops', () => {
    const { events } = read(sse([START, opened(TOOL), ended('tool_use')]));
    expect(events.map(({ kind }) => kind)).toEqual(['start', 'tool-call', 'tool-arguments', 'finish', 'usage', 'done']);
  });
});

describe('usage', () => {
  const usageOf = (start: object | undefined, last: object | undefined) =>
    read(sse([{ type: 'message_start', message: { usage: start } }, { ...ended(), usage: last }, STOP])).facts.usage;

  it.each([
    [
      'does not count twice',
      { input_tokens: 9, cache_read_input_tokens: 4, output_tokens: 1 },
      { input_tokens: 9, cache_read_input_tokens: 4, output_tokens: 5 },
      [13, 4, 0, 5],
    ],
    [
      'takes a cache from the end alone',
      { input_tokens: 9, output_tokens: 1 },
      { cache_read_input_tokens: 4, cache_creation_input_tokens: 2, output_tokens: 5 },
      [15, 4, 2, 5],
    ],
    [
      'takes corrected totals',
      { input_tokens: 9, cache_read_input_tokens: 4 },
      { input_tokens: 2, cache_read_input_tokens: 0, output_tokens: 5 },
      [2, 0, 0, 5],
    ],
    [
      'keeps what it knows without an end',
      { input_tokens: 9, cache_read_input_tokens: 4, output_tokens: 1 },
      undefined,
      [13, 4, 0, 1],
    ],
    [
      'adds a cache to an input that holds one',
      { input_tokens: 9, cache_read_input_tokens: 4 },
      { cache_creation_input_tokens: 3, output_tokens: 5 },
      [16, 4, 3, 5],
    ],
    [
      'passes over what is no counter',
      { input_tokens: 9, output_tokens: 1 },
      { input_tokens: -1, cache_read_input_tokens: 'x', output_tokens: null },
      [9, 0, 0, 1],
    ],
  ])('%s', (_, start, last, [input, cached, creation, output]) => {
    expect(usageOf(start, last)).toEqual({
      inputTokens: input,
      cachedInputTokens: cached,
      cacheCreationInputTokens: creation,
      outputTokens: output,
      totalTokens: input! + output!,
    });
  });

  it('is told of thinking too, and not at all when there is none', () => {
    expect(
      usageOf({ input_tokens: 1 }, { output_tokens: 5, output_tokens_details: { thinking_tokens: 4 } }),
    ).toMatchObject({ reasoningTokens: 4 });
    expect(usageOf(undefined, undefined)).toBeUndefined();
  });
});

describe('failures', () => {
  it.each([
    [
      'an error event',
      { type: 'error', error: { type: 'overloaded_error', message: 'busy' } },
      { type: 'overloaded_error', message: 'busy', status: 529 },
    ],
    ['an error of unknown type', { type: 'error', error: { type: 'x' } }, { type: 'x', message: '', status: 500 }],
    ['an error without a type', { error: { message: 'busy' } }, { type: 'api_error', message: 'busy', status: 500 }],
  ])('G7: are told when the provider sends %s, and nothing follows', (_, event, error) => {
    const bytes = Buffer.concat([
      sse([START]),
      Buffer.from(`data: ${JSON.stringify(event)}\n\n`),
      sse([ended(), STOP]),
    ]);
    const { events, hasError, facts } = read(bytes);
    expect(events.slice(1)).toEqual([{ kind: 'error', error }, { kind: 'done' }]);
    expect(hasError).toBe(true);
    expect(facts.usage).toMatchObject({ inputTokens: 3, outputTokens: 1 });
  });

  it.each([
    ['no JSON', 'event: message_start\ndata: {"type"\n\n', "an event of Anthropic's stream must be a JSON object"],
    ['a list', 'data: [1]\n\n', "an event of Anthropic's stream must be a JSON object"],
    ['nothing', '', "Anthropic's stream ends before its message does"],
    ['a start alone', sse([START]).toString(), "Anthropic's stream ends before its message does"],
    [
      'input that is no object',
      sse([opened({ ...TOOL, input: [1] })]).toString(),
      `"input" of Anthropic's tool_use must be an object, found an array`,
    ],
    [
      'input of no tool',
      sse([delta('input_json_delta', { partial_json: '{' })]).toString(),
      'gives the input of a tool whose block is not open',
    ],
    [
      'input of another tool',
      sse([opened(TOOL), delta('input_json_delta', { partial_json: '{' }, 1)]).toString(),
      'gives the input of a tool whose block is not open',
    ],
  ])('throw for %s', (_, text, message) => {
    expect(() => read(Buffer.from(text))).toThrow(UpstreamAnswerError);
    expect(() => read(Buffer.from(text))).toThrow(message);
  });

  it('are none for unknown events that hold no JSON, and for the end mark of other dialects', () => {
    const text = `event: vendor\ndata: x\n\n${sse([START, ended(), STOP]).toString()}data: [DONE]\n\ndata: garbage\n\n`;
    expect(read(Buffer.from(text)).hasError).toBe(false);
  });

  it('throw when a signature has no end', () => {
    const events = new ClaudeEventReader(CONTEXT, true, () => undefined);
    events.read('content_block_start', { content_block: { type: 'thinking' } });
    const signature = { delta: { type: 'signature_delta', signature: 'x'.repeat(8 << 20) } };
    events.read('content_block_delta', signature);
    expect(() => events.read('content_block_delta', signature)).toThrow(
      "a signature in Anthropic's stream is longer than 8388608 characters",
    );
  });
});
