import { errorTypesBy, passedError } from '../parts/messages/anthropic-error.js';
import { versionHeader } from '../parts/messages/anthropic-version.js';
import { countObserver } from '../parts/messages/observed-answer.js';
import { overriddenBody, prefixedPath } from '../parts/openai/passthrough.js';
import type { Translator } from '../translator.js';

/** The client's bytes and headers go through, below the schema's prefix (translators.md G23). @see spec translators.md section 12 */
export const countTokensToAnthropic: Translator = {
  start(input, env) {
    const body = overriddenBody(input);
    const path = prefixedPath(input.schema.prefix, 'messages/count_tokens');
    return {
      kind: 'observing',
      request: { path, sets: versionHeader(input), dropped: [], ...(body ? { body } : {}) },
      fallbackModel: undefined,
      observe: countObserver,
      error: (head, answer) => passedError(head, answer, errorTypesBy(env.options)),
    };
  },
};
