import { fixedEnv, playStream, responseHead, startCell, type Frame } from './cell.js';

type CellEndpoint = 'chat-completions' | 'messages';

export const HEAD = responseHead(200, { 'x-amzn-requestid': 'req-1' });

/** A cell of Bedrock's Converse, started. */
export function exchangeOf(endpoint: CellEndpoint, isStreaming: boolean, members: object = {}) {
  const exchange = startCell(
    endpoint,
    'AWSBedrock',
    {
      body: JSON.stringify({
        model: 'm',
        max_tokens: 9,
        stream: isStreaming,
        messages: [{ role: 'user', content: 'hi' }],
        ...members,
      }),
    },
    fixedEnv(),
  );
  if (exchange.kind !== 'translating') throw new Error('expected a translating exchange');
  return exchange;
}

export const wholeAnswer = (endpoint: CellEndpoint, answer: string | object, members: object = {}) =>
  Buffer.from(
    exchangeOf(endpoint, false, members).whole(
      HEAD,
      Buffer.from(typeof answer === 'string' ? answer : JSON.stringify(answer)),
    ).body!,
  ).toString();

export const play = (endpoint: CellEndpoint, bytes: readonly Uint8Array[], members: object = {}) =>
  playStream(exchangeOf(endpoint, true, members), bytes, HEAD);

/** A whole answer of Converse. */
export const answer = (content: readonly unknown[], stopReason: string | null = 'end_turn') => ({
  output: { message: { role: 'assistant', content } },
  stopReason,
  usage: USAGE,
});

const USAGE = { inputTokens: 3, outputTokens: 4, totalTokens: 12, cacheReadInputTokens: 5 };
export const delta = (contentBlockIndex: number, value: unknown): Frame => ({
  type: 'contentBlockDelta',
  payload: { contentBlockIndex, delta: value },
});
export const START: Frame = { type: 'messageStart', payload: { role: 'assistant' } };
export const STOP: Frame = { type: 'messageStop', payload: { stopReason: 'end_turn' } };
export const METADATA: Frame = { type: 'metadata', payload: { usage: USAGE } };

export type Json = Record<string, unknown>;

/** The data of a client's events, without the done marker. */
export const dataOf = (text: string): readonly Json[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice('data: '.length)) as Json);

export const deltasOf = (text: string): readonly Json[] =>
  dataOf(text).flatMap(({ choices }) => (choices as { delta: Json }[]).map((choice) => choice.delta));
