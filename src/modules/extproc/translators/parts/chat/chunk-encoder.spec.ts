import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { fixedEnv } from '../../../../../../test/harness/cell.js';
import type { ChatEvent } from './chat-result.js';
import { ChunkEncoder } from './chunk-encoder.js';

const HEAD =
  '{"id":"chatcmpl-000000000000000000000001","object":"chat.completion.chunk","created":1700000000,"model":"m"';
const encodeAll = (events: readonly ChatEvent[]) => {
  const encoder = new ChunkEncoder(fixedEnv(), 'm');
  return events.map((event) => encoder.on(event));
};
/** Deltas of choice 0 after the role was sent. */
const deltaOf = (event: ChatEvent) => {
  const [, text] = encodeAll([{ kind: 'role', choice: 0 }, event]);
  return chunkOf(text!).choices[0]!.delta;
};

interface Chunk {
  readonly id: string;
  readonly created: number;
  readonly model: string;
  readonly choices: readonly {
    readonly index: number;
    readonly delta: Record<string, unknown>;
    readonly finish_reason: string | null;
  }[];
}
const chunkOf = (text: string) => {
  expect(text).toMatch(/^data: \{.*\}\n\n$/);
  return JSON.parse(text.slice('data: '.length)) as Chunk;
};

describe('ChunkEncoder', () => {
  it('writes a whole stream', () => {
    const usage = { inputTokens: 9, outputTokens: 2, totalTokens: 11, cachedInputTokens: 4, reasoningTokens: 1 };
    expect(
      encodeAll([
        { kind: 'start' },
        { kind: 'role', choice: 0 },
        { kind: 'text', choice: 0, text: 'a"\n' },
        { kind: 'keep-alive' },
        { kind: 'finish', choice: 0, reason: 'stop' },
        { kind: 'keep-alive' },
        { kind: 'usage', usage },
        { kind: 'done' },
      ]),
    ).toEqual([
      '',
      `data: ${HEAD},"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}\n\n`,
      `data: ${HEAD},"choices":[{"index":0,"delta":{"content":"a\\"\\n"},"finish_reason":null}]}\n\n`,
      `data: ${HEAD},"choices":[{"index":0,"delta":{},"finish_reason":null}]}\n\n`,
      `data: ${HEAD},"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n`,
      '',
      `data: ${HEAD},"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11,` +
        '"prompt_tokens_details":{"cached_tokens":4,"cache_creation_input_tokens":0},' +
        '"completion_tokens_details":{"reasoning_tokens":1}}}\n\n',
      'data: [DONE]\n\n',
    ]);
  });

  it('sends the role with the first content of each choice that the provider did not announce', () => {
    const deltas = encodeAll([
      { kind: 'keep-alive' },
      { kind: 'text', choice: 1, text: 'a' },
      { kind: 'text', choice: 1, text: 'b' },
      { kind: 'reasoning', choice: 0, text: 'c' },
      { kind: 'role', choice: 0 },
      { kind: 'extras', choice: 2, extras: {} },
    ]).map((text) => text && [chunkOf(text).choices[0]!.index, chunkOf(text).choices[0]!.delta]);
    expect(deltas).toEqual([
      [0, {}],
      [1, { role: 'assistant', content: 'a' }],
      [1, { content: 'b' }],
      [0, { role: 'assistant', reasoning_content: 'c' }],
      '',
      [2, { role: 'assistant' }],
    ]);
  });

  it('G38: continues a tool call without id, name and type', () => {
    const call = { kind: 'tool-call', choice: 0, index: 1, id: 'c1', name: 'f', arguments: '{' } as const;
    expect(deltaOf(call)).toEqual({
      tool_calls: [{ index: 1, id: 'c1', type: 'function', function: { name: 'f', arguments: '{' } }],
    });
    expect(deltaOf({ kind: 'tool-arguments', choice: 0, index: 1, text: '"a":1}' })).toEqual({
      tool_calls: [{ index: 1, function: { arguments: '"a":1}' } }],
    });
  });

  it('G44: makes an id when the provider gives none, and keeps what it tells', () => {
    expect(chunkOf(encodeAll([{ kind: 'text', choice: 0, text: 'a' }])[0]!).id).toMatch(/^chatcmpl-.{24}$/);
    const [, text, usage] = encodeAll([
      { kind: 'start', id: 'req-1', model: 'told', serviceTier: 'flex' },
      { kind: 'text', choice: 0, text: 'a' },
      { kind: 'usage', usage: {}, serviceTier: 'other' },
    ]);
    expect(chunkOf(text!)).toMatchObject({ id: 'req-1', model: 'told', service_tier: 'flex' });
    expect(chunkOf(usage!)).toMatchObject({ id: 'req-1', service_tier: 'flex', choices: [] });
  });

  it('keeps the id of a keep-alive that came before the start', () => {
    const [first, , second] = encodeAll([
      { kind: 'keep-alive' },
      { kind: 'start', id: 'late', model: 'late', serviceTier: 'flex' },
      { kind: 'usage', usage: {}, serviceTier: 'flex' },
    ]);
    expect(chunkOf(second!)).toMatchObject({ id: chunkOf(first!).id, model: 'm', service_tier: 'flex' });
  });

  it('tells the service tier with the usage when it came that late', () => {
    const [text] = encodeAll([{ kind: 'usage', usage: { inputTokens: 1 }, serviceTier: 'flex' }]);
    expect(chunkOf(text!)).toMatchObject({
      choices: [],
      service_tier: 'flex',
      usage: { prompt_tokens: 1, completion_tokens: 0, total_tokens: 1 },
    });
  });

  it.each<[ChatEvent, object]>([
    [{ kind: 'refusal', choice: 0, text: 'no' }, { refusal: 'no' }],
    [
      { kind: 'thinking-block', choice: 0, block: { type: 'thinking', signature: 's' } },
      { thinking_blocks: [{ type: 'thinking', signature: 's' }] },
    ],
    [
      { kind: 'annotations', choice: 0, annotations: [{ type: 'url_citation' }] },
      { annotations: [{ type: 'url_citation' }] },
    ],
    [{ kind: 'images', choice: 0, images: [{ type: 'image_url' }] }, { images: [{ type: 'image_url' }] }],
    [{ kind: 'extras', choice: 0, extras: { safety_ratings: [1] } }, { safety_ratings: [1] }],
  ])('writes %j into the delta', (event, delta) => {
    expect(deltaOf(event)).toEqual(delta);
  });

  it('writes logprobs beside the delta', () => {
    const [text] = encodeAll([{ kind: 'logprobs', choice: 0, logprobs: { content: [] } }]);
    expect(chunkOf(text!).choices).toEqual([{ index: 0, delta: {}, logprobs: { content: [] }, finish_reason: null }]);
  });

  it('writes an error as clients of OpenAI read it', () => {
    const error = { type: 'overloaded_error', message: 'say "later"', status: 529 };
    expect(encodeAll([{ kind: 'error', error }])).toEqual([
      'data: {"error":{"type":"overloaded_error","code":"529","message":"say \\"later\\"","param":null}}\n\n',
    ]);
  });

  it('gives back whatever text it was given, in chunks of one id, time and model', () => {
    const piece = fc.record({
      kind: fc.constantFrom('text' as const, 'reasoning' as const),
      text: fc.string({ unit: 'binary' }),
    });
    fc.assert(
      fc.property(fc.array(piece), fc.string(), (pieces, model) => {
        const encoder = new ChunkEncoder(fixedEnv(), model);
        const chunks = pieces.map((event) => chunkOf(encoder.on({ ...event, choice: 0 })));
        const joined = (key: string) => chunks.map((chunk) => (chunk.choices[0]!.delta[key] as string) ?? '').join('');
        const given = (kind: string) => pieces.map((event) => (event.kind === kind ? event.text : '')).join('');
        expect([joined('content'), joined('reasoning_content')]).toEqual([given('text'), given('reasoning')]);
        expect(new Set(chunks.map(({ id, created }) => `${id} ${created}`)).size).toBe(Math.min(chunks.length, 1));
        for (const chunk of chunks) expect(chunk.model).toBe(model);
      }),
    );
  });
});
