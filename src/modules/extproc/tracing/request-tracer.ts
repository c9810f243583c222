import {
  ROOT_CONTEXT,
  trace,
  type Attributes,
  type Span,
  type SpanKind,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
  type Tracer,
} from '@opentelemetry/api';
import type { Logger } from 'pino';
import type { HeaderAttributes } from '../../../shared/header-attributes.js';
import { isJsonObject, parseJsonLeniently, type JsonObject } from '../codec/json-value.js';
import type { EndpointName, ParsedRequest } from '../endpoints/endpoint.js';
import type { HeaderSet } from '../header-set.js';
import { MalformedRequestError } from '../request-error.js';
import { mappedLabels } from '../telemetry/mapped-labels.js';
import type { HeaderLookup } from '../wire/header-fields.js';
import { RequestSpan } from './request-span.js';
import type { SpanConvention, TracedRequest } from './span-convention.js';

export interface RequestTracerParts {
  readonly tracer: Tracer;
  readonly propagator: TextMapPropagator;
  readonly convention: SpanConvention;
  /** Request header → span attribute. */
  readonly headerAttributes: HeaderAttributes;
  readonly logger: Logger;
}

/** A client request whose body was read. */
export interface TraceableRequest {
  readonly endpoint: EndpointName;
  readonly headers: HeaderLookup;
  readonly parsed: ParsedRequest;
  /** As the client sent it. */
  readonly body: Uint8Array;
}

/** A client request that is answered by us before it could be read. */
export type UnreadableRequest = Omit<TraceableRequest, 'parsed'>;

export interface StartedTrace {
  /** Undefined when the request is not sampled. */
  readonly span: RequestSpan | undefined;
  /** The context for whoever gets the request next; they overwrite what the client sent. */
  readonly sets: readonly HeaderSet[];
  /** Headers of the client's context that are not true of ours. */
  readonly removes: readonly string[];
}

const GETTER: TextMapGetter<HeaderLookup> = {
  get: (headers, name) => headers.get(name.toLowerCase()),
  keys: () => [],
};
const SETTER: TextMapSetter<HeaderSet[]> = {
  set: (sets, name, value) => void sets.push({ name: name.toLowerCase(), value }),
};
/** Of a client whose context is not continued this is still true. */
const BAGGAGE = 'baggage';

/** Begins the span of each client request. @see spec observability.md 4.1 */
export class RequestTracer {
  readonly #kind: SpanKind;
  /** Headers that belong to one context, so that none of another one may stay. */
  readonly #contextHeaders: readonly string[];

  constructor(private readonly parts: RequestTracerParts) {
    // Needed before it is known whether the attributes are wanted; a convention has one kind for all its spans.
    this.#kind = parts.convention.start(NO_REQUEST).kind;
    const names = parts.propagator.fields().map((name) => name.toLowerCase());
    this.#contextHeaders = names.filter((name) => name !== BAGGAGE);
  }

  start({ endpoint, headers, parsed, body }: TraceableRequest): StartedTrace {
    const { tracer, propagator } = this.parts;
    const parent = propagator.extract(ROOT_CONTEXT, headers, GETTER);
    const span = tracer.startSpan(endpoint, { kind: this.#kind }, parent);
    const sets: HeaderSet[] = [];
    propagator.inject(trace.setSpan(parent, span), sets, SETTER);
    const isSet = (name: string) => sets.some((set) => set.name === name);
    const removes = this.#contextHeaders.filter((name) => headers.has(name) && !isSet(name));
    // The request of an unsampled trace is not even parsed.
    if (!span.isRecording()) return { span: undefined, sets, removes };
    return { span: this.#record(span, tracedRequest(endpoint, parsed, body), headers), sets, removes };
  }

  /** The whole span of a request whose body is none of its endpoint: nobody else gets its context. */
  refuse({ endpoint, headers, body }: UnreadableRequest, reply: { readonly status: number; body: Uint8Array }): void {
    const { tracer, propagator } = this.parts;
    const span = tracer.startSpan(endpoint, { kind: this.#kind }, propagator.extract(ROOT_CONTEXT, headers, GETTER));
    if (!span.isRecording()) return;
    const request = { ...NO_REQUEST, endpoint, body, document: () => lenientDocument(body) };
    this.#record(span, request, headers).fail(reply.status, reply.body);
  }

  #record(span: Span, request: TracedRequest, headers: HeaderLookup): RequestSpan {
    const { name, attributes } = this.#describe(request);
    span.updateName(name);
    span.setAttributes(attributes);
    span.setAttributes(mappedLabels(this.parts.headerAttributes, headers));
    return new RequestSpan(span, this.parts.convention, request, this.parts.logger);
  }

  #describe(request: TracedRequest): { readonly name: string; readonly attributes: Attributes } {
    try {
      return this.parts.convention.start(request);
    } catch (error) {
      this.parts.logger.error({ err: error, endpoint: request.endpoint }, 'a tracing convention failed');
      return { name: request.endpoint, attributes: {} };
    }
  }
}

function tracedRequest(endpoint: EndpointName, parsed: ParsedRequest, body: Uint8Array): TracedRequest {
  let document: JsonObject | undefined;
  return {
    endpoint,
    model: parsed.model,
    isStreaming: parsed.isStreaming,
    body,
    form: parsed.form,
    document: () => (document ??= documentOf(parsed, body)),
  };
}

/** The value that translators read too, unless we spliced something in that the client did not send. */
function documentOf(parsed: ParsedRequest, body: Uint8Array): JsonObject {
  if (parsed.isRewritten) return lenientDocument(body);
  try {
    return parsed.document();
  } catch (error) {
    if (error instanceof MalformedRequestError && parsed.form === undefined) return {};
    throw error;
  }
}

function lenientDocument(body: Uint8Array): JsonObject {
  const value = parseJsonLeniently(body);
  return isJsonObject(value) ? value : {};
}

const NO_REQUEST: TracedRequest = {
  endpoint: 'chat-completions',
  model: '',
  isStreaming: false,
  body: Buffer.from('{}'),
  document: () => ({}),
  form: undefined,
};
