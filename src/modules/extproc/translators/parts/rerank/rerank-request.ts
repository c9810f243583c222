import type { JsonObject } from '../../../codec/json-value.js';
import { Receipt } from '../../receipt.js';
import { malformed, optionalInteger, requiredArray, requiredString } from '../request-fields.js';

/** A request to rank in Cohere's shape, for providers with another one. @see spec translators.md section 14 */
export interface RerankRequest {
  readonly query: string;
  readonly documents: readonly string[];
  /** How many results the client wants; undefined: all. */
  readonly topN: number | undefined;
  /** Members that the provider does not get. */
  readonly dropped: readonly string[];
}

const HANDLED = new Set(['model', 'query', 'documents', 'top_n']);

/** @throws {MalformedRequestError} 400 */
export function readRerankRequest(document: JsonObject): RerankRequest {
  const receipt = new Receipt();
  for (const [name, value] of Object.entries(document)) if (value !== null && !HANDLED.has(name)) receipt.drop(name);
  const topN = optionalInteger(document, 'top_n', '');
  const documents = requiredArray(document, 'documents', '').map((item, index) => {
    if (typeof item !== 'string') throw malformed(`documents[${index}]`, 'a string', item);
    return item;
  });
  return { query: requiredString(document, 'query', ''), documents, topN, dropped: receipt.dropped };
}
