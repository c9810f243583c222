import type { SchemaName } from '../../src/shared/filter-config/filter-config.js';
import { chunked, DONE, event, json, type Answer } from './answers.js';
import { chunkFrames, eventStream, type Frame } from './cell.js';

/** A piece of what a provider answers. */
export type Told =
  | { readonly thought: string; readonly signature: string }
  | { readonly text: string }
  | { readonly tool: string; readonly id: string; readonly input: object };

/** What every told answer costs; nothing is cached. */
export const TOLD_USAGE = { input: 11, output: 7 } as const;

/** These pieces as a provider of this schema tells them to a chat, in one choice. Streams cut text and arguments in two. */
export function toldAnswer(schema: SchemaName, told: readonly Told[], isStream = false): Answer {
  switch (schema) {
    case 'OpenAI':
    case 'AzureOpenAI':
      return isStream ? chunked(chatChunks(told)) : json(chatCompletion(told));
    case 'Anthropic':
    case 'GCPAnthropic':
      return isStream ? chunked(anthropicEvents(told).map(named)) : json(anthropicMessage(told));
    case 'AWSAnthropic':
      return isStream ? awsStream(chunkFrames(anthropicEvents(told))) : json(anthropicMessage(told));
    case 'AWSBedrock':
      return isStream ? awsStream(converseFrames(told)) : json(converseAnswer(told));
    case 'GCPVertexAI':
      return isStream ? chunked(geminiObjects(told).map(event)) : json(geminiObject(told.map(geminiPart), true));
    case 'Cohere':
      throw new Error('the Cohere schema has no chat');
  }
}

const hasTool = (told: readonly Told[]) => told.some((piece) => 'tool' in piece);
const named = (data: { readonly type: string }) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
const awsStream = (frames: readonly Frame[]) =>
  chunked([eventStream(frames)], { 'content-type': 'application/vnd.amazon.eventstream' });
const halves = (text: string) => [text.slice(0, text.length >> 1), text.slice(text.length >> 1)];

const CHAT_USAGE = {
  prompt_tokens: TOLD_USAGE.input,
  completion_tokens: TOLD_USAGE.output,
  total_tokens: TOLD_USAGE.input + TOLD_USAGE.output,
};
const CHAT_HEAD = { id: 'chatcmpl-told', created: 1, model: 'provider-model' };

function chatCompletion(told: readonly Told[]): object {
  const calls = told.flatMap((piece) =>
    'tool' in piece
      ? [{ id: piece.id, type: 'function', function: { name: piece.tool, arguments: JSON.stringify(piece.input) } }]
      : [],
  );
  const message = {
    role: 'assistant',
    content: told.map((piece) => ('text' in piece ? piece.text : '')).join('') || null,
    refusal: null,
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  };
  const finish = hasTool(told) ? 'tool_calls' : 'stop';
  return {
    ...CHAT_HEAD,
    object: 'chat.completion',
    choices: [{ index: 0, message, logprobs: null, finish_reason: finish }],
    usage: CHAT_USAGE,
  };
}

function chatChunks(told: readonly Told[]): string[] {
  const chunk = (choices: readonly object[], more = {}) =>
    event({ ...CHAT_HEAD, object: 'chat.completion.chunk', choices, ...more });
  const delta = (members: object) => chunk([{ index: 0, delta: members, finish_reason: null }]);
  let calls = 0;
  const pieces = told.flatMap((piece) => {
    if ('thought' in piece) return [delta({ reasoning_content: piece.thought })];
    if ('text' in piece) return halves(piece.text).map((content) => delta({ content }));
    const index = calls++;
    const start = { index, id: piece.id, type: 'function', function: { name: piece.tool, arguments: '' } };
    const parts = halves(JSON.stringify(piece.input)).map((text) => ({ index, function: { arguments: text } }));
    return [start, ...parts].map((call) => delta({ tool_calls: [call] }));
  });
  const finish = { index: 0, delta: {}, finish_reason: hasTool(told) ? 'tool_calls' : 'stop' };
  return [
    delta({ role: 'assistant', content: '' }),
    ...pieces,
    chunk([finish]),
    chunk([], { usage: CHAT_USAGE }),
    DONE,
  ];
}

const anthropicBlock = (piece: Told) => {
  if ('thought' in piece) return { type: 'thinking', thinking: piece.thought, signature: piece.signature };
  if ('text' in piece) return { type: 'text', text: piece.text };
  return { type: 'tool_use', id: piece.id, name: piece.tool, input: piece.input };
};
const ANTHROPIC_USAGE = { input_tokens: TOLD_USAGE.input, output_tokens: TOLD_USAGE.output };

const anthropicMessage = (told: readonly Told[]) => ({
  id: 'msg_told',
  type: 'message',
  role: 'assistant',
  model: 'provider-model',
  content: told.map(anthropicBlock),
  stop_reason: hasTool(told) ? 'tool_use' : 'end_turn',
  stop_sequence: null,
  usage: ANTHROPIC_USAGE,
});

function anthropicEvents(told: readonly Told[]): { readonly type: string }[] {
  const start = { ...anthropicMessage([]), stop_reason: null, usage: { ...ANTHROPIC_USAGE, output_tokens: 1 } };
  const delta = { stop_reason: hasTool(told) ? 'tool_use' : 'end_turn', stop_sequence: null };
  return [
    { type: 'message_start', message: start } as { type: string },
    ...told.flatMap((piece, index) => [
      { type: 'content_block_start', index, content_block: emptyBlock(piece) },
      ...anthropicDeltas(piece).map((data) => ({ type: 'content_block_delta', index, delta: data })),
      { type: 'content_block_stop', index },
    ]),
    { type: 'message_delta', delta, usage: { output_tokens: TOLD_USAGE.output } } as { type: string },
    { type: 'message_stop' },
  ];
}

function emptyBlock(piece: Told): object {
  if ('thought' in piece) return { type: 'thinking', thinking: '', signature: '' };
  if ('text' in piece) return { type: 'text', text: '' };
  return { type: 'tool_use', id: piece.id, name: piece.tool, input: {} };
}

function anthropicDeltas(piece: Told): object[] {
  if ('text' in piece) return halves(piece.text).map((text) => ({ type: 'text_delta', text }));
  if ('tool' in piece) {
    return halves(JSON.stringify(piece.input)).map((text) => ({ type: 'input_json_delta', partial_json: text }));
  }
  const thoughts = halves(piece.thought).map((thinking) => ({ type: 'thinking_delta', thinking }));
  return [...thoughts, { type: 'signature_delta', signature: piece.signature }];
}

const CONVERSE_USAGE = {
  inputTokens: TOLD_USAGE.input,
  outputTokens: TOLD_USAGE.output,
  totalTokens: TOLD_USAGE.input + TOLD_USAGE.output,
};
const converseBlock = (piece: Told) => {
  if ('thought' in piece) {
    return { reasoningContent: { reasoningText: { text: piece.thought, signature: piece.signature } } };
  }
  if ('text' in piece) return { text: piece.text };
  return { toolUse: { toolUseId: piece.id, name: piece.tool, input: piece.input } };
};
const converseReason = (told: readonly Told[]) => (hasTool(told) ? 'tool_use' : 'end_turn');

const converseAnswer = (told: readonly Told[]) => ({
  output: { message: { role: 'assistant', content: told.map(converseBlock) } },
  stopReason: converseReason(told),
  usage: CONVERSE_USAGE,
  metrics: { latencyMs: 7 },
});

const converseFrames = (told: readonly Told[]): Frame[] => [
  { type: 'messageStart', payload: { role: 'assistant', p: 'ab' } },
  ...told.flatMap((piece, contentBlockIndex) => [
    ...('tool' in piece
      ? [
          {
            type: 'contentBlockStart',
            payload: { contentBlockIndex, start: { toolUse: { toolUseId: piece.id, name: piece.tool } } },
          },
        ]
      : []),
    ...converseDeltas(piece).map((delta) => ({ type: 'contentBlockDelta', payload: { contentBlockIndex, delta } })),
    { type: 'contentBlockStop', payload: { contentBlockIndex } },
  ]),
  { type: 'messageStop', payload: { stopReason: converseReason(told) } },
  { type: 'metadata', payload: { usage: CONVERSE_USAGE, metrics: { latencyMs: 7 } } },
];

function converseDeltas(piece: Told): object[] {
  if ('text' in piece) return halves(piece.text).map((text) => ({ text }));
  if ('tool' in piece) return halves(JSON.stringify(piece.input)).map((input) => ({ toolUse: { input } }));
  const thoughts = halves(piece.thought).map((text) => ({ reasoningContent: { text } }));
  return [...thoughts, { reasoningContent: { signature: piece.signature } }];
}

/** As Gemini does, the signature of a thought stands on the first call; a thought without a call keeps none. */
function geminiPart(piece: Told, index: number, told: readonly Told[]): object {
  if ('thought' in piece) return { text: piece.thought, thought: true };
  if ('text' in piece) return { text: piece.text };
  const isFirst = told.findIndex((other) => 'tool' in other) === index;
  const signature = told.flatMap((other) => ('thought' in other ? [other.signature] : []))[0];
  return {
    functionCall: { name: piece.tool, args: piece.input },
    ...(isFirst && signature !== undefined ? { thoughtSignature: signature } : {}),
  };
}

const geminiObject = (parts: readonly object[], isLast: boolean) => ({
  candidates: [{ index: 0, content: { role: 'model', parts }, ...(isLast ? { finishReason: 'STOP' } : {}) }],
  usageMetadata: isLast
    ? {
        promptTokenCount: TOLD_USAGE.input,
        candidatesTokenCount: TOLD_USAGE.output,
        totalTokenCount: TOLD_USAGE.input + TOLD_USAGE.output,
      }
    : { trafficType: 'ON_DEMAND' },
  modelVersion: 'provider-model',
  responseId: 'gemini-told',
});

function geminiObjects(told: readonly Told[]): object[] {
  const parts = told.flatMap((piece, index) =>
    'text' in piece ? halves(piece.text).map((text) => ({ text })) : [geminiPart(piece, index, told)],
  );
  return parts.map((part, index) => geminiObject([part], index === parts.length - 1));
}
