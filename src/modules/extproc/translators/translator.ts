import type { SchemaConfig } from '../../../shared/filter-config/filter-config.js';
import type { TranslationOptions } from '../../../shared/translation-options.js';
import type { TokenUsage } from '../../../shared/token-usage.js';
import type { ParsedRequest } from '../endpoints/endpoint.js';
import type { HeaderSet } from '../header-set.js';
import type { HeaderLookup } from '../wire/header-fields.js';

/** What a cell may ask of the outside world. Tests pass a fixed one. */
export interface TranslatorEnv {
  /** Unix time. */
  nowSeconds(): number;
  /** The prefix and `length` random letters and digits behind it (24 when left out), e.g. `msg_…`. */
  newId(prefix: string, length?: number): string;
  /** What the operator chose. */
  readonly options: TranslationOptions;
}

export interface TranslatorInput {
  /** Shared by all attempts of a request: treat as frozen. */
  readonly request: ParsedRequest;
  /** Override of the chosen backend, else the client's model. */
  readonly requestModel: string;
  readonly hasModelOverride: boolean;
  readonly schema: SchemaConfig;
  /** The client's headers. */
  readonly headers: HeaderLookup;
}

export interface UpstreamRequest {
  /** `:path` on the wire. */
  readonly path: string;
  /** Besides `:path` and `content-length`. */
  readonly sets: readonly HeaderSet[];
  /** Absent: forward the client's bytes. */
  readonly body?: Uint8Array;
  /**
   * Fields of the client that this provider cannot express and does not get, or gets approximated, as JSON paths from the
   * top of the body, e.g. `logit_bias` or `messages[2].name`. Counted and told, never silent. @see Receipt
   */
  readonly dropped: readonly string[];
}

/** Head of the response to an attempt. */
export interface ResponseHead {
  readonly status: number;
  readonly headers: HeaderLookup;
}

/** What a response, or a part of one, told us. Absent members: nothing new. */
export interface ResponseFacts {
  readonly usage?: TokenUsage;
  /** Model that the provider names. */
  readonly model?: string;
}

export interface ClientResponse extends ResponseFacts {
  /** Absent: the provider's bytes go to the client. */
  readonly body?: Uint8Array;
  readonly sets?: readonly HeaderSet[];
}

/** What is known of a response while it passes. */
export interface ResponseWatch {
  readonly facts: ResponseFacts;
  /** True when no later chunk can change the usage: it may be charged before the stream ends. */
  readonly isUsageFinal: boolean;
  /** True when a good status turned out to carry an error event. */
  readonly hasError: boolean;
}

/**
 * Watches a response that goes to the client as it is. The law of all cells: any cut of the same bytes gives the same facts.
 * Memory is bounded whatever the provider sends.
 */
export interface ResponseObserver extends ResponseWatch {
  push(chunk: Uint8Array): void;
  end(): void;
  /** True when something went by that was too long to be read: usage may be missing. */
  readonly hasUnread?: boolean;
}

/**
 * Rewrites a stream for the client. The law of all cells: any cut of the same bytes gives the same output and facts, and
 * whatever the bytes are, the output is a complete stream of the client's dialect. Memory is bounded.
 */
export interface StreamTranslator extends ResponseWatch {
  /** Bytes for the client; empty when nothing is ready. The chunk may be reused after return. */
  push(chunk: Uint8Array): Uint8Array;
  /** The provider's stream is over, complete or not. What closes a complete stream has been given by `push` already where the provider marks its end: bytes given here are lost when HTTP trailers follow. */
  end(): Uint8Array;
}

interface ExchangeBase {
  readonly request: UpstreamRequest;
  /** Reported when the provider names no model; undefined: nothing is reported then. */
  readonly fallbackModel: string | undefined;
  /** The client's view of a response outside 2xx; `body` is decoded. Never throws. */
  error(head: ResponseHead, body: Uint8Array): ClientResponse;
}

/** The client speaks the provider's dialect: a good answer goes through as it is. */
export interface ObservingExchange extends ExchangeBase {
  readonly kind: 'observing';
  /** Starts watching a good response. */
  observe(isStream: boolean, head: ResponseHead): ResponseObserver;
}

/** A good answer is rewritten into the client's dialect. */
export interface TranslatingExchange extends ExchangeBase {
  readonly kind: 'translating';
  /** A good whole answer, with `body` in the result. @throws {UpstreamAnswerError} when it cannot be read: the client gets 502 */
  whole(head: ResponseHead, body: Uint8Array): ClientResponse;
  /** A good streamed answer; asked only when the client asked for a stream. The client gets `text/event-stream`. */
  stream(head: ResponseHead): StreamTranslator;
}

/** Nobody looks at bodies, but for those of errors: a good answer goes through unseen, and tells nothing. */
export interface PassingExchange extends ExchangeBase {
  readonly kind: 'passing';
  /** Good JSON answers are held, and given to the client as this makes them. */
  readonly rewrite?: (answer: Uint8Array) => Uint8Array;
}

/** One attempt at one backend; closes over what the response half needs from the request half. */
export type Exchange = ObservingExchange | TranslatingExchange;

/** One cell of the endpoint × schema matrix. Pure: a retry on another backend is another `start`. */
export interface Translator {
  /**
   * @throws {UserFacingError} when this provider cannot do what the client asks: 422
   * @throws {MalformedRequestError} when the client's request is not of its own API: 400
   */
  start(input: TranslatorInput, env: TranslatorEnv): Exchange;
}

/** A provider said 2xx with a body that is not what its API gives. The message names what was expected, never the body. */
export class UpstreamAnswerError extends Error {
  override readonly name = 'UpstreamAnswerError';
}
