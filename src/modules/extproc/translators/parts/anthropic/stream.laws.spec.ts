import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { chunkFrames, eventStream, fixedEnv } from '../../../../../../test/harness/cell.js';
import type { ChatEvent, ChatResult } from '../chat/chat-result.js';
import { toChatResult, type AnswerContext } from './result.js';
import { awsReader, sseReader } from './stream-readers.js';
import { ClaudeEventReader } from './stream.js';

type Event = Readonly<Record<string, unknown>> & { readonly type: string };

const CONTEXT: AnswerContext = { env: fixedEnv(), requestModel: 'asked-for', answerTool: 'json' };

const sse = (events: readonly Event[]) =>
  Buffer.from(events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''));

function read(bytes: Buffer, { chunkBytes = bytes.length, framing = sseReader } = {}) {
  const events: ChatEvent[] = [];
  const reader = framing(new ClaudeEventReader(CONTEXT, true, (event) => events.push(event)));
  for (let start = 0; start < bytes.length; start += chunkBytes) {
    reader.push(Buffer.from(bytes.subarray(start, start + chunkBytes)));
  }
  reader.end();
  return { events, facts: reader.facts };
}

/** What a client that collects the events has in the end. */
function collect(events: readonly ChatEvent[]) {
  const texts = (kind: 'text' | 'reasoning' | 'refusal') =>
    events.map((event) => (event.kind === kind ? event.text : '')).join('') || undefined;
  const calls = events.flatMap((event) => (event.kind === 'tool-call' ? [event] : []));
  return {
    content: texts('text'),
    reasoning: texts('reasoning'),
    refusal: texts('refusal'),
    proofs: events.flatMap((event) => (event.kind === 'thinking-block' ? [proofOf(event.block)] : [])),
    toolCalls: calls.map(({ index, id, name, arguments: first }) => {
      const rest = events.map((event) => (event.kind === 'tool-arguments' && event.index === index ? event.text : ''));
      return { id, name, arguments: JSON.parse(first + rest.join('')) as unknown };
    }),
    annotations: events.flatMap((event) => (event.kind === 'annotations' ? event.annotations : [])),
    finish: events.flatMap((event) => (event.kind === 'finish' ? [event.reason] : [])),
    usage: events.find((event) => event.kind === 'usage')?.usage,
  };
}

function collectWhole({ choices: [choice], usage }: ChatResult): ReturnType<typeof collect> {
  return {
    content: choice!.content,
    reasoning: choice!.reasoning,
    refusal: choice!.refusal,
    proofs: choice!.thinkingBlocks.map(proofOf),
    toolCalls: choice!.toolCalls.map((call) => ({ ...call, arguments: JSON.parse(call.arguments) as unknown })),
    annotations: [...(choice!.annotations ?? [])],
    finish: [choice!.finishReason],
    usage,
  };
}

const proofOf = (block: ChatResult['choices'][number]['thinkingBlocks'][number]) =>
  block.type === 'thinking' ? block.signature : block.data;

const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const citation = fc.record({
  type: fc.constant('web_search_result_location'),
  url: fc.constantFrom('https://a', 'x'),
  title: text,
});
const block = fc.oneof(
  fc.record({
    type: fc.constant('text'),
    text: text.filter((value) => value !== ''),
    citations: fc.array(citation, { maxLength: 2 }),
  }),
  fc.record({ type: fc.constant('thinking'), thinking: text, signature: fc.string({ minLength: 1, maxLength: 5 }) }),
  fc.record({ type: fc.constant('redacted_thinking'), data: fc.string({ minLength: 1, maxLength: 5 }) }),
  fc.record({
    type: fc.constantFrom('tool_use', 'server_tool_use'),
    id: fc.string({ minLength: 1, maxLength: 5 }),
    name: fc.constantFrom('f', 'g'),
    input: fc.dictionary(fc.string({ maxLength: 3 }), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 2 }),
  }),
);
const message = fc.record({
  content: fc.array(block, { maxLength: 5 }),
  stop_reason: fc.constantFrom('end_turn', 'tool_use', 'refusal', 'new'),
  stop_details: fc.constantFrom({ explanation: 'no' }, null),
  usage: fc.record({
    input_tokens: fc.nat(),
    output_tokens: fc.nat(),
    cache_read_input_tokens: fc.option(fc.nat()),
    output_tokens_details: fc.constantFrom({ thinking_tokens: 3 }, undefined),
  }),
});
type Message = typeof message extends fc.Arbitrary<infer T> ? T : never;

/** The same message as Anthropic streams it. */
function streamed({ content, stop_reason, stop_details, usage }: Message): readonly Event[] {
  const { output_tokens, output_tokens_details, ...read_ } = usage;
  const blocks = content.flatMap((value, index): readonly Event[] => {
    const [start, ...deltas] = blockEvents(value);
    return [
      { type: 'content_block_start', index, content_block: start },
      ...deltas.map((piece) => ({ type: 'content_block_delta', index, delta: piece })),
      { type: 'content_block_stop', index },
    ];
  });
  const last = {
    type: 'message_delta',
    delta: { stop_reason, stop_details },
    usage: { output_tokens, output_tokens_details },
  };
  return [
    { type: 'message_start', message: { usage: read_ } },
    ...blocks,
    { type: 'ping' },
    last,
    { type: 'message_stop' },
  ];
}

function blockEvents(value: Message['content'][number]): readonly object[] {
  if ('text' in value) {
    const half = Math.ceil(value.text.length / 2);
    const halves = [value.text.slice(0, half), value.text.slice(half)].filter((piece) => piece.isWellFormed());
    const pieces = halves.join('') === value.text ? halves : [value.text];
    return [
      { type: 'text', text: '' },
      ...value.citations.map((item) => ({ type: 'citations_delta', citation: item })),
      ...pieces.map((piece) => ({ type: 'text_delta', text: piece })),
    ];
  }
  if ('thinking' in value) {
    return [
      { type: 'thinking', thinking: '', signature: '' },
      { type: 'thinking_delta', thinking: value.thinking },
      { type: 'signature_delta', signature: value.signature },
    ];
  }
  if ('data' in value) return [value];
  const json = Object.keys(value.input).length === 0 ? '' : JSON.stringify(value.input);
  return [
    { ...value, input: {} },
    { type: 'input_json_delta', partial_json: '' },
    { type: 'input_json_delta', partial_json: json.slice(0, 3) },
    { type: 'input_json_delta', partial_json: json.slice(3) },
  ];
}

describe('laws', () => {
  it('a streamed answer says what the whole one says, however it is framed and cut', () => {
    fc.assert(
      fc.property(message, fc.integer({ min: 1, max: 40 }), (value, chunkBytes) => {
        const whole = collectWhole(toChatResult(Buffer.from(JSON.stringify(value)), CONTEXT));
        const events = streamed(value);
        const plain = read(sse(events));
        expect(collect(plain.events)).toEqual(whole);
        expect(read(sse(events), { chunkBytes })).toEqual(plain);
        expect(read(eventStream(chunkFrames(events)), { framing: awsReader, chunkBytes })).toEqual(plain);
      }),
      { numRuns: 300 },
    );
  });
});
