import { azureResponsesPath } from '../parts/responses/azure-path.js';
import { inputTokensPassthrough } from '../parts/responses/passthrough.js';
import type { Translator } from '../translator.js';

/** @see spec translators.md 9.3 */
export const inputTokensToAzureOpenAI: Translator = {
  start: (input) => inputTokensPassthrough(input, azureResponsesPath(input, 'responses/input_tokens')),
};
