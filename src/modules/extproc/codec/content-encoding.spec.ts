import { afterEach, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import * as zlib from 'node:zlib';
import {
  type ContentCoding,
  ContentDecodingError,
  decodeWhole,
  parseContentEncoding,
  StreamDecoder,
} from './content-encoding.js';

const MEBIBYTE = 1 << 20;
const failing = (message: string) => expect.objectContaining({ constructor: ContentDecodingError, message });

type Encoder = readonly [name: string, coding: ContentCoding, encode: (bytes: Uint8Array) => Buffer];
const ENCODERS: readonly Encoder[] = [
  ['gzip', 'gzip', zlib.gzipSync],
  ['br', 'br', zlib.brotliCompressSync],
  ['zstd', 'zstd', zlib.zstdCompressSync],
  ['deflate (zlib)', 'deflate', zlib.deflateSync],
  ['deflate (raw)', 'deflate', zlib.deflateRawSync],
];

/** Does not compress well, so that input and output have about the same size. */
function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let index = 0, state = 1; index < length; index++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

describe('parseContentEncoding', () => {
  it.each([
    [undefined, []],
    ['', []],
    ['identity', []],
    ['gzip', ['gzip']],
    ['X-GZip', ['gzip']],
    [' BR ', ['br']],
    ['zstd', ['zstd']],
    ['deflate,', ['deflate']],
    ['gzip, identity ,br', ['gzip', 'br']],
    ['gzip, gzip, gzip', ['gzip', 'gzip', 'gzip']],
    ['gzip, gzip, gzip, gzip', 'unsupported'],
    ['compress', 'unsupported'],
    ['gzip, aws-chunked', 'unsupported'],
    ['gzip;q=1', 'unsupported'],
  ])('reads %j as %j', (value, expected) => {
    expect(parseContentEncoding(value)).toEqual(expected);
  });
});

describe('decodeWhole', () => {
  it.each(ENCODERS)('decodes small and large %s bodies', async (_name, coding, encode) => {
    for (const body of [Buffer.from('{"a":1}'), noise(MEBIBYTE), Buffer.alloc(MEBIBYTE)]) {
      expect(body.equals(await decodeWhole([coding], encode(body), MEBIBYTE))).toBe(true);
    }
  });

  it('undoes the last coding first when there are several', async () => {
    const bytes = zlib.brotliCompressSync(zlib.gzipSync('text'));
    expect(Buffer.from(await decodeWhole(['gzip', 'br'], bytes, 100)).toString()).toBe('text');
  });

  it('gives the same bytes back when there are none or no coding', async () => {
    const empty = new Uint8Array();
    const plain = Buffer.from('plain');
    expect(await decodeWhole(['gzip'], empty, 0)).toBe(empty);
    expect(await decodeWhole([], plain, 0)).toBe(plain);
  });

  it.each([
    ['a small body is too large decoded', zlib.gzipSync(Buffer.alloc(101)), 'more than 100 bytes of output'],
    ['a large body is too large decoded', zlib.gzipSync(noise(MEBIBYTE)), 'more than 100 bytes of output'],
    ['the bytes are something else', Buffer.from('{"a":1}'), 'Z_DATA_ERROR'],
    ['the bytes are cut', zlib.gzipSync('text').subarray(0, -9), 'Z_BUF_ERROR'],
    ['many bytes are cut', zlib.gzipSync(noise(MEBIBYTE)).subarray(0, 90_000), 'Z_BUF_ERROR'],
  ])('refuses when %s', async (_case, bytes, why) => {
    const outputBytesMax = why === 'Z_BUF_ERROR' ? MEBIBYTE : 100;
    await expect(decodeWhole(['gzip'], bytes, outputBytesMax)).rejects.toEqual(
      failing(`cannot decode gzip content: ${why}`),
    );
  });

  it('refuses a small bomb without producing it', async () => {
    const bomb = zlib.gzipSync(zlib.gzipSync(Buffer.alloc(64 * MEBIBYTE)));
    await expect(decodeWhole(['gzip', 'gzip'], bomb, MEBIBYTE)).rejects.toEqual(
      failing('cannot decode gzip content: more than 1048576 bytes of output'),
    );
  });
});

describe('StreamDecoder', () => {
  let decoder = new StreamDecoder([], 0);
  afterEach(() => decoder.destroy());
  const decode = async (chunks: readonly Uint8Array[]): Promise<Buffer> => {
    const parts: Uint8Array[] = [];
    for (const chunk of chunks) parts.push(await decoder.push(chunk));
    return Buffer.concat([...parts, await decoder.end()]);
  };
  const cut = (bytes: Uint8Array, sizeBytes: number) => {
    const chunks: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += sizeBytes) chunks.push(bytes.subarray(at, at + sizeBytes));
    return chunks;
  };

  it.each(ENCODERS)('decodes %s for any cut', async (_name, coding, encode) => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 50 }), async (body, sizeBytes) => {
        decoder = new StreamDecoder([coding], 1000);
        expect([...(await decode(cut(encode(body), sizeBytes)))]).toEqual([...body]);
      }),
      { numRuns: 40 },
    );
  });

  it.each(ENCODERS)('decodes a long %s body in large chunks', async (_name, coding, encode) => {
    const body = Buffer.concat([noise(MEBIBYTE), Buffer.alloc(MEBIBYTE)]);
    decoder = new StreamDecoder([coding], 2 * MEBIBYTE);
    expect(body.equals(await decode(cut(encode(body), 100_000)))).toBe(true);
  });

  it.each([
    ['gzip', 'gzip', zlib.createGzip, zlib.constants.Z_SYNC_FLUSH],
    ['br', 'br', zlib.createBrotliCompress, zlib.constants.BROTLI_OPERATION_FLUSH],
    ['zstd', 'zstd', zlib.createZstdCompress, zlib.constants.ZSTD_e_flush],
    ['deflate', 'deflate', zlib.createDeflate, zlib.constants.Z_SYNC_FLUSH],
  ] as const)('gives each event of a %s stream at once', async (_name, coding, create, flush) => {
    const encoder = create();
    decoder = new StreamDecoder([coding], 1000);
    for (const event of ['data: 1\n\n', 'data: 2\n\n', 'data: 3\n\n']) {
      encoder.write(event);
      await new Promise<void>((resolve) => encoder.flush(flush, resolve));
      const chunk = encoder.read() as Buffer;
      expect(Buffer.from(await decoder.push(chunk)).toString()).toBe(event);
    }
    encoder.destroy();
  });

  it.each(ENCODERS)('forgives a cut end of %s', async (_name, coding, encode) => {
    const body = noise(2 * MEBIBYTE);
    const encoded = encode(body);
    decoder = new StreamDecoder([coding], 4 * MEBIBYTE);
    const decoded = await decode([encoded.subarray(0, encoded.length - 10)]);
    expect(decoded.length).toBeGreaterThanOrEqual(MEBIBYTE);
    expect(decoded.equals(body.subarray(0, decoded.length))).toBe(true);
  });

  it('decodes several codings, and members of gzip in several chunks', async () => {
    decoder = new StreamDecoder(['gzip', 'br'], 1000);
    const encoded = zlib.brotliCompressSync(Buffer.concat([zlib.gzipSync('one '), zlib.gzipSync('two')]));
    expect((await decode(cut(encoded, 7))).toString()).toBe('one two');
  });

  it('ignores what follows the padding behind gzip data', async () => {
    decoder = new StreamDecoder(['gzip'], 1000);
    const padded = Buffer.concat([zlib.gzipSync('text'), Buffer.alloc(10)]);
    expect(Buffer.from(await decoder.push(padded)).toString()).toBe('text');
    await new Promise(setImmediate);
    expect(await decode([Buffer.from('more')])).toHaveLength(0);
  });

  it('gives chunks as they are when there is no coding', async () => {
    const chunk = Buffer.from('plain');
    decoder = new StreamDecoder([], 1);
    expect(await decoder.push(chunk)).toBe(chunk);
    expect(await decoder.end()).toHaveLength(0);
  });

  it('ends empty when nothing came', async () => {
    decoder = new StreamDecoder(['gzip'], 1);
    expect(await decode([new Uint8Array()])).toHaveLength(0);
  });

  it.each([
    ['gzip', 'Z_DATA_ERROR'],
    ['br', 'ERR__ERROR_FORMAT_PADDING_1'],
    ['zstd', 'ZSTD_error_prefix_unknown'],
    ['deflate', 'Z_DATA_ERROR'],
  ] as const)('refuses what is not %s, then everything', async (coding, why) => {
    decoder = new StreamDecoder([coding], 1000);
    const failure = failing(`cannot decode ${coding} content: ${why}`);
    await expect(decoder.push(Buffer.from('this is not compressed at all, sorry'))).rejects.toEqual(failure);
    await expect(decoder.push(Buffer.from('more'))).rejects.toEqual(failure);
    await expect(decoder.end()).rejects.toEqual(failure);
  });

  it('refuses a push that gives too much output, but counts each push alone', async () => {
    const encoded = zlib.gzipSync(Buffer.alloc(64 * MEBIBYTE));
    decoder = new StreamDecoder(['gzip'], MEBIBYTE);
    await expect(decoder.push(encoded)).rejects.toEqual(
      failing('cannot decode gzip content: more than 1048576 bytes of output'),
    );
    decoder = new StreamDecoder(['gzip'], 4 * MEBIBYTE);
    expect(await decode(cut(encoded, 1024))).toHaveLength(64 * MEBIBYTE);
  });

  it('rejects a waiting push when it is destroyed', async () => {
    decoder = new StreamDecoder(['gzip'], MEBIBYTE);
    const waiting = decoder.push(zlib.gzipSync('text'));
    decoder.destroy();
    await expect(waiting).rejects.toEqual(failing('cannot decode gzip content: decoder destroyed'));
  });
});
