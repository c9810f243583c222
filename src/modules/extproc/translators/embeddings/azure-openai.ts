import { azureTarget } from '../parts/openai/azure-path.js';
import { openAIError, openAIPassthrough, overriddenBody } from '../parts/openai/passthrough.js';
import type { Translator } from '../translator.js';

/** As for OpenAI, with the deployment in the path; an override goes into the body too. @see spec translators.md 7.2 */
export const embeddingsToAzureOpenAI: Translator = {
  start: (input) =>
    openAIPassthrough({
      path: azureTarget(input, 'embeddings').path,
      body: overriddenBody(input),
      fallbackModel: undefined,
      isUsageExpected: false,
      error: openAIError,
    }),
};
