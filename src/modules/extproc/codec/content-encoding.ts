import * as zlib from 'node:zlib';

/** A coding of RFC 9110 section 8.4.1 (zstd: RFC 8878). `x-gzip` is read as gzip, `identity` is left out. */
export type ContentCoding = 'gzip' | 'br' | 'zstd' | 'deflate';

/** More codings on one body than this are not believed: each costs a decoder with its window. */
const CODINGS_MAX = 3;

const CODING_NAMES: ReadonlyMap<string, ContentCoding | 'identity'> = new Map([
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['br', 'br'],
  ['zstd', 'zstd'],
  ['deflate', 'deflate'],
  ['identity', 'identity'],
]);

/** A body that its content encoding does not fit, or that grows beyond a bound. Never holds a piece of the body. */
export class ContentDecodingError extends Error {
  override readonly name = 'ContentDecodingError';
}

/**
 * Reads a `content-encoding` header: any case, lists, optional white space. The codings are in the order in which they
 * were applied; none for an absent header. `unsupported`: a coding we do not know, or more than three.
 * @see spec extproc.md section 15 and X7
 */
export function parseContentEncoding(value: string | undefined): readonly ContentCoding[] | 'unsupported' {
  const codings: ContentCoding[] = [];
  for (const item of (value ?? '').toLowerCase().split(',')) {
    const name = item.trim();
    if (name === '') continue;
    const coding = CODING_NAMES.get(name);
    if (coding === undefined) return 'unsupported';
    if (coding !== 'identity') codings.push(coding);
  }
  return codings.length > CODINGS_MAX ? 'unsupported' : codings;
}

interface Format {
  readonly decodeSync: (bytes: Uint8Array, limits: { maxOutputLength: number }) => Uint8Array;
  readonly decode: (
    bytes: Uint8Array,
    limits: { maxOutputLength: number },
    done: (error: Error | null, output: Uint8Array) => void,
  ) => void;
  readonly createStream: () => ZlibStream;
}
type ZlibStream = zlib.Gunzip | zlib.BrotliDecompress | zlib.ZstdDecompress | zlib.Inflate | zlib.InflateRaw;

const { Z_SYNC_FLUSH, BROTLI_OPERATION_FLUSH, ZSTD_e_flush } = zlib.constants;
// Flushing at each write gives all output that the input so far allows; flushing at the end forgives a cut body.
const ZLIB_FLUSH = { flush: Z_SYNC_FLUSH, finishFlush: Z_SYNC_FLUSH };
const BROTLI_FLUSH = { flush: BROTLI_OPERATION_FLUSH, finishFlush: BROTLI_OPERATION_FLUSH };
const ZSTD_FLUSH = { flush: ZSTD_e_flush, finishFlush: ZSTD_e_flush };

const FORMATS: Readonly<Record<ContentCoding | 'deflate-raw', Format>> = {
  gzip: { decodeSync: zlib.gunzipSync, decode: zlib.gunzip, createStream: () => zlib.createGunzip(ZLIB_FLUSH) },
  br: {
    decodeSync: zlib.brotliDecompressSync,
    decode: zlib.brotliDecompress,
    createStream: () => zlib.createBrotliDecompress(BROTLI_FLUSH),
  },
  zstd: {
    decodeSync: zlib.zstdDecompressSync,
    decode: zlib.zstdDecompress,
    createStream: () => zlib.createZstdDecompress(ZSTD_FLUSH),
  },
  deflate: { decodeSync: zlib.inflateSync, decode: zlib.inflate, createStream: () => zlib.createInflate(ZLIB_FLUSH) },
  'deflate-raw': {
    decodeSync: zlib.inflateRawSync,
    decode: zlib.inflateRaw,
    createStream: () => zlib.createInflateRaw(ZLIB_FLUSH),
  },
};

/**
 * `deflate` means the zlib format (RFC 1950), but some servers send raw deflate data (RFC 1951). The first byte tells
 * them apart: zlib has 8 in its low half, for which raw data would need a stored block with a non-zero padding bit.
 */
function formatOf(coding: ContentCoding, firstByte: number): Format {
  return FORMATS[coding === 'deflate' && (firstByte & 0x0f) !== 8 ? 'deflate-raw' : coding];
}

function decodingError(coding: ContentCoding, error: unknown, outputBytesMax: number): ContentDecodingError {
  const why = isTooLarge(error) ? `more than ${outputBytesMax} bytes of output` : codeOf(error);
  return new ContentDecodingError(`cannot decode ${coding} content: ${why}`, { cause: error });
}

function isTooLarge(error: unknown): boolean {
  return codeOf(error) === 'ERR_BUFFER_TOO_LARGE';
}

/** The library's code, such as `Z_DATA_ERROR`. */
function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown failure';
}

/** Bodies up to these sizes are decoded on the spot: the way through the thread pool costs more than the decoding. */
const SYNC_INPUT_BYTES_MAX = 16 * 1024;
const SYNC_OUTPUT_BYTES_MAX = 256 * 1024;

/**
 * Decodes a complete body. Without codings or without bytes the same bytes come back.
 * @throws {ContentDecodingError} when the bytes are corrupt or cut, or decode to more than `outputBytesMax`.
 */
export async function decodeWhole(
  codings: readonly ContentCoding[],
  bytes: Uint8Array,
  outputBytesMax: number,
): Promise<Uint8Array> {
  let decoded = bytes;
  for (const coding of codings.toReversed()) decoded = await decodeOne(coding, decoded, outputBytesMax);
  return decoded;
}

async function decodeOne(coding: ContentCoding, bytes: Uint8Array, outputBytesMax: number): Promise<Uint8Array> {
  const [firstByte] = bytes;
  if (firstByte === undefined) return bytes;
  const { decodeSync, decode } = formatOf(coding, firstByte);
  if (bytes.length <= SYNC_INPUT_BYTES_MAX) {
    try {
      return decodeSync(bytes, { maxOutputLength: Math.min(outputBytesMax, SYNC_OUTPUT_BYTES_MAX) });
    } catch (error) {
      const deservesMore = isTooLarge(error) && outputBytesMax > SYNC_OUTPUT_BYTES_MAX;
      if (!deservesMore) throw decodingError(coding, error, outputBytesMax);
    }
  }
  return new Promise((resolve, reject) => {
    decode(bytes, { maxOutputLength: outputBytesMax }, (error, output) => {
      if (error) reject(decodingError(coding, error, outputBytesMax));
      else resolve(output);
    });
  });
}

/**
 * Decodes a body as it arrives: each push returns all that can be read so far, possibly nothing. One call at a time:
 * wait for a promise before the next call, and do not reuse the chunk before. Holds the windows of the decoders and the output of one push, not the body.
 * @see spec extproc.md X6
 */
export class StreamDecoder {
  readonly #stages: CodingStage[];

  /** One push may give at most `bufferedBytesMax` bytes of output. Without codings the chunks come back as they are. */
  constructor(codings: readonly ContentCoding[], bufferedBytesMax: number) {
    this.#stages = codings.toReversed().map((coding) => new CodingStage(coding, bufferedBytesMax));
  }

  /** @throws {ContentDecodingError} when the bytes are corrupt or the output is too large; then the decoder is spent. */
  async push(chunk: Uint8Array): Promise<Uint8Array> {
    let bytes = chunk;
    for (const stage of this.#stages) bytes = await stage.push(bytes);
    return bytes;
  }

  /** The rest of the output. A body that was cut is not an error. */
  async end(): Promise<Uint8Array> {
    let bytes: Uint8Array = Buffer.alloc(0);
    for (const stage of this.#stages) bytes = Buffer.concat([await stage.push(bytes), await stage.end()]);
    return bytes;
  }

  /** Frees native memory now. A waiting push is rejected. */
  destroy(): void {
    for (const stage of this.#stages) stage.destroy();
  }
}

class CodingStage {
  readonly #coding: ContentCoding;
  readonly #outputBytesMax: number;
  #stream: ZlibStream | undefined;
  #output: Buffer[] = [];
  #outputBytes = 0;
  #failure: ContentDecodingError | undefined;
  #reject: ((failure: ContentDecodingError) => void) | undefined;

  constructor(coding: ContentCoding, outputBytesMax: number) {
    this.#coding = coding;
    this.#outputBytesMax = outputBytesMax;
  }

  async push(bytes: Uint8Array): Promise<Uint8Array> {
    if (this.#failure !== undefined) throw this.#failure;
    const [firstByte] = bytes;
    if (firstByte === undefined) return bytes;
    const stream = (this.#stream ??= this.#open(firstByte));
    // What follows the end of the coded data is padding.
    if (stream.readableEnded) return Buffer.alloc(0);
    return this.#outputOf((done) => stream.write(bytes, done));
  }

  async end(): Promise<Uint8Array> {
    if (this.#failure !== undefined) throw this.#failure;
    const stream = this.#stream;
    if (stream === undefined || stream.readableEnded) return Buffer.alloc(0);
    return this.#outputOf((done) => stream.once('end', done).end());
  }

  destroy(): void {
    this.#fail(new ContentDecodingError(`cannot decode ${this.#coding} content: decoder destroyed`));
  }

  async #outputOf(start: (done: () => void) => void): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      start(() => {
        const output = this.#output.length === 1 ? this.#output[0]! : Buffer.concat(this.#output);
        this.#output = [];
        this.#outputBytes = 0;
        resolve(output);
      });
    });
  }

  #open(firstByte: number): ZlibStream {
    const stream = formatOf(this.#coding, firstByte).createStream();
    stream.on('data', (output: Buffer) => {
      this.#output.push(output);
      this.#outputBytes += output.length;
      if (this.#outputBytes > this.#outputBytesMax) {
        const error = Object.assign(new RangeError('output bound'), { code: 'ERR_BUFFER_TOO_LARGE' });
        this.#fail(decodingError(this.#coding, error, this.#outputBytesMax));
      }
    });
    stream.on('error', (error) => this.#fail(decodingError(this.#coding, error, this.#outputBytesMax)));
    return stream;
  }

  #fail(failure: ContentDecodingError): void {
    this.#failure ??= failure;
    this.#reject?.(this.#failure);
    this.#output = [];
    this.#stream?.destroy();
  }
}
