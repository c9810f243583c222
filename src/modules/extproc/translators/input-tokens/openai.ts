import { prefixedPath } from '../parts/openai/passthrough.js';
import { inputTokensPassthrough } from '../parts/responses/passthrough.js';
import type { Translator } from '../translator.js';

/** @see spec translators.md 9.3 */
export const inputTokensToOpenAI: Translator = {
  start: (input) => inputTokensPassthrough(input, prefixedPath(input.schema.prefix, 'responses/input_tokens')),
};
