// What is sent and what the provider answers. Small chats have 14 words in and 40 out, a stream has 202 events.
import { gzipSync } from 'node:zlib';

const chunk = (more) =>
  `data: ${JSON.stringify({ id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'm', ...more })}\n\n`;
const usage = (output) => ({ prompt_tokens: 10, completion_tokens: output, total_tokens: 10 + output });

export const CHAT_ANSWER = JSON.stringify({
  id: 'c1',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'hello '.repeat(40) } }],
  usage: usage(40),
});
export const GZIP_ANSWER = gzipSync(CHAT_ANSWER);
export const STREAM_ANSWER = [
  ...Array.from({ length: 200 }, (_, index) => chunk({ choices: [{ index: 0, delta: { content: `tok${index} ` } }] })),
  chunk({ choices: [], usage: usage(200) }),
  'data: [DONE]\n\n',
].join('');

export const MODEL = 'gpt-4o';
const chat = (messages, more = {}) => JSON.stringify({ model: MODEL, messages, ...more });
const paragraphs = (count) => Array.from({ length: count }, () => ({ role: 'user', content: 'A'.repeat(1000) }));
const SMALL = chat(
  [
    { role: 'system', content: 'be brief' },
    { role: 'user', content: 'hello there, how are you?' },
  ],
  { temperature: 0.2 },
);

/**
 * By name. `answer` chooses what the provider plays, `expects` is in every good answer. `baseline` is the case that takes
 * the same request past the processor; cases without one are such. A large body costs Envoy more too.
 */
export const CASES = {
  baseline: { body: SMALL, answer: 'chat', expects: 'hello' },
  small: { body: SMALL, answer: 'chat', expects: 'hello', baseline: 'baseline' },
  '10k': { body: chat(paragraphs(10)), answer: 'chat', expects: 'hello', baseline: 'baseline' },
  stream: {
    body: chat([{ role: 'user', content: 'hello there' }], { stream: true, stream_options: { include_usage: true } }),
    answer: 'stream',
    expects: 'tok199',
    baseline: 'baseline',
  },
  gzip: { body: SMALL, answer: 'gzip', expects: 'hello', baseline: 'baseline' },
  'baseline-1m': { body: chat(paragraphs(1000)), answer: 'chat', expects: 'hello' },
  '1m': { body: chat(paragraphs(1000)), answer: 'chat', expects: 'hello', baseline: 'baseline-1m' },
};
