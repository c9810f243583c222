import type { ObservingExchange, TranslatorInput } from '../../translator.js';
import { openAIError, overriddenBody } from '../openai/passthrough.js';
import { ResponsesStreamObserver, WholeObserver, readInputTokens, readResponse } from './observe.js';

/** An exchange of `/v1/responses` that sends the client's bytes, watches the answer and leaves it alone. */
export const responsesPassthrough = (input: TranslatorInput, path: string): ObservingExchange => ({
  ...sending(input, path),
  fallbackModel: input.requestModel,
  observe: (isStream) => (isStream ? new ResponsesStreamObserver() : new WholeObserver(readResponse)),
});

/** The same for `/v1/responses/input_tokens`, whose answers name no model. */
export const inputTokensPassthrough = (input: TranslatorInput, path: string): ObservingExchange => ({
  ...sending(input, path),
  fallbackModel: undefined,
  observe: () => new WholeObserver(readInputTokens),
});

function sending(input: TranslatorInput, path: string) {
  const body = overriddenBody(input);
  return {
    kind: 'observing',
    request: { path, sets: [], dropped: [], ...(body ? { body } : {}) },
    error: openAIError,
  } as const;
}
