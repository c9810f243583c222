import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { UpstreamAnswerError } from '../../translator.js';
import { encodeEmbeddings } from './encode-embeddings.js';

const encoded = (text: string, isBase64: boolean) => {
  const body = Buffer.from(text);
  const vectors = [{ values: { start: 0, end: body.length }, isTruncated: false }];
  return Buffer.from(encodeEmbeddings(body, { vectors, inputTokens: 3 }, isBase64, 'm').body!).toString();
};
const embeddingOf = (text: string) => (JSON.parse(text) as { data: { embedding: unknown }[] }).data[0]!.embedding;

describe('encodeEmbeddings', () => {
  it('hands the numbers through as the provider wrote them', () => {
    const values = '[0.10, -1e-7,\n 12345678901234567890]';
    expect(encoded(values, false)).toBe(
      `{"object":"list","data":[{"object":"embedding","index":0,"embedding":${values}}],"model":"m",` +
        '"usage":{"prompt_tokens":3,"total_tokens":3}}',
    );
  });

  it('G24: encodes float32 little-endian base64 when asked', () => {
    fc.assert(
      fc.property(fc.array(fc.float({ noNaN: true, noDefaultInfinity: true })), (floats) => {
        const bytes = Buffer.from(embeddingOf(encoded(JSON.stringify(floats), true)) as string, 'base64');
        const read = Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4));
        expect(read).toEqual(floats.map((value) => value + 0));
      }),
    );
    expect(embeddingOf(encoded('[1, -2]', true))).toBe('AACAPwAAAMA=');
  });

  it.each(['{}', 'null', '"AACAPw=="', '1'])('refuses %s as an embedding', (text) => {
    for (const isBase64 of [true, false]) {
      expect(() => encoded(text, isBase64)).toThrow(
        new UpstreamAnswerError('an embedding must be an array of numbers'),
      );
    }
  });

  it('refuses to encode what is no number', () => {
    expect(() => encoded('[1,"a"]', true)).toThrow(new UpstreamAnswerError('an embedding must be an array of numbers'));
  });

  it('tells no usage that the provider did not', () => {
    const answer = encodeEmbeddings(Buffer.of(), { vectors: [], inputTokens: undefined }, false, 'm');
    expect(answer).not.toHaveProperty('usage');
    expect(JSON.parse(Buffer.from(answer.body!).toString())).toMatchObject({
      data: [],
      usage: { prompt_tokens: 0, total_tokens: 0 },
    });
  });
});
