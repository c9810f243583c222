import { describe, expect, it } from '@jest/globals';
import { encodeHeaderValueOption } from './header-value-option.js';

const hex = (text: string) => Buffer.from(text).toString('hex');

describe('encodeHeaderValueOption', () => {
  it('writes key, raw value and the overwrite action in the order of their field numbers', () => {
    expect(Buffer.from(encodeHeaderValueOption('api-key', 'k1')).toString('hex')).toBe(
      // 1: {1: "api-key", 3: "k1"}, 3: 2
      `0a0d0a07${hex('api-key')}1a02${hex('k1')}1802`,
    );
  });

  it('counts bytes, not characters', () => {
    expect(Buffer.from(encodeHeaderValueOption('n', 'é€')).toString('hex')).toBe('0a0a0a016e1a05c3a9e282ac1802');
  });

  it.each([
    [127, '0a84010a016e1a7f'],
    [128, '0a86010a016e1a8001'],
    [16_384, '0a8780010a016e1a808001'],
  ])('writes lengths as varints when the value has %i bytes', (sizeBytes, expectedStart) => {
    const encoded = Buffer.from(encodeHeaderValueOption('n', 'v'.repeat(sizeBytes)));
    expect(encoded.toString('hex', 0, expectedStart.length / 2)).toBe(expectedStart);
    expect(encoded.length).toBe(expectedStart.length / 2 + sizeBytes + 2);
  });
});
