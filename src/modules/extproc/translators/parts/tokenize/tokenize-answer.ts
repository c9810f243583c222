import type { ClientResponse } from '../../translator.js';

/**
 * The answer of `/tokenize` of providers that count and do not tell the tokens; the count is input tokens too
 * (translators.md G39).
 */
export const encodeTokenizeAnswer = (count: number): ClientResponse => ({
  body: Buffer.from(JSON.stringify({ count })),
  sets: [{ name: 'content-type', value: 'application/json' }],
  usage: { inputTokens: count },
});
