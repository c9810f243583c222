// What is sent. Small chats have 14 words in and 40 out, a stream has 202 events.
import { LATE_WORD, STREAM_EVENTS, WORD } from './answers.mjs';

/** Models as clients name them; each has a provider of its own. */
export const MODELS = { openai: 'gpt-4o', bedrock: 'bench-bedrock', gemini: 'bench-gemini', anthropic: 'bench-claude' };

const userSays = (content) => ({ role: 'user', content });
const SMALL = {
  messages: [{ role: 'system', content: 'be brief' }, userSays('hello there, how are you?')],
  temperature: 0.2,
};
const STREAMED = {
  messages: [userSays('hello there')],
  stream: true,
  stream_options: { include_usage: true },
};
const paragraphs = (count, text) => ({ messages: Array.from({ length: count }, () => userSays(text)) });
const kilobytes = (count) => paragraphs(count, 'A'.repeat(1000));
/** What is translated is read, so that it matters what it says: words, marks, escapes and numbers. */
const PROSE = 'It cost 3.50, said "the other one" (see [3], 4):\na quick fox, version 12, jumps over it. '.repeat(11);
const kilobytesOfProse = (count) => paragraphs(count, PROSE.padEnd(1000));

const asks = (path, model, request, answer) => ({ path, body: JSON.stringify({ model, ...request }), answer });
const chat = (model, request, answer) => ({ ...asks('/v1/chat/completions', model, request, answer), expects: WORD });
const streamed = (call) => ({ ...call, expects: LATE_WORD, events: STREAM_EVENTS });
const chatStream = (model, answer) => streamed(chat(model, STREAMED, answer));
/** Messages of Anthropic to Bedrock's Converse. */
const messageStream = (request) =>
  streamed(
    asks(
      '/anthropic/v1/messages',
      MODELS.bedrock,
      { max_tokens: 1000, system: 'be brief', ...request, stream: true },
      'converse-stream',
    ),
  );
const baseline = 'baseline';

/**
 * By name. `answer` chooses what the provider plays, `expects` is in every good answer. `baseline` is the case that takes
 * such a request past the processor; cases without one are such. A large body costs Envoy more too. `events` is how many
 * the provider streams.
 */
export const CASES = {
  baseline: chat(MODELS.openai, SMALL, 'chat'),
  small: { ...chat(MODELS.openai, SMALL, 'chat'), baseline },
  '10k': { ...chat(MODELS.openai, kilobytes(10), 'chat'), baseline },
  stream: { ...chatStream(MODELS.openai, 'stream'), baseline },
  gzip: { ...chat(MODELS.openai, SMALL, 'gzip'), baseline },
  bedrock: { ...chat(MODELS.bedrock, SMALL, 'converse'), baseline },
  'bedrock-10k': { ...chat(MODELS.bedrock, kilobytesOfProse(10), 'converse'), baseline },
  'bedrock-stream': { ...chatStream(MODELS.bedrock, 'converse-stream'), baseline },
  gemini: { ...chat(MODELS.gemini, SMALL, 'gemini'), baseline },
  'gemini-10k': { ...chat(MODELS.gemini, kilobytesOfProse(10), 'gemini'), baseline },
  'gemini-stream': { ...chatStream(MODELS.gemini, 'gemini-stream'), baseline },
  'anthropic-stream': { ...chatStream(MODELS.anthropic, 'anthropic-stream'), baseline },
  'messages-bedrock-stream': { ...messageStream({ messages: [userSays('hello there')] }), baseline },
  'messages-bedrock-stream-10k': { ...messageStream(kilobytesOfProse(10)), baseline },
  'baseline-1m': chat(MODELS.openai, kilobytes(1000), 'chat'),
  '1m': { ...chat(MODELS.openai, kilobytes(1000), 'chat'), baseline: 'baseline-1m' },
  'bedrock-1m': { ...chat(MODELS.bedrock, kilobytesOfProse(1000), 'converse'), baseline: 'baseline-1m' },
  'gemini-1m': { ...chat(MODELS.gemini, kilobytesOfProse(1000), 'gemini'), baseline: 'baseline-1m' },
  'messages-bedrock-stream-1m': { ...messageStream(kilobytesOfProse(1000)), baseline: 'baseline-1m' },
};
