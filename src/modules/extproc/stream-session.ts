import type { IncomingHttpHeaders } from 'node:http2';
import type { CallEnd, CallLogic, CallPeer } from '../../platform/grpc/call.js';
import { GrpcError, grpcStatus } from '../../platform/grpc/status.js';
import { FILTER_METADATA_HEADER, headers } from '../../shared/headers.js';
import { peerOf } from './peers/peer-address.js';
import { RELAYED_METADATA_HEADER } from './peers/peer-relay.js';
import type { RequestRecord } from './phases/request-record.js';
import type { Attempt } from './phases/attempt.js';
import { ResponsePhase } from './phases/response-phase.js';
import { parseStatus } from './phases/response-status.js';
import { admitRequest, routeRequest } from './phases/router-phase.js';
import { SessionPhase, SWITCHING_PROTOCOLS } from './phases/session-phase.js';
import { startAttempt } from './phases/upstream-phase.js';
import type { ProcessorContext } from './processor-context.js';
import { decodeProcessingRequest, type HeadersMessage, type ProcessingRequest } from './wire/processing-request.js';
import { emptyAnswer } from './wire/processing-response.js';

/**
 * One ext_proc stream: which message is legal now, and who answers it.
 *
 *   new ─┬─ request_headers (router filter) ─┬─ admitted ─▶ awaiting-body ─ request_body ─▶ routed ─┐
 *        │                                   ├─ routed ───▶ routed (its body passes unseen)
 *        │                                   ├─ answered ─▶ passing (a local reply is on its way)   │
 *        │                                   └─ passed ───▶ passing                                 │
 *        │                     response_headers ─▶ responding ◀─ response_body, response_trailers ◀─┘
 *        ├─ request_headers (upstream filter) ─▶ attempt-sent (nothing else is legal)
 *        └─ anything else ─▶ passing: every message gets an empty answer
 *
 * Envoy shows local replies of other filters, and its own, to the router stream too: response messages are legal in every
 * router state, and are left alone unless an attempt was bound.
 */
export class StreamSession implements CallLogic {
  #state: 'new' | 'awaiting-body' | 'routed' | 'responding' | 'passing' | 'attempt-sent' = 'new';
  #id: string | undefined;
  #record: RequestRecord | undefined;
  #response: { readonly phase: ResponsePhase | SessionPhase; readonly attempt: Attempt } | undefined;

  constructor(
    private readonly context: ProcessorContext,
    private readonly peer: CallPeer,
    private readonly metadata: IncomingHttpHeaders,
  ) {}

  onMessage(buffer: Buffer): void | Promise<void> {
    const message = decodeProcessingRequest(buffer);
    if (this.#state === 'new') return this.#onFirst(message, buffer);
    if (this.#state === 'passing') return this.#pass(message);
    if (this.#state === 'attempt-sent') throw illegal(message, 'an upstream stream has one message');
    switch (message.kind) {
      case 'request_body':
        return this.#onRequestBody(message.body);
      case 'response_headers':
        return this.#onResponseHeaders(message);
      case 'response_body':
        return this.#onResponseBody(message.body, message.endOfStream);
      case 'response_trailers':
        return this.#onResponseTrailers();
      case 'request_trailers':
        return this.#pass(message);
      case 'request_headers':
      case 'unknown':
        throw illegal(message, `state ${this.#state}`);
    }
  }

  onEnd(end: CallEnd, cause?: unknown): void {
    if (this.#id !== undefined) this.context.registry.remove(this.#id);
    this.#stopKeepAlives();
    const attempt = this.#record?.attempt;
    if (attempt && !attempt.isCompleted) {
      if (this.#response?.attempt === attempt) this.#response.phase.abort();
      else attempt.fail('cancelled');
    }
    const span = this.#record?.span;
    if (span) {
      if (end === 'failed') span.failInternally();
      else span.cancel();
    }
    if (end !== 'failed') return;
    // Our own refusals say all in their text; a stack is for what nobody foresaw.
    const fault = cause instanceof GrpcError ? { code: cause.code, reason: cause.message } : { err: cause };
    this.context.logger.error({ ...fault, state: this.#state }, 'ext_proc stream failed');
  }

  #onFirst(message: ProcessingRequest, buffer: Buffer): void | Promise<void> {
    if (message.kind !== 'request_headers') {
      this.#state = 'passing';
      this.#pass(message);
    } else if (this.#isUpstream(message)) {
      this.#state = 'attempt-sent';
      const answer = this.#relay(message, buffer) ?? startAttempt(this.context, message);
      if (answer instanceof Promise) return answer.then((frame) => this.#sendLast(frame));
      this.#sendLast(answer);
    } else {
      this.#onRequestHeaders(message);
    }
    return undefined;
  }

  /** The answer of the replica that holds the request; undefined when that is this one, or nobody can tell. */
  #relay(message: HeadersMessage, buffer: Buffer): Promise<Buffer> | undefined {
    const { peers } = this.context;
    if (peers === undefined || this.metadata[RELAYED_METADATA_HEADER] !== undefined) return undefined;
    const peer = peerOf(message.headers.get(headers.internalRequestId), peers.own);
    if (peer === undefined) return undefined;
    return peers.relay.relay(peer, buffer).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      this.context.logger.error({ reason }, 'cannot pass an upstream stream on to the replica that holds its request');
      return startAttempt(this.context, message);
    });
  }

  /** Ending a stream ourselves is cheaper than Envoy's reset, which Node turns into an Error: 17 of 180 us per request. */
  #sendLast(frame: Buffer): void {
    this.peer.send(frame);
    this.peer.end(grpcStatus.ok);
  }

  /** Told by gRPC metadata of our own xDS; Envoys configured by others ask for attributes on the upstream filter only. */
  #isUpstream(message: HeadersMessage): boolean {
    const told = this.metadata[FILTER_METADATA_HEADER];
    return told === undefined ? message.attributes !== undefined : told === 'upstream';
  }

  #onRequestHeaders(message: HeadersMessage): void {
    const admission = admitRequest(this.context, message);
    if (admission.kind === 'admitted' || admission.kind === 'routed') {
      this.#state = admission.kind === 'admitted' ? 'awaiting-body' : 'routed';
      this.#id = admission.id;
      this.#record = admission.record;
    } else {
      this.#state = 'passing';
    }
    this.peer.send(admission.frame);
    if (admission.kind === 'answered' && admission.isUnknownPath)
      this.peer.end(grpcStatus.notFound, 'unsupported path');
  }

  #onRequestBody(body: Buffer): void {
    if (this.#state !== 'awaiting-body') throw new GrpcError(grpcStatus.invalidArgument, 'a second request body');
    const { frame, isRefused } = routeRequest(this.context, this.#record!, body);
    this.#state = isRefused ? 'passing' : 'routed';
    this.peer.send(frame);
  }

  #onResponseHeaders(message: HeadersMessage): void {
    this.#state = 'responding';
    this.#stopKeepAlives();
    const attempt = this.#record?.attempt;
    if (attempt === undefined || attempt.isAnsweredLocally || attempt.isCompleted) {
      this.#response = undefined;
      // No route, no backend that lives: Envoy's own words, which are not ours to read.
      this.#record?.span?.fail(parseStatus(message.headers.get(':status')), NO_BODY);
      this.peer.send(emptyAnswer('response_headers'));
      return;
    }
    const { endpoint, parsed, passage, span } = this.#record!;
    const observeSession = passage?.endpoint.observeSession;
    if (observeSession && parseStatus(message.headers.get(':status')) === SWITCHING_PROTOCOLS) {
      const session = new SessionPhase(this.context, attempt, endpoint.dialect, observeSession());
      this.#response = { phase: session, attempt };
      this.peer.send(session.onHeaders());
      return;
    }
    const { name, dialect } = endpoint;
    const facts = { endpoint: name, isStreaming: parsed?.isStreaming ?? false, dialect, span };
    const phase = new ResponsePhase(this.context, attempt, facts, this.peer);
    this.#response = { phase, attempt };
    this.peer.send(phase.onHeaders(message));
    // Nothing of a body that passes unseen comes here: all has been said.
    if (attempt.exchange?.kind === 'passing' && attempt.isCompleted) this.peer.end(grpcStatus.ok);
  }

  #stopKeepAlives(): void {
    if (this.#response?.phase instanceof ResponsePhase) this.#response.phase.stopKeepAlives();
  }

  #onResponseBody(body: Buffer, endOfStream: boolean): void | Promise<void> {
    if (this.#response === undefined) {
      this.peer.send(emptyAnswer('response_body'));
      return undefined;
    }
    const answer = this.#response.phase.onBody(body, endOfStream);
    if (answer instanceof Promise) return answer.then((frame) => this.#sendBodyAnswer(frame, endOfStream));
    this.#sendBodyAnswer(answer, endOfStream);
    return undefined;
  }

  #sendBodyAnswer(frame: Buffer, isLast: boolean): void {
    this.peer.send(frame);
    if (isLast) this.peer.end(grpcStatus.ok);
  }

  async #onResponseTrailers(): Promise<void> {
    const frames = (await this.#response?.phase.onTrailers()) ?? [emptyAnswer('response_trailers')];
    for (const frame of frames) this.peer.send(frame);
  }

  #pass(message: ProcessingRequest): void {
    if (message.kind === 'unknown') throw illegal(message, 'pass-through');
    this.peer.send(emptyAnswer(message.kind));
  }
}

const NO_BODY = new Uint8Array();

const illegal = (message: ProcessingRequest, where: string) =>
  new GrpcError(grpcStatus.invalidArgument, `unexpected message ${message.kind}: ${where}`);
