import type { HeaderSet } from '../../../header-set.js';
import type { ClientResponse } from '../../translator.js';
import type { ProviderError } from './chat-result.js';

/** The client's view of a provider's error, in OpenAI's shape. @see spec translators.md section 15 */
export function openAIErrorResponse(error: ProviderError, sets: readonly HeaderSet[] = []): ClientResponse {
  return {
    body: Buffer.from(JSON.stringify({ type: 'error', error: openAIErrorOf(error) })),
    sets: [{ name: 'content-type', value: 'application/json' }, ...sets],
  };
}

/** `code` is the HTTP status as text; `param` is there for clients that read it. */
export const openAIErrorOf = ({ type, message, status }: ProviderError) => ({
  type,
  code: String(status),
  message,
  param: null,
});
