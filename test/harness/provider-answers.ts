import type { SchemaName } from '../../src/shared/filter-config/filter-config.js';
import { chunked, DONE, event, json, type Answer } from './answers.js';
import { chunkFrames, eventStream, type Frame } from './cell.js';

/** The answer that every provider gives in its own wire format: it thinks, says something and calls a tool. */
export const STORY = {
  thought: 'Let me look it up.',
  /** Base64, as real signatures are. */
  signature: 'c2lnbmF0dXJlLW9mLXRoZS10aG91Z2h0',
  text: 'Here is the weather – 21 °C.',
  toolId: 'call_1',
  toolName: 'get_weather',
  toolInput: { city: 'Paris', days: [1, 2] },
  /** All input, cached tokens included. */
  inputTokens: 16,
  cachedTokens: 4,
  outputTokens: 20,
} as const;

const { thought, signature, text, toolId, toolName, toolInput } = STORY;
const TOOL_JSON = JSON.stringify(toolInput);
const INPUT_NOT_CACHED = STORY.inputTokens - STORY.cachedTokens;

/** An event of a stream that names its events. */
type TypedEvent = { readonly type: string } & Readonly<Record<string, unknown>>;

const OPENAI_USAGE = {
  prompt_tokens: STORY.inputTokens,
  completion_tokens: STORY.outputTokens,
  total_tokens: STORY.inputTokens + STORY.outputTokens,
  prompt_tokens_details: { cached_tokens: STORY.cachedTokens },
};

const openAIChat = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'provider-model',
  choices: [
    {
      index: 0,
      message: {
        role: 'assistant',
        content: text,
        refusal: null,
        reasoning_content: thought,
        tool_calls: [{ id: toolId, type: 'function', function: { name: toolName, arguments: TOOL_JSON } }],
      },
      logprobs: null,
      finish_reason: 'tool_calls',
    },
  ],
  usage: OPENAI_USAGE,
};

function openAIChatChunks(): string[] {
  const chunk = (delta: object, more: object = {}) =>
    event({
      id: 'chatcmpl-1',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'provider-model',
      choices: [{ index: 0, delta, finish_reason: null, ...more }],
    });
  const half = TOOL_JSON.length / 2;
  const call = (part: object) => chunk({ tool_calls: [{ index: 0, ...part }] });
  return [
    chunk({ role: 'assistant', content: '' }),
    chunk({ reasoning_content: thought }),
    chunk({ content: text.slice(0, 5) }),
    chunk({ content: text.slice(5) }),
    call({ id: toolId, type: 'function', function: { name: toolName, arguments: '' } }),
    call({ function: { arguments: TOOL_JSON.slice(0, half) } }),
    call({ function: { arguments: TOOL_JSON.slice(half) } }),
    chunk({}, { finish_reason: 'tool_calls' }),
    event({
      id: 'chatcmpl-1',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'provider-model',
      choices: [],
      usage: OPENAI_USAGE,
    }),
    DONE,
  ];
}

const anthropicMessage = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'provider-model',
  content: [
    { type: 'thinking', thinking: thought, signature },
    { type: 'text', text },
    { type: 'tool_use', id: toolId, name: toolName, input: toolInput },
  ],
  stop_reason: 'tool_use',
  stop_sequence: null,
  usage: {
    input_tokens: INPUT_NOT_CACHED,
    cache_read_input_tokens: STORY.cachedTokens,
    cache_creation_input_tokens: 0,
    output_tokens: STORY.outputTokens,
  },
};

const anthropicEvents: readonly TypedEvent[] = [
  {
    type: 'message_start',
    message: {
      ...anthropicMessage,
      content: [],
      stop_reason: null,
      usage: { ...anthropicMessage.usage, output_tokens: 1 },
    },
  },
  { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '', signature: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: thought } },
  { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature } },
  { type: 'content_block_stop', index: 0 },
  { type: 'ping' },
  { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: text.slice(0, 5) } },
  { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: text.slice(5) } },
  { type: 'content_block_stop', index: 1 },
  { type: 'content_block_start', index: 2, content_block: { type: 'tool_use', id: toolId, name: toolName, input: {} } },
  { type: 'content_block_delta', index: 2, delta: { type: 'input_json_delta', partial_json: '' } },
  { type: 'content_block_delta', index: 2, delta: { type: 'input_json_delta', partial_json: TOOL_JSON.slice(0, 9) } },
  { type: 'content_block_delta', index: 2, delta: { type: 'input_json_delta', partial_json: TOOL_JSON.slice(9) } },
  { type: 'content_block_stop', index: 2 },
  {
    type: 'message_delta',
    delta: { stop_reason: 'tool_use', stop_sequence: null },
    usage: { output_tokens: STORY.outputTokens },
  },
  { type: 'message_stop' },
];

const CONVERSE_USAGE = {
  inputTokens: INPUT_NOT_CACHED,
  outputTokens: STORY.outputTokens,
  totalTokens: STORY.inputTokens + STORY.outputTokens,
  cacheReadInputTokens: STORY.cachedTokens,
  cacheWriteInputTokens: 0,
};

const converseAnswer = {
  output: {
    message: {
      role: 'assistant',
      content: [
        { reasoningContent: { reasoningText: { text: thought, signature } } },
        { text },
        { toolUse: { toolUseId: toolId, name: toolName, input: toolInput } },
      ],
    },
  },
  stopReason: 'tool_use',
  usage: CONVERSE_USAGE,
  metrics: { latencyMs: 7 },
};

const converseFrames: readonly Frame[] = [
  { type: 'messageStart', payload: { role: 'assistant', p: 'ab' } },
  { type: 'contentBlockDelta', payload: { contentBlockIndex: 0, delta: { reasoningContent: { text: thought } } } },
  { type: 'contentBlockDelta', payload: { contentBlockIndex: 0, delta: { reasoningContent: { signature } } } },
  { type: 'contentBlockStop', payload: { contentBlockIndex: 0 } },
  { type: 'contentBlockDelta', payload: { contentBlockIndex: 1, delta: { text: text.slice(0, 5) } } },
  { type: 'contentBlockDelta', payload: { contentBlockIndex: 1, delta: { text: text.slice(5) } } },
  { type: 'contentBlockStop', payload: { contentBlockIndex: 1 } },
  {
    type: 'contentBlockStart',
    payload: { contentBlockIndex: 2, start: { toolUse: { toolUseId: toolId, name: toolName } } },
  },
  {
    type: 'contentBlockDelta',
    payload: { contentBlockIndex: 2, delta: { toolUse: { input: TOOL_JSON.slice(0, 9) } } },
  },
  { type: 'contentBlockDelta', payload: { contentBlockIndex: 2, delta: { toolUse: { input: TOOL_JSON.slice(9) } } } },
  { type: 'contentBlockStop', payload: { contentBlockIndex: 2 } },
  { type: 'messageStop', payload: { stopReason: 'tool_use' } },
  { type: 'metadata', payload: { usage: CONVERSE_USAGE, metrics: { latencyMs: 7 } } },
];

const GEMINI_USAGE = {
  promptTokenCount: STORY.inputTokens,
  cachedContentTokenCount: STORY.cachedTokens,
  candidatesTokenCount: STORY.outputTokens - 5,
  thoughtsTokenCount: 5,
  totalTokenCount: STORY.inputTokens + STORY.outputTokens,
};
const geminiParts = [
  { text: thought, thought: true },
  { text },
  { functionCall: { name: toolName, args: toolInput }, thoughtSignature: signature },
];
const geminiAnswer = {
  candidates: [{ index: 0, content: { role: 'model', parts: geminiParts }, finishReason: 'STOP' }],
  usageMetadata: GEMINI_USAGE,
  modelVersion: 'provider-model',
  responseId: 'gemini-1',
};
const geminiChunks = geminiParts.map((part, index) => {
  const isLast = index === geminiParts.length - 1;
  return event({
    candidates: [{ index: 0, content: { role: 'model', parts: [part] }, ...(isLast ? { finishReason: 'STOP' } : {}) }],
    usageMetadata: isLast ? GEMINI_USAGE : { trafficType: 'ON_DEMAND' },
    modelVersion: 'provider-model',
    responseId: 'gemini-1',
  });
});

const named = (events: readonly { readonly type: string }[]) =>
  events.map((data) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`);
const AWS_HEADERS = { 'x-amzn-requestid': 'aws-request-1' };
const AWS_STREAM = { ...AWS_HEADERS, 'content-type': 'application/vnd.amazon.eventstream' };

/** {@link STORY} as a provider of this schema tells it to a chat. */
export function storyAnswer(schema: SchemaName, isStream: boolean): Answer {
  switch (schema) {
    case 'OpenAI':
    case 'AzureOpenAI':
      return isStream ? chunked(openAIChatChunks()) : json(openAIChat);
    case 'Anthropic':
    case 'GCPAnthropic':
      return isStream ? chunked(named(anthropicEvents)) : json(anthropicMessage, 200, { 'request-id': 'req_1' });
    case 'AWSAnthropic':
      return isStream
        ? chunked(cutInHalf(eventStream(chunkFrames(anthropicEvents))), AWS_STREAM)
        : json(anthropicMessage, 200, AWS_HEADERS);
    case 'AWSBedrock':
      return isStream
        ? chunked(cutInHalf(eventStream(converseFrames)), AWS_STREAM)
        : json(converseAnswer, 200, AWS_HEADERS);
    case 'GCPVertexAI':
      return isStream ? chunked(geminiChunks) : json(geminiAnswer);
    case 'Cohere':
      throw new Error('the Cohere schema has no chat');
  }
}

/** Two chunks with the cut in the middle of a frame. */
const cutInHalf = (bytes: Buffer) => [bytes.subarray(0, bytes.length >> 1), bytes.subarray(bytes.length >> 1)];

const RESPONSE_ITEMS = [
  { id: 'rs_1', type: 'reasoning', summary: [{ type: 'summary_text', text: thought }] },
  {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    status: 'completed',
    content: [{ type: 'output_text', text, annotations: [], logprobs: [] }],
  },
  { id: 'fc_1', type: 'function_call', status: 'completed', call_id: toolId, name: toolName, arguments: TOOL_JSON },
];
const RESPONSE = {
  id: 'resp_1',
  object: 'response',
  created_at: 1,
  model: 'provider-model',
  parallel_tool_calls: true,
  tools: [],
  tool_choice: 'auto',
};
const RESPONSE_USAGE = {
  input_tokens: STORY.inputTokens,
  input_tokens_details: { cached_tokens: STORY.cachedTokens },
  output_tokens: STORY.outputTokens,
  output_tokens_details: { reasoning_tokens: 5 },
  total_tokens: STORY.inputTokens + STORY.outputTokens,
};
const response = (status: string, output: readonly object[], usage: object | null) => ({
  ...RESPONSE,
  status,
  output,
  usage,
});

/** {@link STORY} as OpenAI's own Responses API tells it. */
export function responsesAnswer(isStream: boolean): Answer {
  const done = response('completed', RESPONSE_ITEMS, RESPONSE_USAGE);
  if (!isStream) return json(done);
  const started = response('in_progress', [], null);
  const events = [
    { type: 'response.created', response: started },
    ...RESPONSE_ITEMS.flatMap((item, index) => [
      { type: 'response.output_item.added', output_index: index, item: emptied(item) },
      ...(item.type === 'message'
        ? [
            {
              type: 'response.content_part.added',
              item_id: item.id,
              output_index: index,
              content_index: 0,
              part: { type: 'output_text', text: '', annotations: [] },
            },
            {
              type: 'response.output_text.delta',
              item_id: item.id,
              output_index: index,
              content_index: 0,
              delta: text,
            },
          ]
        : []),
      { type: 'response.output_item.done', output_index: index, item },
    ]),
    { type: 'response.completed', response: done },
  ];
  return chunked(named(events.map((data, sequence_number) => ({ ...data, sequence_number }))));
}

const emptied = (item: object) =>
  'content' in item
    ? { ...item, content: [] }
    : 'arguments' in item
      ? { ...item, arguments: '' }
      : { ...item, summary: [] };
