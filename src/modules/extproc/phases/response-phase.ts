import { StreamDecoder, decodeWhole, parseContentEncoding, type ContentCoding } from '../codec/content-encoding.js';
import type { ProcessorContext } from '../processor-context.js';
import type { ResponseObserver } from '../translators/translator.js';
import type { HeadersMessage } from '../wire/processing-request.js';
import { emptyAnswer, encodeAnswer, encodeTrailersAnswer, type DynamicMetadata } from '../wire/processing-response.js';
import type { Attempt, Timing } from './attempt.js';

/** Decoded bytes that one compressed error body or stream chunk may become. */
const MAX_DECODED_BYTES = 64 << 20;

/** `:status` as Envoy writes it, 100 to 599; undefined for anything else. */
const parseStatus = (text: string | undefined) => (/^[1-5]\d\d$/.test(text ?? '') ? Number(text) : undefined);

/**
 * The response to one attempt, as its messages arrive on the router stream.
 *
 *   headers ─┬─ not 2xx ──────▶ buffered body ─▶ error in the client's dialect ─▶ failed
 *            ├─ 2xx, no body ─▶ succeeded
 *            └─ 2xx ──────────▶ chunks, passed on at once ─▶ usage ─▶ succeeded
 *
 * The router phase asked for chunks already, whole answers included: a body may be there before our answer to its headers,
 * and one that Envoy must buffer is cut off at its buffer limit (spec extproc.md 20.2 and X52). Good answers of untranslated cells go through as they are, also compressed ones: a decoded copy is watched.
 */
export class ResponsePhase {
  /** Undefined when Envoy sent none that is valid. */
  #status: number | undefined;
  #contentType: string | undefined;
  #codings: readonly ContentCoding[] | 'unsupported' = [];
  #observer: ResponseObserver | undefined;
  #decoder: StreamDecoder | undefined;
  #timing: Timing = 'none';
  #isUsageSent = false;
  #isAborted = false;

  constructor(
    private readonly context: ProcessorContext,
    private readonly attempt: Attempt,
    private readonly isStreamRequest: boolean,
  ) {}

  onHeaders(message: HeadersMessage): Buffer {
    const { headers } = message;
    this.#status = parseStatus(headers.get(':status'));
    this.#contentType = headers.get('content-type');
    this.#codings = parseContentEncoding(headers.get('content-encoding'));
    if (message.endOfStream) return encodeAnswer('response_headers', { metadata: this.#finishWithoutBody() });
    if (!this.#isGood) return encodeAnswer('response_headers', { responseBodyMode: 'buffered' });
    if (this.isStreamRequest && (this.#status === 200 || this.#isEventStream))
      this.#timing = this.#status === 200 ? 'each-token' : 'first-token';
    this.#observer = this.attempt.exchange?.observe(this.#timing !== 'none' && !this.#isJson);
    const hasLength = this.#timing === 'each-token' && headers.get('content-length') !== undefined;
    return hasLength
      ? encodeAnswer('response_headers', { removes: ['content-length'] })
      : emptyAnswer('response_headers');
  }

  onBody(body: Buffer, endOfStream: boolean): Buffer | Promise<Buffer> {
    if (!this.#isGood) return this.#onErrorBody(body);
    if (this.#timing !== 'none' && body.length > 0) this.attempt.noteBody();
    if (this.#codings.length === 0) return this.#onPlainBytes(body, endOfStream);
    return this.#onEncodedBytes(body, endOfStream);
  }

  /** The body ended without saying so: its message had no end_of_stream, because trailers follow. */
  async onTrailers(): Promise<Buffer> {
    if (!this.#isGood) {
      this.attempt.fail('_OTHER');
      return encodeTrailersAnswer(this.attempt.failureMetadata(this.#status));
    }
    await this.#endDecoding();
    return encodeTrailersAnswer(this.#succeed());
  }

  /** The client left, or the provider's connection broke: keeps what is known. */
  abort(): void {
    this.#isAborted = true;
    this.#decoder?.destroy();
    if (this.#observer) this.attempt.learn(this.#observer.facts);
    this.attempt.fail('cancelled');
  }

  get #isGood(): boolean {
    return this.#status !== undefined && this.#status >= 200 && this.#status < 300;
  }

  get #isJson(): boolean {
    return /^application\/(?:[\w.-]+\+)?json\b/i.test(this.#contentType ?? '');
  }

  get #isEventStream(): boolean {
    return /^text\/event-stream\b/i.test(this.#contentType ?? '');
  }

  #finishWithoutBody(): DynamicMetadata {
    if (this.#isGood) return this.#succeed();
    this.attempt.fail('_OTHER');
    return this.attempt.failureMetadata(this.#status);
  }

  #onPlainBytes(body: Buffer, endOfStream: boolean): Buffer {
    this.#observer?.push(body);
    return this.#answerBody(endOfStream);
  }

  async #onEncodedBytes(body: Buffer, endOfStream: boolean): Promise<Buffer> {
    if (this.#codings !== 'unsupported') {
      try {
        this.#decoder ??= new StreamDecoder(this.#codings, MAX_DECODED_BYTES);
        const plain = await this.#decoder.push(body);
        if (plain.length > 0) this.#observer?.push(plain);
        if (endOfStream) await this.#endDecoding();
      } catch (error) {
        this.#giveUpDecoding(error);
      }
    }
    return this.#answerBody(endOfStream);
  }

  async #endDecoding(): Promise<void> {
    if (!this.#decoder) return;
    try {
      const rest = await this.#decoder.end();
      if (rest.length > 0) this.#observer?.push(rest);
    } catch (error) {
      this.#giveUpDecoding(error);
    }
  }

  /** The client gets the provider's bytes whatever they are; only their usage is unknown then. */
  #giveUpDecoding(error: unknown): void {
    this.#decoder?.destroy();
    this.#decoder = undefined;
    this.#codings = 'unsupported';
    // A client that leaves while a chunk is being decoded is no fault of the provider.
    if (this.#isAborted) return;
    const reason = error instanceof Error ? error.message : String(error);
    this.context.logger.warn(
      { backend: this.attempt.backend.name, reason },
      'cannot decode the response to read its usage',
    );
  }

  #answerBody(endOfStream: boolean): Buffer {
    if (endOfStream) return encodeAnswer('response_body', { metadata: this.#succeed() });
    if (this.attempt.isFirstTokenPending) {
      if (this.#observer) this.attempt.learn(this.#observer.facts);
      this.attempt.recordFirstToken();
    }
    // Charged before the end: a client that leaves after the last data event must not escape (extproc.md X3).
    if (this.#observer?.isUsageFinal && !this.#isUsageSent) {
      this.#isUsageSent = true;
      this.attempt.learn(this.#observer.facts);
      return encodeAnswer('response_body', { metadata: this.attempt.responseMetadata(this.#timing) });
    }
    return emptyAnswer('response_body');
  }

  #succeed(): DynamicMetadata {
    this.#observer?.end();
    if (this.#observer) this.attempt.learn(this.#observer.facts);
    this.attempt.recordFirstToken();
    if (this.#observer?.hasError) {
      const metadata = this.attempt.failedStreamMetadata(this.#timing);
      this.attempt.fail('_OTHER');
      return metadata;
    }
    const metadata = this.attempt.responseMetadata(this.#timing);
    this.attempt.succeed(this.#timing);
    return metadata;
  }

  async #onErrorBody(body: Buffer): Promise<Buffer> {
    const metadata = this.attempt.failureMetadata(this.#status);
    this.attempt.fail('_OTHER');
    const plain = await this.#decodeError(body);
    const answer =
      plain === undefined ? undefined : this.attempt.exchange?.error(this.#status ?? 0, this.#contentType, plain);
    if (!answer?.body) return encodeAnswer('response_body', { metadata });
    return encodeAnswer('response_body', {
      metadata,
      body: answer.body,
      sets: [...(answer.sets ?? []), { name: 'content-length', value: String(answer.body.length) }],
      removes: this.#codings.length > 0 ? ['content-encoding'] : [],
    });
  }

  /** Undefined when the body cannot be read; the client then gets it as it is, encoding label included. */
  async #decodeError(body: Buffer): Promise<Uint8Array | undefined> {
    if (this.#codings === 'unsupported') return undefined;
    if (this.#codings.length === 0 || body.length === 0) return body;
    try {
      return await decodeWhole(this.#codings, body, MAX_DECODED_BYTES);
    } catch (error) {
      this.#giveUpDecoding(error);
      return undefined;
    }
  }
}
