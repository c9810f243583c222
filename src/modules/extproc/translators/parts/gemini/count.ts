import { isJsonObject, numberOf, parseJsonLeniently } from '../../../codec/json-value.js';
import { UpstreamAnswerError } from '../../translator.js';

/** What `countTokens` counted. @throws {UpstreamAnswerError} @see spec translators.md 18.2.8 */
export function readTotalTokens(body: Uint8Array): number {
  const value = parseJsonLeniently(body);
  // Protobuf leaves zeros out.
  const count = isJsonObject(value) ? numberOf(value['totalTokens'] ?? 0) : undefined;
  if (count !== undefined && Number.isSafeInteger(count) && count >= 0) return count;
  throw new UpstreamAnswerError('expected a JSON object of countTokens with the number "totalTokens"');
}
