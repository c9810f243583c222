import { prefixedPath } from '../parts/openai/passthrough.js';
import { responsesPassthrough } from '../parts/responses/passthrough.js';
import type { Translator } from '../translator.js';

/** @see spec translators.md 9.1 */
export const responsesToOpenAI: Translator = {
  start: (input) => responsesPassthrough(input, prefixedPath(input.schema.prefix, 'responses')),
};
