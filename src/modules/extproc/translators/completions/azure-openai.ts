import { azureTarget } from '../parts/openai/azure-path.js';
import { withUnaskedUsageHidden } from '../parts/openai/hidden-usage.js';
import { openAIError, openAIPassthrough, overriddenBody } from '../parts/openai/passthrough.js';
import type { Translator } from '../translator.js';

/** As for OpenAI, with the path of Azure. @see spec translators.md section 6 and 18.5, G33 */
export const completionsToAzureOpenAI: Translator = {
  start(input, env) {
    const { path, readsModelFromBody } = azureTarget(input, 'completions');
    const exchange = openAIPassthrough({
      path,
      body: readsModelFromBody ? overriddenBody(input) : undefined,
      fallbackModel: undefined,
      isUsageExpected: false,
      error: openAIError,
    });
    return withUnaskedUsageHidden(exchange, input, env);
  },
};
