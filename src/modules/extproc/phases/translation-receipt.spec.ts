import { describe, expect, it } from '@jest/globals';
import { receiptText } from './translation-receipt.js';

describe('receiptText', () => {
  it.each([
    [[], ''],
    [['logit_bias', 'messages[2].name'], 'logit_bias,messages[2].name'],
    [['a b\r\nx: y', 'ö'], 'a?b??x:?y,?'],
  ])('of %j is %j', (dropped, text) => {
    expect(receiptText(dropped)).toBe(text);
  });

  it('is cut where it would be too long', () => {
    const text = receiptText(Array.from({ length: 32 }, (_, index) => `messages[${index}].${'x'.repeat(64)}`));
    expect(text).toHaveLength(1024);
    expect(text).toMatch(/x\.\.\.$/);
  });
});
