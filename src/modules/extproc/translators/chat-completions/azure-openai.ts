import { azureTarget } from '../parts/openai/azure-path.js';
import { withUnaskedUsageHidden } from '../parts/openai/hidden-usage.js';
import { openAIError, openAIPassthrough, overriddenBody } from '../parts/openai/passthrough.js';
import type { Translator } from '../translator.js';

/** Azure takes the deployment from the path, so an override leaves the body alone. @see spec translators.md 5.2 */
export const chatToAzureOpenAI: Translator = {
  start(input, env) {
    const { path, readsModelFromBody } = azureTarget(input, 'chat/completions');
    const exchange = openAIPassthrough({
      path,
      body: readsModelFromBody ? overriddenBody(input) : undefined,
      fallbackModel: input.requestModel,
      isUsageExpected: true,
      error: openAIError,
    });
    return withUnaskedUsageHidden(exchange, input, env);
  },
};
