import type { Attributes, SpanKind } from '@opentelemetry/api';
import type { EndpointName } from '../endpoints/endpoint.js';
import type { JsonObject } from '../codec/json-value.js';
import type { MultipartForm } from '../codec/multipart.js';

/** A client request as a convention sees it: never after translation, so model names are those before an override. */
export interface TracedRequest {
  readonly endpoint: EndpointName;
  /** Empty when the body names none. */
  readonly model: string;
  readonly isStreaming: boolean;
  /** The bytes that the client sent. */
  readonly body: Uint8Array;
  /**
   * `body` as JSON; shared, so nobody may change it. Without members when it is too much to be built.
   * @throws {MalformedRequestError} for a form
   */
  document(): JsonObject;
  /** Of a multipart body; undefined for JSON. */
  readonly form: MultipartForm | undefined;
}

/**
 * A good answer in the client's dialect, as the client gets it. Streams are folded into what their whole answer would have
 * been (observability.md 4.5).
 */
export type TracedAnswer =
  | { readonly kind: 'json'; readonly document: JsonObject; readonly text: string }
  /** Transcripts and translations that are no JSON. */
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'binary'; readonly sizeBytes: number };

/** An answer that is not good. */
export interface TracedFailure {
  /** Status that the client gets; undefined for a request that ended without one (client gone, internal fault). */
  readonly status: number | undefined;
  /** Body that the client gets, decoded, valid UTF-8 and bounded; empty when there is none. */
  readonly body: string;
  /**
   * What happened, where no status tells it: the client left or a connection broke, a good status with an error event in
   * its stream (`body` is that event), a fault of our own.
   */
  readonly reason?: 'cancelled' | 'error-event' | 'internal';
}

export interface SpanEvent {
  readonly name: string;
  readonly attributes?: Attributes;
}

/**
 * What one semantic convention writes: pure functions of plain data. Values are bounded by the caller's span limits only,
 * so a convention records nothing that grows with the number of stream chunks.
 */
export interface SpanConvention {
  /** Name, kind and attributes, in the order in which they are set. @see spec observability.md 4.2, 4.3, 5 */
  start(request: TracedRequest): { readonly name: string; readonly kind: SpanKind; readonly attributes: Attributes };
  /** When the backend is known; the last attempt wins. `provider` as in observability.md 3.4. */
  backend(provider: string): Attributes;
  answer(request: TracedRequest, answer: TracedAnswer): Attributes;
  /** `description` is the message of the Error status. */
  failure(failure: TracedFailure): {
    readonly attributes: Attributes;
    readonly events: readonly SpanEvent[];
    readonly description: string;
  };
  /** Event at the arrival of the first chunk of a stream, if the convention has one for the endpoint. */
  firstChunkEvent(endpoint: EndpointName): SpanEvent | undefined;
  /** Event at the end of a stream that said that it was complete. */
  completedEvent(endpoint: EndpointName): SpanEvent | undefined;
  /** Whether the SDK's limit of 128 attributes is lifted for its spans (observability.md 4.1). */
  readonly hasUnlimitedAttributes: boolean;
}
