import { isJsonObject, numberOf, parseJsonLeniently, type JsonObject } from '../../../codec/json-value.js';
import { UpstreamAnswerError } from '../../translator.js';

/** What `countTokens` counted. @throws {UpstreamAnswerError} @see spec translators.md 18.2.8 */
export function readTotalTokens(body: Uint8Array): number {
  const value = parseJsonLeniently(body);
  const count = isJsonObject(value) ? numberOf(value['totalTokens'] ?? zeroOf(value)) : undefined;
  if (count !== undefined && Number.isSafeInteger(count) && count >= 0) return count;
  throw new UpstreamAnswerError('expected a JSON object of countTokens with the number "totalTokens"');
}

/** Protobuf leaves zeros out, and then there is nothing else to tell; other members are those of another API, or of an error. */
const zeroOf = (answer: JsonObject) => (Object.keys(answer).length === 0 ? 0 : undefined);
