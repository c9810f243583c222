import { withUnaskedUsageHidden } from '../parts/openai/hidden-usage.js';
import { openAIError, openAIPassthrough, overriddenBody, prefixedPath } from '../parts/openai/passthrough.js';
import type { Translator } from '../translator.js';

/** No model is reported when the provider names none. @see spec translators.md section 6; of errors, decision 20 */
export const completionsToOpenAI: Translator = {
  start: (input, env) =>
    withUnaskedUsageHidden(
      openAIPassthrough({
        path: prefixedPath(input.schema.prefix, 'completions'),
        body: overriddenBody(input),
        fallbackModel: undefined,
        isUsageExpected: false,
        error: openAIError,
      }),
      input,
      env,
    ),
};
