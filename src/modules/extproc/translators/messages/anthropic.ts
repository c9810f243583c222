import { errorTypesBy, passedError } from '../parts/messages/anthropic-error.js';
import { AnthropicStreamObserver, AnthropicWholeObserver } from '../parts/anthropic/observe.js';
import { versionHeader } from '../parts/messages/anthropic-version.js';
import { overriddenBody, prefixedPath } from '../parts/openai/passthrough.js';
import type { Translator } from '../translator.js';

/** The client's bytes and headers go through. @see spec translators.md 11.1 */
export const messagesToAnthropic: Translator = {
  start(input, env) {
    const body = overriddenBody(input);
    const path = prefixedPath(input.schema.prefix, 'messages');
    return {
      kind: 'observing',
      request: { path, sets: versionHeader(input), dropped: [], ...(body ? { body } : {}) },
      fallbackModel: input.requestModel,
      observe: (isStream) => (isStream ? new AnthropicStreamObserver() : new AnthropicWholeObserver()),
      error: (head, answer) => passedError(head, answer, errorTypesBy(env.options)),
    };
  },
};
