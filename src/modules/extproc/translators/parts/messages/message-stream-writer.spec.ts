import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { fixedEnv } from '../../../../../../test/harness/cell.js';
import { UpstreamAnswerError } from '../../translator.js';
import { MessageStreamWriter } from './message-stream-writer.js';

type Act = (writer: MessageStreamWriter) => void;

function written(...acts: readonly Act[]): string {
  const writer = new MessageStreamWriter(fixedEnv(), 'asked-for');
  for (const act of acts) act(writer);
  return Buffer.from(writer.take()).toString();
}

/** Type of each event, with what tells blocks apart. */
const shape = (text: string) =>
  text.split('\n\n').flatMap((event) => {
    const data = event.split('\n').find((line) => line.startsWith('data: '));
    if (data === undefined) return [];
    const value = JSON.parse(data.slice('data: '.length)) as Record<string, unknown> & { delta?: { type?: string } };
    const block = value['content_block'] as { type: string } | undefined;
    const detail = block?.type ?? value.delta?.type;
    const index = typeof value['index'] === 'number' ? ` ${value['index']}` : '';
    return [`${String(value['type'])}${index}${detail ? ` ${detail}` : ''}`];
  });

describe('MessageStreamWriter', () => {
  it('opens and closes blocks by what is put into them', () => {
    const text = written(
      (w) => w.thinking('hm'),
      (w) => w.signature('s'),
      (w) => w.text('a'),
      (w) => w.text('b'),
      (w) => w.redactedThinking('AAAA'),
      (w) => w.toolUse('t1', 'f'),
      (w) => w.toolInput('{'),
      (w) => w.toolInput('}'),
      (w) => w.toolUse('t2', 'g'),
      (w) => w.ping(),
      (w) => w.text('c'),
      (w) => w.finish('tool_use', undefined, {}),
    );
    expect(shape(text)).toEqual([
      'message_start',
      'content_block_start 0 thinking',
      'content_block_delta 0 thinking_delta',
      'content_block_delta 0 signature_delta',
      'content_block_stop 0',
      'content_block_start 1 text',
      'content_block_delta 1 text_delta',
      'content_block_delta 1 text_delta',
      'content_block_stop 1',
      'content_block_start 2 redacted_thinking',
      'content_block_stop 2',
      'content_block_start 3 tool_use',
      'content_block_delta 3 input_json_delta',
      'content_block_delta 3 input_json_delta',
      'content_block_stop 3',
      'content_block_start 4 tool_use',
      'ping',
      'content_block_stop 4',
      'content_block_start 5 text',
      'content_block_delta 5 text_delta',
      'content_block_stop 5',
      'message_delta',
      'message_stop',
    ]);
  });

  it('starts once, with what the provider tells', () => {
    const text = written(
      (w) =>
        w.start({
          id: 'msg_x',
          model: 'm',
          usage: { inputTokens: 150, cachedInputTokens: 100, cacheCreationInputTokens: 20 },
        }),
      (w) => w.start({ id: 'other' }),
    );
    expect(text).toBe(
      'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_x","type":"message","role":"assistant",' +
        '"model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":30,' +
        '"cache_creation_input_tokens":20,"cache_read_input_tokens":100,"output_tokens":0}}}\n\n',
    );
  });

  it.each([{}, { id: '', model: '' }, { id: undefined, model: undefined }])(
    'G44: makes up what the start %p lacks',
    (start) => {
      const text = written((w) => w.start(start));
      expect(text).toContain('"id":"msg_000000000000000000000001"');
      expect(text).toContain('"model":"asked-for"');
    },
  );

  it('starts before it finishes when nothing was said', () => {
    expect(shape(written((w) => w.finish('end_turn', undefined, {})))).toEqual([
      'message_start',
      'message_delta',
      'message_stop',
    ]);
  });

  it('G2: tells in message_delta all counters, of the start those that came no more', () => {
    const text = written(
      (w) => w.start({ usage: { inputTokens: 10, cachedInputTokens: 4 } }),
      (w) => w.finish('stop_sequence', 'END', { outputTokens: 7, reasoningTokens: 3 }),
    );
    expect(text).toContain(
      '"delta":{"stop_reason":"stop_sequence","stop_sequence":"END"},"usage":{"input_tokens":6,"cache_creation_input_tokens":0,' +
        '"cache_read_input_tokens":4,"output_tokens":7,"output_tokens_details":{"thinking_tokens":3}}',
    );
  });

  it('never tells a negative count when caches are larger than the input', () => {
    expect(written((w) => w.start({ usage: { inputTokens: 1, cachedInputTokens: 5 } }))).toContain('"input_tokens":0');
  });

  it('puts each signature into a block of its own', () => {
    const text = written(
      (w) => w.signature('a'),
      (w) => w.signature('b'),
      (w) => w.thinking('more'),
    );
    expect(shape(text).filter((event) => event.includes('start ') || event.includes('delta '))).toEqual([
      'content_block_start 0 thinking',
      'content_block_delta 0 signature_delta',
      'content_block_start 1 thinking',
      'content_block_delta 1 signature_delta',
      'content_block_start 2 thinking',
      'content_block_delta 2 thinking_delta',
    ]);
  });

  it('writes nothing for empty pieces', () => {
    expect(
      written(
        (w) => w.text(''),
        (w) => w.thinking(''),
        (w) => w.signature(''),
        (w) => w.toolInput(''),
        (w) => w.closeBlock(),
      ),
    ).toBe('');
  });

  it.each<readonly [string, Act]>([
    ['finish', (w) => w.finish('end_turn', undefined, {})],
    ['error', (w) => w.error('api_error', 'x')],
  ])('writes nothing behind %s', (_, last) => {
    const everything: readonly Act[] = [
      (w) => w.start(),
      (w) => w.text('t'),
      (w) => w.thinking('t'),
      (w) => w.signature('s'),
      (w) => w.redactedThinking('d'),
      (w) => w.toolUse('i', 'n'),
      (w) => w.toolInput('{}'),
      (w) => w.closeBlock(),
      (w) => w.ping(),
      (w) => w.finish('end_turn', undefined, {}),
      (w) => w.error('api_error', 'y'),
    ];
    expect(written((w) => w.text('a'), last, ...everything)).toBe(written((w) => w.text('a'), last));
  });

  it('ends with an error event wherever it stands', () => {
    const writer = new MessageStreamWriter(fixedEnv(), 'm');
    writer.text('a');
    writer.take();
    writer.error('overloaded_error', 'busy "now"');
    expect(Buffer.from(writer.take()).toString()).toBe(
      'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"busy \\"now\\""}}\n\n',
    );
    expect(writer).toMatchObject({ hasError: true, isFinished: false, isEnded: true, openBlock: undefined });
  });

  it.each<readonly [string, Act]>([
    ['no block', () => undefined],
    ['a text block', (w) => w.text('a')],
    ['a closed tool', (w) => [w.toolUse('i', 'n'), w.closeBlock()]],
  ])('refuses tool input when there is %s', (_, before) => {
    expect(() => written(before, (w) => w.toolInput('{}'))).toThrow(
      new UpstreamAnswerError('the provider sent arguments of a tool call that is not open'),
    );
  });

  it("is read by Anthropic's own client to what was said", async () => {
    const piece = fc.oneof(
      fc.record({ type: fc.constant('text' as const), text: fc.string({ minLength: 1, unit: 'grapheme' }) }),
      fc.record({
        type: fc.constant('thinking' as const),
        thinking: fc.string({ minLength: 1 }),
        signature: fc.string({ minLength: 1 }),
      }),
      fc.record({ type: fc.constant('redacted_thinking' as const), data: fc.base64String() }),
      fc.record({
        type: fc.constant('tool_use' as const),
        id: fc.string(),
        name: fc.string(),
        input: fc.dictionary(fc.string(), fc.integer()),
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 6 }), async (pieces) => {
        const writer = new MessageStreamWriter(fixedEnv(), 'm');
        writer.start();
        for (const said of pieces) {
          say(writer, said);
          writer.closeBlock();
          writer.ping();
        }
        writer.finish('end_turn', undefined, { inputTokens: 5, cachedInputTokens: 2, outputTokens: 3 });
        const message = await readByClient(writer.take());
        expect(JSON.parse(JSON.stringify(message.content))).toEqual(JSON.parse(JSON.stringify(pieces)));
        expect(message).toMatchObject({
          stop_reason: 'end_turn',
          usage: { input_tokens: 3, cache_read_input_tokens: 2, output_tokens: 3 },
        });
      }),
      { numRuns: 50 },
    );
  });
});

type Said =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'thinking'; readonly thinking: string; readonly signature: string }
  | { readonly type: 'redacted_thinking'; readonly data: string }
  | { readonly type: 'tool_use'; readonly id: string; readonly name: string; readonly input: object };

function say(writer: MessageStreamWriter, said: Said): void {
  switch (said.type) {
    case 'text':
      for (const half of halves(said.text)) writer.text(half);
      break;
    case 'thinking':
      for (const half of halves(said.thinking)) writer.thinking(half);
      writer.signature(said.signature);
      break;
    case 'redacted_thinking':
      writer.redactedThinking(said.data);
      break;
    case 'tool_use':
      writer.toolUse(said.id, said.name);
      for (const half of halves(JSON.stringify(said.input))) writer.toolInput(half);
  }
}

const halves = (text: string) => [text.slice(0, text.length / 2), text.slice(text.length / 2)];

/** The message that the official SDK makes of a stream. */
function readByClient(bytes: Uint8Array): Promise<Anthropic.Message> {
  const client = new Anthropic({
    apiKey: 'none',
    fetch: () =>
      Promise.resolve(new Response(Buffer.from(bytes), { headers: { 'content-type': 'text/event-stream' } })),
  });
  return client.messages.stream({ model: 'm', max_tokens: 1, messages: [] }).finalMessage();
}
