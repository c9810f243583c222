import { openAIError, openAIPassthrough, overriddenBody, prefixedPath } from '../parts/openai/passthrough.js';
import type { Translator } from '../translator.js';

/** Answers tell a model and no usage. @see spec translators.md G33 */
export const moderationsToOpenAI: Translator = {
  start: (input) =>
    openAIPassthrough({
      path: prefixedPath(input.schema.prefix, 'moderations'),
      body: overriddenBody(input),
      fallbackModel: input.requestModel,
      isUsageExpected: false,
      error: openAIError,
    }),
};
