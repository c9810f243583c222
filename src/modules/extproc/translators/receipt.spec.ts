import { describe, expect, it } from '@jest/globals';
import { Receipt } from './receipt.js';

describe('Receipt', () => {
  it('names each path once, in the order they were found', () => {
    const receipt = new Receipt();
    for (const path of ['b', 'a', 'b']) receipt.drop(path);
    expect(receipt.dropped).toEqual(['b', 'a']);
  });

  it('counts what it does not name', () => {
    const receipt = new Receipt();
    for (let index = 0; index < 40; index++) receipt.drop(`messages[${index}].name`);
    expect(receipt.dropped).toHaveLength(33);
    expect(receipt.dropped.at(-1)).toBe('(8 more)');
  });
});
