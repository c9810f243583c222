import { openAIError, openAIPassthrough, overriddenBody, prefixedPath } from '../parts/openai/passthrough.js';
import type { Translator } from '../translator.js';

/** @see spec translators.md 7.1 */
export const embeddingsToOpenAI: Translator = {
  start: (input) =>
    openAIPassthrough({
      path: prefixedPath(input.schema.prefix, 'embeddings'),
      body: overriddenBody(input),
      fallbackModel: undefined,
      isUsageExpected: false,
      error: openAIError,
    }),
};
