import { azureDeploymentPath } from '../parts/openai/azure-path.js';
import { openAIError, openAIPassthrough } from '../parts/openai/passthrough.js';
import type { Translator } from '../translator.js';

/** Azure takes the deployment from the path, so an override leaves the body alone. @see spec translators.md 5.2 */
export const chatToAzureOpenAI: Translator = {
  start: (input) =>
    openAIPassthrough({
      path: azureDeploymentPath(input, 'chat/completions'),
      body: undefined,
      fallbackModel: input.requestModel,
      isUsageExpected: true,
      error: openAIError,
    }),
};
