import { SpanStatusCode, type Attributes, type Span } from '@opentelemetry/api';
import type { Logger } from 'pino';
import { chooseFold } from './folds/choose-fold.js';
import type { AnswerFold, FoldedAnswer } from './folds/answer-fold.js';
import { ATTEMPT_EVENT, spanAttributes } from './span-attributes.js';
import type { SpanConvention, TracedFailure, TracedRequest } from './span-convention.js';

/** What an attempt is called in its span. */
export interface TracedAttempt {
  /** `gen_ai.provider.name`. */
  readonly provider: string;
  /** `<ns>/<backend>`. */
  readonly backend: string;
}

const FAILURE_BYTES_MAX = 16 << 10;
const NOTHING_FOLDED: FoldedAnswer = { answer: undefined, isTruncated: false, isComplete: false, error: undefined };

/**
 * The span of one sampled client request; all attempts share it. Ends exactly once, whatever happens first:
 *
 *   started ──▶ attempt (again for a retry) ──▶ answer bytes ──▶ succeeded | failed | cancelled
 *
 * What a convention cannot cope with is logged and left out: recording never harms a request.
 * @see spec observability.md 4.1
 */
export class RequestSpan {
  #attempts = 0;
  #latest: { readonly backend: string; readonly startedMs: number } | undefined;
  #answer: { readonly fold: AnswerFold | undefined; readonly isStream: boolean } | undefined;
  #hasBytes = false;
  #isEnded = false;

  constructor(
    private readonly span: Span,
    private readonly convention: SpanConvention,
    private readonly request: TracedRequest,
    private readonly logger: Logger,
  ) {}

  /** Each attempt that begins puts an end to the one before it. */
  beginAttempt({ provider, backend }: TracedAttempt, nowMs: number): void {
    if (this.#isEnded) return;
    this.#giveUpAttempt(nowMs);
    this.#attempts++;
    this.#latest = { backend, startedMs: nowMs };
    this.#set(() => this.convention.backend(provider));
  }

  /** A good answer begins; its bytes come by {@link take}. */
  beginAnswer(isStream: boolean): void {
    this.#answer = { fold: chooseFold(this.request.endpoint, isStream), isStream };
  }

  /** Bytes that the client gets, decoded. May be reused after return. */
  readonly take = (bytes: Uint8Array): void => {
    if (this.#isEnded || this.#answer === undefined || bytes.length === 0) return;
    if (!this.#hasBytes) {
      this.#hasBytes = true;
      if (this.#answer.isStream) this.#event(() => this.convention.firstChunkEvent(this.request.endpoint));
    }
    this.#answer.fold?.push(bytes);
  };

  /** The answer was given to its end. One of a good status may still have told an error in its stream. */
  succeed(hasErrorEvent: boolean): void {
    if (this.#isEnded) return;
    const folded = this.#recordAnswer(false);
    if (hasErrorEvent || folded.error !== undefined) {
      this.#endWith({ status: undefined, body: folded.error ?? '', reason: 'error-event' });
      return;
    }
    if (folded.isComplete) this.#event(() => this.convention.completedEvent(this.request.endpoint));
    // Whether a stream of responses went well is in its last event.
    if (folded.isComplete || !this.#isOpenResponse) this.span.setStatus({ code: SpanStatusCode.OK });
    this.#end();
  }

  /** The client gets an error with this status. `body` is decoded; what is too long is cut. */
  fail(status: number | undefined, body: Uint8Array): void {
    if (this.#isEnded) return;
    this.#endWith({ status, body: boundedText(body) });
  }

  /** The client left, or a connection broke: keeps what has come so far. */
  cancel(): void {
    this.#giveUp('cancelled');
  }

  /** We failed ourselves. */
  failInternally(): void {
    this.#giveUp('internal');
  }

  get #isOpenResponse(): boolean {
    return this.request.endpoint === 'responses' && this.#answer?.isStream === true;
  }

  #giveUp(reason: 'cancelled' | 'internal'): void {
    if (this.#isEnded) return;
    this.#recordAnswer(true);
    this.#endWith({ status: undefined, body: '', reason });
  }

  #giveUpAttempt(nowMs: number): void {
    if (this.#latest === undefined) return;
    const { backend, startedMs } = this.#latest;
    this.span.addEvent(ATTEMPT_EVENT, {
      [spanAttributes.attemptNumber]: this.#attempts,
      [spanAttributes.attemptBackend]: backend,
      [spanAttributes.attemptDurationMs]: Math.round(nowMs - startedMs),
    });
  }

  #recordAnswer(isCut: boolean): FoldedAnswer {
    const folded = this.#answer?.fold?.end(isCut) ?? NOTHING_FOLDED;
    const { answer } = folded;
    if (answer !== undefined) this.#set(() => this.convention.answer(this.request, answer));
    if (folded.isTruncated) this.span.setAttribute(spanAttributes.isOutputTruncated, true);
    return folded;
  }

  #endWith(failure: TracedFailure): void {
    const told = this.#ask(() => this.convention.failure(failure));
    if (told !== undefined) {
      this.span.setAttributes(told.attributes);
      for (const event of told.events) this.span.addEvent(event.name, event.attributes);
    }
    this.span.setStatus({ code: SpanStatusCode.ERROR, message: told?.description ?? '' });
    this.#end();
  }

  #end(): void {
    this.#isEnded = true;
    if (this.#attempts > 1) this.span.setAttribute(spanAttributes.attemptCount, this.#attempts);
    this.span.end();
  }

  #set(attributes: () => Attributes): void {
    const found = this.#ask(attributes);
    if (found !== undefined) this.span.setAttributes(found);
  }

  #event(event: () => { readonly name: string; readonly attributes?: Attributes } | undefined): void {
    const found = this.#ask(event);
    if (found !== undefined) this.span.addEvent(found.name, found.attributes);
  }

  #ask<T>(question: () => T): T | undefined {
    try {
      return question();
    } catch (error) {
      this.logger.error({ err: error, endpoint: this.request.endpoint }, 'a tracing convention failed');
      return undefined;
    }
  }
}

/** Valid UTF-8, at most 16 KiB of it. */
function boundedText(body: Uint8Array): string {
  const bytes = Buffer.from(body.buffer, body.byteOffset, Math.min(body.length, FAILURE_BYTES_MAX));
  const text = bytes.toString('utf8');
  // The cut may have gone through a character.
  return body.length > FAILURE_BYTES_MAX ? text.replace(/\uFFFD+$/, '') : text;
}
