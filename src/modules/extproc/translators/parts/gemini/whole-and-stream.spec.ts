import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { playStream, responseHead, startCell } from '../../../../../../test/harness/cell.js';
import type { EndpointName } from '../../../endpoints/endpoint.js';

/*
 * One answer, whole and as a stream of any objects, says the same; and what the client plays back puts each thought
 * signature where it was.
 */

const MODEL = 'gemini-3-pro-preview';

interface Part {
  readonly text?: string;
  readonly thought?: true;
  readonly thoughtSignature?: string;
  readonly functionCall?: { readonly name: string; readonly args?: object };
}

const signature = fc.option(fc.constantFrom('AAAA', 'BBBB', 'CCCC'), { nil: undefined });
const signed = (part: fc.Arbitrary<Part>) =>
  fc
    .tuple(part, signature)
    .map(([plain, thoughtSignature]): Part =>
      thoughtSignature === undefined ? plain : { ...plain, thoughtSignature },
    );
const part = signed(
  fc.oneof(
    fc.record({ text: fc.constantFrom('Hello', ' wörld 😀', '', '"') }),
    fc.record({ text: fc.constantFrom('hm', 'so'), thought: fc.constant(true as const) }),
    fc.record({ functionCall: fc.constantFrom({ name: 'f', args: { a: 1 } }, { name: 'g' }) }),
  ),
);
/** Parts of the objects of a stream. */
const objects = fc.array(fc.array(part, { maxLength: 3 }), { minLength: 1, maxLength: 4 });
const finishReason = fc.constantFrom('STOP', 'MAX_TOKENS', 'SAFETY', 'RECITATION');
const usageMetadata = { promptTokenCount: 9, candidatesTokenCount: 5, thoughtsTokenCount: 2, totalTokenCount: 16 };

const answer = (parts: readonly Part[], reason?: string) => ({
  candidates: [{ content: { role: 'model', parts }, ...(reason === undefined ? {} : { finishReason: reason }) }],
  ...(reason === undefined ? {} : { usageMetadata }),
});

function request(endpoint: EndpointName, stream: boolean): string {
  const limit = endpoint === 'messages' ? { max_tokens: 9 } : {};
  return JSON.stringify({ model: MODEL, stream, ...limit, messages: [{ role: 'user', content: 'x' }] });
}

function wholeOf<T>(endpoint: EndpointName, parts: readonly Part[], reason: string) {
  const exchange = startCell(endpoint, 'GCPVertexAI', { body: request(endpoint, false) });
  if (exchange.kind !== 'translating') throw new Error('expected a translating exchange');
  const { body, usage } = exchange.whole(responseHead(200), Buffer.from(JSON.stringify(answer(parts, reason))));
  return { body: JSON.parse(Buffer.from(body!).toString()) as T, usage };
}

function streamedOf<T>(endpoint: EndpointName, streamed: readonly (readonly Part[])[], reason: string) {
  const last = streamed.length - 1;
  const text = streamed
    .map((parts, index) => `data: ${JSON.stringify(answer(parts, index === last ? reason : undefined))}\r\n\r\n`)
    .join('');
  const played = playStream(startCell(endpoint, 'GCPVertexAI', { body: request(endpoint, true) }), [Buffer.from(text)]);
  const data = played.text
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice('data: '.length)) as T);
  return { data, usage: played.facts.usage };
}

interface Call {
  readonly function: { readonly name: string; readonly arguments: string };
}

/** A message of a chat, or a delta of one. */
interface ChatMessage {
  readonly content?: string | null;
  readonly reasoning_content?: string;
  readonly thinking_blocks?: readonly object[];
  readonly tool_calls?: readonly Call[];
}

interface Completion {
  readonly choices: readonly { readonly message: ChatMessage; readonly finish_reason: string }[];
  readonly usage: object;
}

interface Chunk {
  readonly choices: readonly { readonly delta: ChatMessage; readonly finish_reason: string | null }[];
  readonly usage?: object;
}

interface Block {
  readonly type: string;
  readonly text?: string;
  readonly thinking?: string;
  readonly signature?: string;
  readonly name?: string;
  readonly input?: object;
}

interface Message {
  readonly content: readonly Block[];
  readonly stop_reason: string;
  readonly usage: object;
}

interface MessageEvent {
  readonly type: string;
  readonly content_block?: Block;
  readonly delta?: {
    readonly text?: string;
    readonly thinking?: string;
    readonly signature?: string;
    readonly partial_json?: string;
    readonly stop_reason?: string;
  };
  readonly usage?: object;
}

/** What a client makes of the chunks of one choice. */
function joined(chunks: readonly Chunk[]) {
  const choices = chunks.flatMap((chunk) => chunk.choices);
  const textOf = (name: 'content' | 'reasoning_content') => choices.map(({ delta }) => delta[name] ?? '').join('');
  return {
    content: textOf('content'),
    reasoning: textOf('reasoning_content'),
    blocks: choices.flatMap(({ delta }) => delta.thinking_blocks ?? []),
    calls: choices.flatMap(({ delta }) => delta.tool_calls ?? []).map((call) => call.function),
    finish: choices.flatMap((choice) => choice.finish_reason ?? []),
  };
}

/** Blocks of a streamed message. */
function blocksOf(events: readonly MessageEvent[]) {
  const blocks: { type: string; text: string; thinking: string; signature: string; name: string; input: string }[] = [];
  for (const { type, content_block: block, delta } of events) {
    if (type === 'content_block_start' && block) {
      blocks.push({ type: block.type, text: '', thinking: '', signature: '', name: block.name ?? '', input: '' });
    }
    const open = blocks.at(-1);
    if (type !== 'content_block_delta' || !open) continue;
    open.text += delta?.text ?? '';
    open.thinking += delta?.thinking ?? '';
    open.signature += delta?.signature ?? '';
    open.input += delta?.partial_json ?? '';
  }
  return blocks;
}

describe('an answer of Gemini', () => {
  it('says in a chat the same whole and streamed', () => {
    fc.assert(
      fc.property(objects, finishReason, (streamed, reason) => {
        const whole = wholeOf<Completion>('chat-completions', streamed.flat(), reason);
        const { data, usage } = streamedOf<Chunk>('chat-completions', streamed, reason);
        const { message, finish_reason: finish } = whole.body.choices[0]!;
        expect(joined(data)).toEqual({
          content: message.content ?? '',
          reasoning: message.reasoning_content ?? '',
          blocks: message.thinking_blocks ?? [],
          calls: (message.tool_calls ?? []).map((call) => call.function),
          finish: [finish],
        });
        expect(usage).toEqual(whole.usage);
        expect(data.at(-1)!.usage).toEqual(whole.body.usage);
      }),
    );
  });

  it('says in a message the same whole and streamed', () => {
    fc.assert(
      fc.property(objects, finishReason, (streamed, reason) => {
        const whole = wholeOf<Message>('messages', streamed.flat(), reason);
        const { data, usage } = streamedOf<MessageEvent>('messages', streamed, reason);
        expect(blocksOf(data)).toEqual(
          whole.body.content.map(({ type, text = '', thinking = '', signature: proof = '', name = '', input }) => ({
            type,
            text,
            thinking,
            signature: proof,
            name,
            input: input === undefined ? '' : JSON.stringify(input),
          })),
        );
        const end = data.find(({ type }) => type === 'message_delta')!;
        expect(end.delta!.stop_reason).toBe(whole.body.stop_reason);
        expect(end.usage).toEqual(whole.body.usage);
        expect(usage).toEqual(whole.usage);
      }),
    );
  });

  it('G48: gets back in a message each signature on the part that carried it', () => {
    fc.assert(
      fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
        const { body } = wholeOf<Message>('messages', parts, 'STOP');
        expect(signaturesIn(replayed('messages', body.content))).toEqual(signaturesIn(parts));
      }),
    );
  });

  it.each<[string, readonly Part[], readonly Part[]]>([
    ['a text', [{ text: 'a', thoughtSignature: 'AAAA' }], [{ text: 'a', thoughtSignature: 'AAAA' }]],
    ['an empty text', [{ text: '', thoughtSignature: 'AAAA' }], [{ text: '', thoughtSignature: 'AAAA' }]],
    [
      'a thought',
      [{ text: 'hm', thought: true, thoughtSignature: 'AAAA' }, { text: 'a' }],
      [{ text: 'a', thoughtSignature: 'AAAA' }],
    ],
    [
      'a first call',
      [{ functionCall: { name: 'f' }, thoughtSignature: 'AAAA' }, { functionCall: { name: 'g' } }],
      [{ functionCall: { name: 'f', args: {} }, thoughtSignature: 'AAAA' }, { functionCall: { name: 'g', args: {} } }],
    ],
    [
      'a text, two calls and the end',
      [
        { text: 'a', thoughtSignature: 'AAAA' },
        { functionCall: { name: 'f' }, thoughtSignature: 'BBBB' },
        { functionCall: { name: 'g' }, thoughtSignature: 'CCCC' },
        { text: '', thoughtSignature: 'DDDD' },
      ],
      [
        { functionCall: { name: 'f', args: {} }, thoughtSignature: 'BBBB' },
        { functionCall: { name: 'g', args: {} }, thoughtSignature: 'CCCC' },
        { text: 'a', thoughtSignature: 'AAAA' },
        { text: '', thoughtSignature: 'DDDD' },
      ],
    ],
    [
      'the second call only',
      [{ functionCall: { name: 'f' } }, { functionCall: { name: 'g' }, thoughtSignature: 'AAAA' }],
      [
        { functionCall: { name: 'f', args: {} }, thoughtSignature: 'c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I=' },
        { functionCall: { name: 'g', args: {} }, thoughtSignature: 'AAAA' },
      ],
    ],
  ])('G48: gets back in a chat the signature of %s at its place', (_, parts, expected) => {
    const { body } = wholeOf<Completion>('chat-completions', parts, 'STOP');
    expect(replayed('chat-completions', body.choices[0]!.message)).toEqual(expected);
  });
});

/** Parts that Gemini gets when the client plays an answer back. */
function replayed(endpoint: EndpointName, content: readonly Block[] | ChatMessage): readonly Part[] {
  const message = endpoint === 'messages' ? { role: 'assistant', content } : content;
  const body = JSON.stringify({ model: MODEL, max_tokens: 9, messages: [{ role: 'user', content: 'x' }, message] });
  const sent = Buffer.from(startCell(endpoint, 'GCPVertexAI', { body }).request.body!).toString();
  return (JSON.parse(sent) as { contents: readonly { parts: readonly Part[] }[] }).contents[1]?.parts ?? [];
}

/** In order; not the one that tells Gemini to do without. */
function signaturesIn(parts: readonly Part[]): readonly string[] {
  return parts.flatMap((one) => one.thoughtSignature ?? []).filter((text) => text.length === 4);
}
