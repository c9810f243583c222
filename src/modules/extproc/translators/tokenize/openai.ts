import { readJson } from '../../codec/json-scan.js';
import { counterOf, scanLeniently } from '../../codec/usage.js';
import { openAIError, overriddenBody } from '../parts/openai/passthrough.js';
import { WholeObserver } from '../parts/responses/observe.js';
import type { ResponseFacts, Translator } from '../translator.js';

/** vLLM serves `/tokenize` at the root, whatever the prefix of its API. @see spec translators.md section 13 */
export const tokenizeToOpenAI: Translator = {
  start(input) {
    const body = overriddenBody(input);
    return {
      kind: 'observing',
      request: { path: '/tokenize', sets: [], dropped: [], ...(body ? { body } : {}) },
      fallbackModel: input.requestModel,
      observe: () => new WholeObserver(readCount),
      error: openAIError,
    };
  },
};

/** The counted tokens are input tokens (translators.md G39). */
function readCount(body: Uint8Array): ResponseFacts {
  const range = scanLeniently(body, ['count'])?.get('count')?.at(-1);
  const inputTokens = range && counterOf(readJson(body, range));
  return inputTokens === undefined ? {} : { usage: { inputTokens } };
}
