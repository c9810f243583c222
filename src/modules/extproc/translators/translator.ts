import type { SchemaConfig } from '../../../shared/filter-config/filter-config.js';
import type { TokenUsage } from '../../../shared/token-usage.js';
import type { ParsedRequest } from '../endpoints/endpoint.js';
import type { HeaderSet } from '../header-set.js';

export interface TranslatorInput {
  /** Shared by all attempts of a request: treat as frozen. */
  readonly request: ParsedRequest;
  /** Override of the chosen backend, else the client's model. */
  readonly requestModel: string;
  readonly hasModelOverride: boolean;
  readonly schema: SchemaConfig;
}

export interface UpstreamRequest {
  /** `:path` on the wire. */
  readonly path: string;
  /** Besides `:path` and `content-length`. */
  readonly sets: readonly HeaderSet[];
  /** Absent: forward the client's bytes. */
  readonly body?: Uint8Array;
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

/**
 * Watches a response that goes to the client as it is. The law of all cells: any cut of the same bytes gives the same facts.
 * Memory is bounded whatever the provider sends.
 */
export interface ResponseObserver {
  push(chunk: Uint8Array): void;
  end(): void;
  readonly facts: ResponseFacts;
  /** True when no later chunk can change the usage: it may be charged before the stream ends. */
  readonly isUsageFinal: boolean;
  /** True when a good status turned out to carry an error event. */
  readonly hasError: boolean;
}

/** One attempt at one backend; closes over what the response half needs from the request half. */
export interface Exchange {
  readonly request: UpstreamRequest;
  /** Reported when the provider names no model; undefined: nothing is reported then. */
  readonly fallbackModel: string | undefined;
  /** Starts watching a good response. */
  observe(isStream: boolean): ResponseObserver;
  /** The client's view of a response outside 2xx; `body` is decoded. */
  error(status: number, contentType: string | undefined, body: Uint8Array): ClientResponse;
}

/** One cell of the endpoint × schema matrix. Pure: a retry on another backend is another `start`. */
export interface Translator {
  start(input: TranslatorInput): Exchange;
}
