import { azureResponsesPath } from '../parts/responses/azure-path.js';
import { responsesPassthrough } from '../parts/responses/passthrough.js';
import type { Translator } from '../translator.js';

/** @see spec translators.md 9.2 */
export const responsesToAzureOpenAI: Translator = {
  start: (input) => responsesPassthrough(input, azureResponsesPath(input, 'responses')),
};
