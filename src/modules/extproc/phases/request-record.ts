import type { Endpoint, ParsedRequest } from '../endpoints/endpoint.js';
import type { AnswerRewrite, BodyModel, ModelOfBody, PassedEndpoint } from '../endpoints/passed-endpoint.js';
import type { HeaderSet } from '../header-set.js';
import type { RuntimeConfig } from '../runtime-config/runtime-config.js';
import type { RequestSpan } from '../tracing/request-span.js';
import type { HeaderFields } from '../wire/header-fields.js';
import type { Attempt } from './attempt.js';

/**
 * One client request, from its router stream's first message to the end of that stream. The upstream phase gets it as an
 * argument and adds attempts; body and headers in it are shared by all attempts and never change.
 */
export interface RequestRecord {
  readonly endpoint: Endpoint | PassedEndpoint;
  /** Of a {@link PassedEndpoint}, and only of one. */
  readonly passage: Passage | undefined;
  /** Captured when the request came in; costs and model list do not change under a request. */
  readonly config: RuntimeConfig;
  /** Headers of the client as Envoy shows them at the router filter. */
  readonly clientHeaders: HeaderFields;
  /** `:path` with query. */
  readonly path: string;
  /** Authentication that Envoy applied: that of its first route match, before the model was known. */
  readonly appliedAuthDomain: string | undefined;
  /** Set by the body phase; an attempt is impossible before. */
  parsed: ParsedRequest | undefined;
  /** Set by the body phase when the request is traced and sampled. */
  span: RequestSpan | undefined;
  attemptCount: number;
  /** The latest attempt: the one whose response will come. */
  attempt: Attempt | undefined;
  /** Whether metadata already hold the receipt of an earlier attempt: nothing there goes away, it is only overwritten. */
  hasReceipt: boolean;
  /** What our attempts did to the header map that all of them share. */
  readonly edits: HeaderEdits[];
}

/** What one attempt did to the request headers. */
export interface HeaderEdits {
  readonly sets: readonly HeaderSet[];
  readonly removes: readonly string[];
  /** Names that must not come back for a later attempt: credentials for the gateway itself. */
  readonly withheld: readonly string[];
}

/** A request whose body goes by unseen, or was looked at for its model alone. */
export interface Passage {
  readonly endpoint: PassedEndpoint;
  /** Below the vendor prefix, with the client's ids, without query; begins with `/v1/`. */
  readonly path: string;
  /** False when the request ended with its head. */
  readonly hasBody: boolean;
  /** Set when the body has to name the model. */
  readonly modelOfBody: ModelOfBody | undefined;
  /** Set when good answers are rewritten. */
  readonly rewrite: AnswerRewrite | undefined;
  /** Undefined until the body was read, where the head does not name it. */
  model: string | undefined;
  /** Set by the body phase, where there is one: the client's bytes, shared by all attempts. */
  content: (BodyModel & { readonly body: Uint8Array }) | undefined;
}
