import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  answer,
  dataOf,
  delta,
  deltasOf,
  METADATA,
  play,
  START,
  wholeAnswer,
  type Json,
} from '../../../../../../test/harness/converse.js';
import { eventStream, type Frame } from '../../../../../../test/harness/cell.js';

/** Blocks of an answer, each with the frames that stream it. */
const words = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 });
const anyBlock = fc.oneof(
  words.map((text) => ({ whole: { text }, deltas: Array.from(text, (part) => ({ text: part })), start: undefined })),
  fc.tuple(words, words).map(([text, signature]) => ({
    whole: { reasoningContent: { reasoningText: { text, signature } } },
    deltas: [{ reasoningContent: { text } }, { reasoningContent: { signature } }],
    start: undefined,
  })),
  fc.constant({
    whole: { reasoningContent: { redactedContent: 'cmVk' } },
    deltas: [{ reasoningContent: { redactedContent: 'cmVk' } }],
    start: undefined,
  }),
  fc.tuple(fc.constantFrom('f', 'g', 'json'), fc.dictionary(words, words, { maxKeys: 2 })).map(([name, input]) => ({
    whole: { toolUse: { toolUseId: `id_${name}`, name, input } },
    deltas:
      Object.keys(input).length === 0
        ? []
        : [{ toolUse: { input: '' } }, { toolUse: { input: JSON.stringify(input) } }],
    start: { toolUse: { toolUseId: `id_${name}`, name } },
  })),
);
const anyAnswer = fc.record({
  blocks: fc.array(anyBlock, { maxLength: 5 }),
  stopReason: fc.constantFrom('end_turn', 'tool_use', 'max_tokens'),
  isByTool: fc.boolean(),
});
const FORMAT = { type: 'json_schema', json_schema: { schema: { type: 'object' } } };

describe('whole and streamed versions of one answer', () => {
  const framesOf = ({
    blocks,
    stopReason,
  }: {
    blocks: readonly { deltas: readonly unknown[]; start: unknown }[];
    stopReason: string;
  }) => [
    START,
    ...blocks.flatMap(({ deltas, start }, index): Frame[] => [
      ...(start ? [{ type: 'contentBlockStart', payload: { contentBlockIndex: index, start } }] : []),
      ...deltas.map((part) => delta(index, part)),
      { type: 'contentBlockStop', payload: { contentBlockIndex: index } },
    ]),
    { type: 'messageStop', payload: { stopReason } },
    METADATA,
  ];

  it('are the same chat completion', () => {
    fc.assert(
      fc.property(anyAnswer, ({ blocks, stopReason, isByTool }) => {
        const members = isByTool ? { response_format: FORMAT } : {};
        const given = answer(
          blocks.map(({ whole }) => whole),
          stopReason,
        );
        const whole = JSON.parse(wholeAnswer('chat-completions', given, members)) as Json;
        const { text } = play('chat-completions', [eventStream(framesOf({ blocks, stopReason }))], members);
        expect(joinedChat(text)).toEqual(chatParts(whole));
      }),
    );
  });

  it('are the same message', () => {
    fc.assert(
      fc.property(anyAnswer, ({ blocks, stopReason, isByTool }) => {
        const members = isByTool
          ? { output_config: { format: { type: 'json_schema', schema: { type: 'object' } } } }
          : {};
        const given = answer(
          blocks.map(({ whole }) => whole),
          stopReason,
        );
        const whole = JSON.parse(wholeAnswer('messages', given, members)) as Json;
        const { text } = play('messages', [eventStream(framesOf({ blocks, stopReason }))], members);
        expect(joinedMessage(text)).toEqual({
          content: whole['content'],
          stop_reason: whole['stop_reason'],
          usage: whole['usage'],
        });
      }),
    );
  });
});

function chatParts(whole: Json) {
  const [choice] = whole['choices'] as [{ message: Json; finish_reason: string }];
  const { message } = choice;
  return {
    content: message['content'] ?? '',
    reasoning: message['reasoning_content'] ?? '',
    calls: message['tool_calls'] ?? [],
    finish: choice.finish_reason,
    usage: whole['usage'],
  };
}

function joinedChat(text: string) {
  const chunks = dataOf(text);
  const deltas = deltasOf(text);
  const calls: { id: string; type: string; function: { name: string; arguments: string } }[] = [];
  for (const part of deltas.flatMap((each) => (each['tool_calls'] ?? []) as (Json & { index: number })[])) {
    const { index, ...call } = part as Json & { index: number; function: { arguments: string } };
    if (calls[index] === undefined) calls[index] = call as unknown as (typeof calls)[number];
    else calls[index].function.arguments += call.function.arguments;
  }
  const join = (name: string) => deltas.map((each) => (each[name] as string | undefined) ?? '').join('');
  const finishes = chunks.flatMap(({ choices }) =>
    (choices as { finish_reason: string | null }[]).map((each) => each.finish_reason),
  );
  return {
    content: join('content'),
    reasoning: join('reasoning_content'),
    calls,
    finish: finishes.find((reason) => reason !== null),
    usage: chunks.at(-1)!['usage'],
  };
}

function joinedMessage(text: string) {
  const content: Json[] = [];
  let end: Json = {};
  for (const event of dataOf(text)) {
    if (event['type'] === 'content_block_start') {
      const block = event['content_block'] as Json;
      content.push(block['type'] === 'tool_use' ? { ...block, input: '' } : { ...block });
    }
    const { type: _, ...members } = (event['delta'] ?? {}) as Json;
    const open = content.at(-1);
    if (event['type'] === 'content_block_delta') {
      for (const [name, piece] of Object.entries(members)) {
        const target = name === 'partial_json' ? 'input' : name;
        open![target] = (open![target] as string) + (piece as string);
      }
    }
    if (event['type'] === 'message_delta') end = { stop_reason: members['stop_reason'], usage: event['usage'] };
  }
  return {
    content: content.map((block) =>
      block['type'] === 'tool_use'
        ? { ...block, input: JSON.parse((block['input'] as string) || '{}') as unknown }
        : block,
    ),
    ...end,
  };
}
