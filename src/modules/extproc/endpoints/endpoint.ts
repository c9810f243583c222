import type { ByteRange } from '../codec/json-scan.js';
import type { JsonObject } from '../codec/json-value.js';
import type { MultipartForm } from '../codec/multipart.js';
import type { Dialect } from '../phases/error-dialect.js';

/** API paths that clients call and that reach a backend. Each is one row of the matrix. */
export const ENDPOINT_NAMES = [
  'chat-completions',
  'completions',
  'embeddings',
  'responses',
  'input-tokens',
  'images-generations',
  'images-edits',
  'images-variations',
  'speech',
  'transcriptions',
  'audio-translations',
  'moderations',
  'tokenize',
  'messages',
  'count-tokens',
  'rerank',
] as const;
export type EndpointName = (typeof ENDPOINT_NAMES)[number];

/** What the router phase needs of a request body. */
export interface ParsedRequest {
  /** Original model; empty when the body names none (routing then finds no route). */
  readonly model: string;
  readonly isStreaming: boolean;
  /** The client's bytes, with forced usage spliced in where that applies. Shared by all attempts: never written to. */
  readonly body: Uint8Array;
  /** True when `body` is not what Envoy holds, so that even an unchanged one must be sent. */
  readonly isRewritten: boolean;
  /** Where the values of `model` lie in `body`, all occurrences. */
  readonly modelRanges: readonly ByteRange[];
  /**
   * `body` as a value, for cells that translate: built at the first call and shared by all attempts, so nobody may change it.
   * @throws {MalformedRequestError} when the body is no JSON object
   */
  document(): JsonObject;
  /** The form of a multipart body; undefined for JSON. `modelRanges` is empty then. */
  readonly form?: MultipartForm;
}

export interface ParseContext {
  readonly contentType: string | undefined;
  /** True when token usage must be known: ask the provider for it in streams. */
  readonly forcesUsage: boolean;
}

/** One endpoint: how its requests are read and its errors written. */
export interface Endpoint {
  readonly name: EndpointName;
  readonly vendor: 'openai' | 'cohere' | 'anthropic';
  /** Path below the vendor prefix. */
  readonly path: string;
  /** `gen_ai.operation.name`. @see spec observability.md 3.3 */
  readonly operation: string;
  readonly dialect: Dialect;
  /** Throws UserFacingError for what the client did wrong (400). */
  parse(body: Uint8Array, context: ParseContext): ParsedRequest;
}
