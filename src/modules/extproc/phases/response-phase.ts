import type { CallPeer } from '../../../platform/grpc/call.js';
import { headers as headerNames } from '../../../shared/headers.js';
import { parseContentEncoding, type ContentCoding } from '../codec/content-encoding.js';
import { EVENT_STREAM, isJsonType, mediaTypeOf } from '../codec/media-type.js';
import type { EndpointName } from '../endpoints/endpoint.js';
import type { PassedEndpointName } from '../endpoints/passed-endpoint.js';
import type { HeaderSet } from '../header-set.js';
import type { ProcessorContext } from '../processor-context.js';
import type { RequestSpan } from '../tracing/request-span.js';
import type { ClientResponse, PassingExchange, ResponseHead } from '../translators/translator.js';
import type { HeadersMessage } from '../wire/processing-request.js';
import {
  emptyAnswer,
  encodeAnswer,
  encodeLocalReply,
  encodeTrailersAnswer,
  type CommonAnswer,
  type DynamicMetadata,
  type LocalReply,
} from '../wire/processing-response.js';
import type { Attempt, Timing } from './attempt.js';
import type { BodyPlan, Unusable } from './body-plan.js';
import type { Dialect } from './error-dialect.js';
import { HeldAnswer } from './held-answer.js';
import type { KeptAlive } from './keep-alive.js';
import { errorReply } from './local-reply.js';
import { EMPTY_BODY, missingAnswer, needsBody } from './missing-answer.js';
import { readWholeBody, StreamedBody, type BodyReader } from './response-body.js';
import { parseStatus } from './response-status.js';

const NOTHING = new Uint8Array();

export interface ClientRequestFacts {
  readonly endpoint: EndpointName | PassedEndpointName;
  readonly isStreaming: boolean;
  readonly dialect: Dialect;
  /** Undefined unless the request is traced. */
  readonly span: RequestSpan | undefined;
}

/**
 * The response to one attempt, as its messages arrive on the router stream.
 *
 *   headers ─┬─ not an error, passed ──────▶ succeeded, its body unseen
 *            ├─ not 2xx ───────────────────▶ buffered body ─▶ error in the client's dialect ─▶ failed
 *            ├─ 2xx, page or empty ────────▶ 502 ─▶ failed
 *            ├─ 2xx, observed ─────────────▶ chunks, passed on at once ─▶ usage ─▶ succeeded
 *            ├─ 2xx, translated stream ────▶ chunks, each replaced (full duplex: and keep-alives) ─▶ usage ─▶ succeeded
 *            └─ 2xx, translated, no stream ▶ buffered body ─┬─▶ replaced ─▶ succeeded
 *                                                           └─▶ 502 ─▶ failed
 *
 * The router phase asked for chunks already, whole answers included: a body may be there before our answer to its headers,
 * and one that Envoy must buffer is cut off at its buffer limit (spec extproc.md 20.2 and X52). So only what has to be known
 * whole is buffered.
 */
export class ResponsePhase {
  /** Undefined when Envoy sent none that is valid. */
  #status: number | undefined;
  #head: ResponseHead = { status: 0, headers: new Map() };
  #codings: readonly ContentCoding[] | 'unsupported' = [];
  #plan: BodyPlan = { kind: 'error' };
  #timing: Timing = 'none';
  #isUsageSent = false;
  #isAborted = false;
  #hasBody = false;
  /** Of a translated stream in full duplex. */
  #kept: KeptAlive | undefined;

  constructor(
    private readonly context: ProcessorContext,
    private readonly attempt: Attempt,
    private readonly request: ClientRequestFacts,
    private readonly peer: Pick<CallPeer, 'send'>,
  ) {}

  onHeaders(message: HeadersMessage): Buffer {
    const { headers } = message;
    this.#status = parseStatus(headers.get(':status'));
    this.#head = { status: this.#status ?? 0, headers };
    this.#codings = parseContentEncoding(headers.get('content-encoding'));
    const receipt = this.attempt.receipt;
    const sets: HeaderSet[] = receipt === undefined ? [] : [{ name: headerNames.translation, value: receipt }];
    const { exchange } = this.attempt;
    const isPassed = exchange?.kind === 'passing';
    if (isPassed && this.#status !== undefined && this.#status < 400) return this.#passGood(exchange, message, sets);
    if (this.#isGood) {
      const plan = this.#planGoodBody(message.endOfStream);
      if (plan.kind === 'unusable') return this.#refuse(plan.reason);
      this.#plan = plan;
    }
    if (message.endOfStream) return this.#onNoBody(sets);
    if (this.#plan.kind !== 'stream') {
      // The request's body may be on its way still, and stays unseen.
      const requestBodyMode = isPassed ? 'none' : 'buffered';
      return encodeAnswer('response_headers', { sets, responseBodyMode: 'buffered', requestBodyMode });
    }
    const isRewritten = this.attempt.exchange?.kind === 'translating';
    if (isRewritten) sets.push({ name: 'content-type', value: EVENT_STREAM });
    const removes: string[] = [];
    if ((isRewritten || this.#timing === 'each-token') && headers.has('content-length')) removes.push('content-length');
    if (isRewritten && headers.has('content-encoding')) removes.push('content-encoding');
    if (sets.length === 0 && removes.length === 0) return emptyAnswer('response_headers');
    if (isRewritten && this.#timing === 'each-token') this.#kept = this.#watched();
    return encodeAnswer('response_headers', { sets, removes, ...(this.#kept && { responseBodyMode: 'full-duplex' }) });
  }

  onBody(body: Buffer, endOfStream: boolean): Buffer | Promise<Buffer> {
    switch (this.#plan.kind) {
      case 'error':
        return this.#onErrorBody(body);
      case 'whole':
        return this.#onWholeBody(body);
      case 'stream':
        if (body.length > 0) this.#hasBody = true;
        else if (endOfStream && this.#isMissing) return this.#tellMissing();
        if (this.#timing !== 'none' && body.length > 0) this.attempt.noteBody();
        return this.#onChunk(this.#plan.body, body, endOfStream);
    }
  }

  /** The body ended without saying so: its message had no end_of_stream, because trailers follow. */
  async onTrailers(): Promise<readonly Buffer[]> {
    this.stopKeepAlives();
    if (!this.#isGood) {
      this.attempt.fail('_OTHER');
      this.request.span?.fail(this.#status, NOTHING);
      return [encodeTrailersAnswer(this.attempt.failureMetadata(this.#status))];
    }
    // A whole answer was finished with its body: trailers found the attempt completed.
    if (this.#plan.kind !== 'stream') return [encodeTrailersAnswer(new Map())];
    if (this.#isMissing) return [encodeTrailersAnswer(this.#failUnusable(EMPTY_BODY).metadata)];
    const rest = await this.#plan.body.end();
    const frames: Buffer[] = [];
    if (rest !== undefined && rest.length > 0) {
      if (this.#kept?.takesAnswers)
        frames.push(encodeAnswer('response_body', { streamedBody: { bytes: rest, isLast: false } }));
      else this.#tellLost(rest.length);
    }
    frames.push(encodeTrailersAnswer(this.#succeed()));
    return frames;
  }

  #tellLost(sizeBytes: number): void {
    this.context.logger.warn(
      { backend: this.attempt.backend.name, sizeBytes },
      'the end of a translated stream is lost: trailers followed a provider stream without its end marker',
    );
  }

  /** For good: the stream is over, or its answer is another one now. */
  stopKeepAlives(): void {
    this.#kept?.stop();
  }

  /** The client left, or the provider's connection broke: keeps what is known. */
  abort(): void {
    this.#isAborted = true;
    if (this.#plan.kind === 'stream') {
      this.#plan.body.destroy();
      this.attempt.learn(this.#plan.body.facts);
    }
    this.attempt.fail('cancelled');
  }

  get #isGood(): boolean {
    return this.#status !== undefined && this.#status >= 200 && this.#status < 300;
  }

  /** Nothing came of an answer that goes through as it is, and has to have something. */
  get #isMissing(): boolean {
    const isObserved = this.attempt.exchange?.kind === 'observing';
    return isObserved && !this.#hasBody && needsBody(this.request.endpoint, this.#head);
  }

  #planGoodBody(endOfStream: boolean): BodyPlan | Unusable {
    const { exchange } = this.attempt;
    const reason = exchange && missingAnswer(this.request.endpoint, this.#head, endOfStream);
    if (reason !== undefined) return { kind: 'unusable', reason };
    const contentType = this.#head.headers.get('content-type');
    const isEventStream = mediaTypeOf(contentType) === EVENT_STREAM;
    const isStream = this.request.isStreaming && (this.#status === 200 || isEventStream);
    if (isStream) this.#timing = this.#status === 200 ? 'each-token' : 'first-token';
    if (exchange?.kind !== 'translating') {
      const isWatchedAsStream = isStream && !isJsonType(contentType);
      const observer = exchange?.kind === 'observing' ? exchange.observe(isWatchedAsStream, this.#head) : undefined;
      return this.#streamed({ kind: 'observer', observer }, isWatchedAsStream);
    }
    if (this.#codings === 'unsupported')
      return { kind: 'unusable', reason: 'with a content-encoding that the gateway cannot read' };
    if (!isStream) return { kind: 'whole' };
    if (isJsonType(contentType)) {
      return { kind: 'unusable', reason: `with ${mediaTypeOf(contentType)} in place of a stream of events` };
    }
    return this.#streamed({ kind: 'translator', translator: exchange.stream(this.#head) }, true);
  }

  #streamed(reader: BodyReader, isStream: boolean): BodyPlan {
    const { span } = this.request;
    span?.beginAnswer(isStream);
    return { kind: 'stream', body: new StreamedBody(this.#codings, reader, this.#giveUp, span?.take) };
  }

  /** The client gets what it can; only the rest of the answer is unknown then. */
  readonly #giveUp = (error: unknown): void => {
    // A client that leaves while a chunk is being decoded is no fault of the provider.
    if (this.#isAborted) return;
    const reason = error instanceof Error ? error.message : String(error);
    this.context.logger.warn(
      { backend: this.attempt.backend.name, reason },
      'cannot decode the response of a provider',
    );
  };

  #watched(): KeptAlive | undefined {
    return this.context.keepAlives?.watch(
      this.request.dialect,
      (frame) => this.peer.send(frame),
      // The client gets 502, or a stream that breaks where it has its head.
      () => this.peer.send(this.#refuse('with a head and nothing behind it for more than four minutes')),
    );
  }

  /** Also 101, behind which no HTTP follows, and redirections. */
  #passGood(
    { rewrite }: PassingExchange,
    { headers, endOfStream }: HeadersMessage,
    sets: readonly HeaderSet[],
  ): Buffer {
    const isReadable = !endOfStream && this.#codings !== 'unsupported' && isJsonType(headers.get('content-type'));
    if (rewrite === undefined || !isReadable) {
      const metadata = this.#succeed();
      if (rewrite === undefined) return encodeAnswer('response_headers', { sets, metadata });
      const unseen = { responseBodyMode: 'none', requestBodyMode: 'none' } as const;
      return encodeAnswer('response_headers', { sets, metadata, ...unseen });
    }
    this.#plan = this.#streamed({ kind: 'translator', translator: new HeldAnswer(rewrite) }, false);
    const removes = ['content-length', 'content-encoding'].filter((name) => headers.has(name));
    return encodeAnswer('response_headers', { sets, removes });
  }

  #onNoBody(sets: readonly HeaderSet[]): Buffer {
    if (!this.#isGood) {
      const metadata = this.attempt.failureMetadata(this.#status);
      this.attempt.fail('_OTHER');
      const answer = this.#errorAnswer(NOTHING);
      this.request.span?.fail(this.#status, answer?.body ?? NOTHING);
      if (!answer?.body) return encodeAnswer('response_headers', { sets, metadata });
      const { sets: more = [], ...replacement } = this.#replacement(answer);
      return encodeAnswer('response_headers', {
        ...replacement,
        sets: [...sets, ...more],
        replacesBody: true,
        metadata,
      });
    }
    if (this.attempt.exchange?.kind === 'translating') return this.#refuse(EMPTY_BODY);
    return encodeAnswer('response_headers', { sets, metadata: this.#succeed() });
  }

  #onChunk(streamed: StreamedBody, chunk: Buffer, endOfStream: boolean): Buffer | Promise<Buffer> {
    const out = streamed.push(chunk, endOfStream);
    if (out instanceof Promise) return out.then((bytes) => this.#answerChunk(streamed, bytes, endOfStream));
    return this.#answerChunk(streamed, out, endOfStream);
  }

  #answerChunk(streamed: StreamedBody, body: Uint8Array | undefined, endOfStream: boolean): Buffer {
    const { facts, isUsageFinal } = streamed;
    const answer = this.#bodyAnswer(streamed, body, endOfStream);
    if (endOfStream) return encodeAnswer('response_body', { ...answer, metadata: this.#succeed() });
    if (this.attempt.isFirstTokenPending) {
      this.attempt.learn(facts);
      this.attempt.recordFirstToken();
    }
    // Charged before the end: a client that leaves after the last data event must not escape (extproc.md X3).
    if (isUsageFinal && !this.#isUsageSent) {
      this.#isUsageSent = true;
      this.attempt.learn(facts);
      return encodeAnswer('response_body', { ...answer, metadata: this.attempt.responseMetadata(this.#timing) });
    }
    return body === undefined && this.#kept === undefined
      ? emptyAnswer('response_body')
      : encodeAnswer('response_body', answer);
  }

  #bodyAnswer(streamed: StreamedBody, body: Uint8Array | undefined, isLast: boolean): CommonAnswer {
    const kept = this.#kept;
    if (kept === undefined) return body === undefined ? {} : { body };
    const bytes = body ?? NOTHING;
    // Behind final usage or an error the client is told of the end, and a keep-alive would follow it.
    if (isLast || streamed.isUsageFinal || streamed.hasError) kept.stop();
    kept.answered(bytes);
    return { streamedBody: { bytes, isLast } };
  }

  #succeed(): DynamicMetadata {
    const streamed = this.#plan.kind === 'stream' ? this.#plan.body : undefined;
    if (streamed) this.attempt.learn(streamed.facts);
    this.attempt.recordFirstToken();
    if (streamed?.hasError) {
      const metadata = this.attempt.failedStreamMetadata(this.#timing);
      this.attempt.fail('_OTHER');
      this.request.span?.succeed(true);
      return metadata;
    }
    const metadata = this.attempt.responseMetadata(this.#timing);
    this.attempt.succeed(this.#timing);
    this.request.span?.succeed(false);
    return metadata;
  }

  async #onWholeBody(body: Buffer): Promise<Buffer> {
    const { exchange } = this.attempt;
    if (exchange?.kind !== 'translating') throw new Error('only translating exchanges ask for the whole body');
    const answer = await readWholeBody(this.#codings, body, (plain) => exchange.whole(this.#head, plain));
    if (typeof answer === 'string') return this.#refuse(answer);
    this.attempt.learn(answer);
    this.request.span?.beginAnswer(false);
    if (answer.body) this.request.span?.take(answer.body);
    return encodeAnswer('response_body', { ...this.#replacement(answer), metadata: this.#succeed() });
  }

  /** A good status with an answer that is none: the client gets an error of its own dialect. */
  #refuse(reason: string): Buffer {
    const { reply, metadata } = this.#failUnusable(reason);
    this.attempt.isAnsweredLocally = true;
    return encodeLocalReply(reply, metadata);
  }

  /**
   * The body turned out to have no bytes when the client may have its head already: Envoy still takes a status when it held
   * the head back, and leaves it as it is when not. Events stay events, since their type may be told.
   */
  #tellMissing(): Buffer {
    const { reply, metadata } = this.#failUnusable(EMPTY_BODY);
    if (mediaTypeOf(this.#head.headers.get('content-type')) === EVENT_STREAM) {
      const body = Buffer.concat([Buffer.from('event: error\ndata: '), reply.body, Buffer.from('\n\n')]);
      return encodeAnswer('response_body', { body, metadata });
    }
    const { status, body } = reply;
    const sets = [
      { name: ':status', value: String(status) },
      { name: 'content-type', value: 'application/json' },
    ];
    return encodeAnswer('response_body', { ...this.#replacement({ body, sets }), metadata });
  }

  #failUnusable(reason: string): { readonly reply: LocalReply; readonly metadata: DynamicMetadata } {
    const { backend } = this.attempt;
    this.context.logger.warn({ backend: backend.name, reason }, 'a provider gave an answer that is none');
    const metadata = this.attempt.failureMetadata(this.#status);
    this.attempt.fail('_OTHER');
    const message = `the provider behind backend ${backend.shortName} answered ${reason}`;
    const error = { status: 502, type: 'BadGateway', message };
    const reply = errorReply(this.request.dialect, error, 'aigw_unusable_answer');
    this.request.span?.fail(reply.status, reply.body);
    return { reply, metadata };
  }

  async #onErrorBody(body: Buffer): Promise<Buffer> {
    const metadata = this.attempt.failureMetadata(this.#status);
    this.attempt.fail('_OTHER');
    let decoded: Uint8Array = NOTHING;
    const read = await readWholeBody(this.#codings, body, (plain) => {
      decoded = plain;
      return this.#errorAnswer(plain);
    });
    const answer = typeof read === 'string' ? this.#undecodedError(read) : read;
    this.request.span?.fail(this.#status, answer?.body ?? decoded);
    if (!answer?.body) return encodeAnswer('response_body', { metadata });
    return encodeAnswer('response_body', { ...this.#replacement(answer), metadata });
  }

  /** The client's view of a failure. One without a body has none, but for what tells that; below 400 it may have to stay so. */
  #errorAnswer(plain: Uint8Array): ClientResponse | undefined {
    if (plain.length > 0) return this.attempt.exchange?.error(this.#head, plain);
    return (this.#status ?? 0) < 400 ? undefined : this.#toldError('without a body');
  }

  /** Where the client speaks the provider's dialect it may know more of encodings: it gets the body as it is, label included. */
  #undecodedError(reason: string): ClientResponse | undefined {
    this.#giveUp(reason);
    return this.attempt.exchange?.kind === 'translating' ? this.#toldError(reason) : undefined;
  }

  #toldError(reason: string): ClientResponse | undefined {
    return this.attempt.exchange?.error(
      this.#head,
      Buffer.from(`the provider answered ${this.#head.status} ${reason}`),
    );
  }

  #replacement({ body = new Uint8Array(), sets = [] }: ClientResponse): CommonAnswer {
    return {
      body,
      sets: [...sets, { name: 'content-length', value: String(body.length) }],
      removes: this.#codings.length > 0 ? ['content-encoding'] : [],
    };
  }
}
