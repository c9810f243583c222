import { anthropicErrorType } from '../parts/messages/anthropic-error.js';
import { chatExchange } from '../parts/messages/chat-exchange.js';
import { azureTarget } from '../parts/openai/azure-path.js';
import type { Translator } from '../translator.js';

/** As OpenAI, at Azure's paths (translators.md G33). */
export const messagesToAzureOpenAI: Translator = {
  start: (input, env) =>
    chatExchange(input, env, {
      path: azureTarget(input, 'chat/completions').path,
      errorTypeOf: anthropicErrorType,
    }),
};
