import { errorTypesBy } from '../parts/messages/anthropic-error.js';
import { chatExchange } from '../parts/messages/chat-exchange.js';
import { prefixedPath } from '../parts/openai/passthrough.js';
import type { Translator } from '../translator.js';

/** @see spec translators.md 11.5 */
export const messagesToOpenAI: Translator = {
  start: (input, env) =>
    chatExchange(input, env, {
      path: prefixedPath(input.schema.prefix, 'chat/completions'),
      errorTypeOf: errorTypesBy(env.options),
    }),
};
