import type { JsonValue } from '../../../codec/json-value.js';
import type { HeaderSet } from '../../../header-set.js';
import type { ClientResponse } from '../../translator.js';
import type { ProviderError } from '../chat/chat-result.js';

const JSON_TYPE: HeaderSet = { name: 'content-type', value: 'application/json' };

/** A ranking as Cohere's own API gives it. */
export function encodeRanking(ranking: {
  readonly id: JsonValue;
  readonly results: readonly JsonValue[];
  readonly meta: JsonValue;
}): ClientResponse {
  return { body: Buffer.from(JSON.stringify(ranking)), sets: [JSON_TYPE] };
}

/** Cohere's shape has a message; the rest tells what else is known. */
export function rerankError({ type, message, status }: ProviderError, sets: readonly HeaderSet[] = []): ClientResponse {
  const error = { type, code: String(status), message };
  return { body: Buffer.from(JSON.stringify({ message, error })), sets: [JSON_TYPE, ...sets] };
}
