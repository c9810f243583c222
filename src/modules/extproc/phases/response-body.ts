import { StreamDecoder, decodeWhole, type ContentCoding } from '../codec/content-encoding.js';
import {
  UpstreamAnswerError,
  type ResponseFacts,
  type ResponseObserver,
  type ResponseWatch,
  type StreamTranslator,
} from '../translators/translator.js';

/** Decoded bytes that one compressed body or stream chunk may become. */
const MAX_DECODED_BYTES = 64 << 20;

/**
 * Decodes a whole body and hands it to `read`. Gives a text that says what is wrong when it cannot be decoded or is not an
 * answer of its provider's API.
 */
export async function readWholeBody<T extends object | undefined>(
  codings: readonly ContentCoding[] | 'unsupported',
  body: Buffer,
  read: (plain: Uint8Array) => T,
): Promise<T | string> {
  if (codings === 'unsupported') return 'with a content-encoding that the gateway cannot read';
  let plain: Uint8Array = body;
  if (codings.length > 0 && body.length > 0) {
    try {
      plain = await decodeWhole(codings, body, MAX_DECODED_BYTES);
    } catch (error) {
      return `with a body that does not decode: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
  try {
    return read(plain);
  } catch (error) {
    if (error instanceof UpstreamAnswerError) return `with something else than its API gives: ${error.message}`;
    throw error;
  }
}

/** Who reads a body that passes: an observer of bytes that go on as they are, or a translator that replaces them. */
export type BodyReader =
  | { readonly kind: 'observer'; readonly observer: ResponseObserver | undefined }
  | { readonly kind: 'translator'; readonly translator: StreamTranslator };

/**
 * A body that passes in chunks, decoded where it is compressed: a copy for an observer, since the client gets the provider's
 * bytes as they are; the only form for a translator.
 */
export class StreamedBody {
  #codings: readonly ContentCoding[] | 'unsupported';
  #decoder: StreamDecoder | undefined;
  #isEnded = false;

  /**
   * @param onDecodingFailed Told once when the body is not what its content-encoding says.
   * @param onClientBytes Shown what the client gets, decoded; the bytes may be reused after its return.
   */
  constructor(
    codings: readonly ContentCoding[] | 'unsupported',
    private readonly reader: BodyReader,
    private readonly onDecodingFailed: (error: unknown) => void,
    private readonly onClientBytes?: (bytes: Uint8Array) => void,
  ) {
    this.#codings = codings;
  }

  get facts(): ResponseFacts {
    return this.#watch?.facts ?? {};
  }

  get isUsageFinal(): boolean {
    return this.#watch?.isUsageFinal ?? false;
  }

  get hasError(): boolean {
    return this.#watch?.hasError ?? false;
  }

  /** What the client gets in place of the chunk; undefined: the chunk itself. */
  push(chunk: Buffer, isLast: boolean): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    if (this.#codings.length > 0) return this.#pushEncoded(chunk, isLast);
    const out = this.#give(chunk);
    return isLast ? joined(out, this.#finish()) : out;
  }

  /** The provider's stream is over. */
  async end(): Promise<Uint8Array | undefined> {
    return joined(await this.#endDecoding(), this.#finish());
  }

  destroy(): void {
    this.#decoder?.destroy();
  }

  get #watch(): ResponseWatch | undefined {
    return this.reader.kind === 'translator' ? this.reader.translator : this.reader.observer;
  }

  async #pushEncoded(chunk: Buffer, isLast: boolean): Promise<Uint8Array | undefined> {
    let out: Uint8Array | undefined = this.reader.kind === 'translator' ? NOTHING : undefined;
    if (this.#codings !== 'unsupported') {
      try {
        this.#decoder ??= new StreamDecoder(this.#codings, MAX_DECODED_BYTES);
        out = this.#give(await this.#decoder.push(chunk));
      } catch (error) {
        this.#giveUpDecoding(error);
      }
    }
    return isLast ? joined(out, await this.end()) : out;
  }

  #give(plain: Uint8Array): Uint8Array | undefined {
    if (this.reader.kind === 'translator') return this.#shown(this.reader.translator.push(plain));
    this.reader.observer?.push(plain);
    this.onClientBytes?.(plain);
    return undefined;
  }

  #shown(out: Uint8Array): Uint8Array {
    this.onClientBytes?.(out);
    return out;
  }

  #finish(): Uint8Array | undefined {
    if (this.#isEnded) return undefined;
    this.#isEnded = true;
    if (this.reader.kind === 'translator') return this.#shown(this.reader.translator.end());
    this.reader.observer?.end();
    return undefined;
  }

  async #endDecoding(): Promise<Uint8Array | undefined> {
    if (!this.#decoder) return undefined;
    try {
      const rest = await this.#decoder.end();
      return rest.length > 0 ? this.#give(rest) : undefined;
    } catch (error) {
      this.#giveUpDecoding(error);
      return undefined;
    }
  }

  #giveUpDecoding(error: unknown): void {
    this.#decoder?.destroy();
    this.#decoder = undefined;
    this.#codings = 'unsupported';
    this.onDecodingFailed(error);
  }
}

const NOTHING = new Uint8Array();

function joined(first: Uint8Array | undefined, second: Uint8Array | undefined): Uint8Array | undefined {
  if (first === undefined || second === undefined) return first ?? second;
  if (first.length === 0) return second;
  return second.length === 0 ? first : Buffer.concat([first, second]);
}
