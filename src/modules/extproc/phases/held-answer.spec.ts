import { describe, expect, it } from '@jest/globals';
import { HeldAnswer } from './held-answer.js';

const shouting = () => new HeldAnswer((answer) => Buffer.from(Buffer.from(answer).toString().toUpperCase()));

describe('HeldAnswer', () => {
  it('gives nothing before the answer is whole', () => {
    const held = shouting();
    const chunk = Buffer.from('ab');
    expect(held.push(chunk)).toHaveLength(0);
    chunk.fill(0);
    expect(held.push(Buffer.from('c'))).toHaveLength(0);
    expect(Buffer.from(held.end()).toString()).toBe('ABC');
  });

  it('lets an answer go on as it is once it is above 8 MiB', () => {
    const held = shouting();
    const half = Buffer.alloc(5 << 20, 'a');
    expect(held.push(half)).toHaveLength(0);
    const out = held.push(half);
    expect([out.length, out[0]]).toEqual([10 << 20, 0x61]);
    expect(Buffer.from(held.push(Buffer.from('b'))).toString()).toBe('b');
    expect(held.end()).toHaveLength(0);
  });
});
