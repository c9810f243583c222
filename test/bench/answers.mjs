// What providers answer, in their own wire formats: 40 words at once, or a stream of 202 events.
import { gzipSync } from 'node:zlib';
import { EventStreamCodec } from '@smithy/eventstream-codec';

/** Events of each stream, with those that open and end it. */
export const STREAM_EVENTS = 202;
/** A word of the middle of each whole answer, and of late in each stream. */
export const WORD = 'hello';
export const LATE_WORD = 'tok190';

const INPUT_TOKENS = 10;
const TEXT = `${WORD} `.repeat(40);

/** Puts as many events with a word each between the first and the last ones as make a stream. */
const streamOf = (first, eventOf, last) => [
  ...first,
  ...Array.from({ length: STREAM_EVENTS - first.length - last.length }, (_, index) => eventOf(`tok${index} `)),
  ...last,
];

const openAIUsage = (output) => ({
  prompt_tokens: INPUT_TOKENS,
  completion_tokens: output,
  total_tokens: INPUT_TOKENS + output,
});
const openAIChat = {
  id: 'c1',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: TEXT } }],
  usage: openAIUsage(40),
};
const openAIChunk = (more) =>
  `data: ${JSON.stringify({ id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'm', ...more })}\n\n`;
const openAIStream = () =>
  streamOf([], (content) => openAIChunk({ choices: [{ index: 0, delta: { content } }] }), [
    openAIChunk({ choices: [], usage: openAIUsage(200) }),
    'data: [DONE]\n\n',
  ]).join('');

const converseUsage = (outputTokens) => ({
  inputTokens: INPUT_TOKENS,
  outputTokens,
  totalTokens: INPUT_TOKENS + outputTokens,
});
const converse = {
  output: { message: { role: 'assistant', content: [{ text: TEXT }] } },
  stopReason: 'end_turn',
  usage: converseUsage(40),
  metrics: { latencyMs: 7 },
};

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes).toString(),
  (text) => Buffer.from(text),
);
/** One message of an AWS event stream. `p` fills events up to a length that tells nothing, as Bedrock does. */
const frame = (type, payload) =>
  codec.encode({
    headers: {
      ':event-type': { type: 'string', value: type },
      ':content-type': { type: 'string', value: 'application/json' },
      ':message-type': { type: 'string', value: 'event' },
    },
    body: Buffer.from(JSON.stringify({ ...payload, p: 'abcdefghijklmnopqrstuvwx' })),
  });
const converseStream = () =>
  Buffer.concat(
    streamOf(
      [frame('messageStart', { role: 'assistant' })],
      (text) => frame('contentBlockDelta', { contentBlockIndex: 0, delta: { text } }),
      [
        frame('contentBlockStop', { contentBlockIndex: 0 }),
        frame('messageStop', { stopReason: 'end_turn' }),
        frame('metadata', { usage: converseUsage(200), metrics: { latencyMs: 7 } }),
      ],
    ),
  );

const geminiPart = (text, more = {}) => [{ index: 0, content: { role: 'model', parts: [{ text }] }, ...more }];
const geminiUsage = (output) => ({
  promptTokenCount: INPUT_TOKENS,
  candidatesTokenCount: output,
  totalTokenCount: INPUT_TOKENS + output,
});
const geminiModel = { modelVersion: 'gemini-2.5-flash', responseId: 'g1' };
const gemini = {
  candidates: geminiPart(TEXT, { finishReason: 'STOP', avgLogprobs: -0.20250868797302246 }),
  usageMetadata: geminiUsage(40),
  ...geminiModel,
};
const geminiChunk = (candidates, usageMetadata) =>
  `data: ${JSON.stringify({ candidates, usageMetadata, ...geminiModel })}\r\n\r\n`;
const geminiStream = () =>
  streamOf([], (text) => geminiChunk(geminiPart(text), { trafficType: 'ON_DEMAND' }), [
    geminiChunk(geminiPart('', { finishReason: 'STOP' }), geminiUsage(200)),
  ]).join('');

const anthropicMessage = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude',
  content: [],
  stop_reason: null,
  stop_sequence: null,
  usage: { input_tokens: INPUT_TOKENS, output_tokens: 1 },
};
const anthropicEvent = (type, more = {}) => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;
const anthropicStream = () =>
  streamOf(
    [
      anthropicEvent('message_start', { message: anthropicMessage }),
      anthropicEvent('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
      anthropicEvent('ping'),
    ],
    (text) => anthropicEvent('content_block_delta', { index: 0, delta: { type: 'text_delta', text } }),
    [
      anthropicEvent('content_block_stop', { index: 0 }),
      anthropicEvent('message_delta', {
        delta: { stop_reason: 'end_turn', stop_sequence: null },
        usage: { output_tokens: 200 },
      }),
      anthropicEvent('message_stop'),
    ],
  ).join('');

const JSON_TYPE = 'application/json';
const SSE_TYPE = 'text/event-stream';

/** By the name that header `x-bench-answer` chooses. */
export const ANSWERS = {
  chat: { contentType: JSON_TYPE, content: JSON.stringify(openAIChat) },
  gzip: { contentType: JSON_TYPE, content: gzipSync(JSON.stringify(openAIChat)), contentEncoding: 'gzip' },
  stream: { contentType: SSE_TYPE, content: openAIStream() },
  converse: { contentType: JSON_TYPE, content: JSON.stringify(converse) },
  'converse-stream': { contentType: 'application/vnd.amazon.eventstream', content: converseStream() },
  gemini: { contentType: JSON_TYPE, content: JSON.stringify(gemini) },
  'gemini-stream': { contentType: SSE_TYPE, content: geminiStream() },
  'anthropic-stream': { contentType: SSE_TYPE, content: anthropicStream() },
};
