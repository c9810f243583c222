import { withUnaskedUsageHidden } from '../parts/openai/hidden-usage.js';
import { openAIError, openAIPassthrough, overriddenBody, prefixedPath } from '../parts/openai/passthrough.js';
import type { Translator } from '../translator.js';

/** @see spec translators.md 5.1 */
export const chatToOpenAI: Translator = {
  start: (input, env) =>
    withUnaskedUsageHidden(
      openAIPassthrough({
        path: prefixedPath(input.schema.prefix, 'chat/completions'),
        body: overriddenBody(input),
        fallbackModel: input.requestModel,
        isUsageExpected: true,
        error: openAIError,
      }),
      input,
      env,
    ),
};
