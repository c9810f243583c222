import { describe, expect, it } from '@jest/globals';
import { parseDurationMs } from './duration.js';
import { covers, intersectHostnames } from './hostname.js';
import { isIpAddress } from './ip-address.js';
import { parseQuantityBytes } from './quantity.js';
import { re2Problem } from './re2.js';

describe('parseDurationMs', () => {
  it.each([
    ['0s', 0],
    ['100ms', 100],
    ['1h30m', 5_400_000],
    ['1m1s1ms', 61_001],
  ])('reads %s', (text, expected) => {
    expect(parseDurationMs(text)).toBe(expected);
  });

  it.each(['', '1', '-1s', '1.5s', '1d', '1 s', '100000s', '1h1h1h1h1h'])('refuses "%s"', (text) => {
    expect(parseDurationMs(text)).toBeUndefined();
  });
});

describe('parseQuantityBytes', () => {
  it.each([
    [32_768, 32_768],
    ['32768', 32_768],
    ['50Mi', 52_428_800],
    ['1.5k', 1500],
    ['0.3', 1],
    ['1G', 1_000_000_000],
  ])('reads %s', (quantity, expected) => {
    expect(parseQuantityBytes(quantity)).toBe(expected);
  });

  it.each(['', 'Mi', '-1', '1 Mi', '1MiB', '1e3'])('refuses "%s"', (quantity) => {
    expect(parseQuantityBytes(quantity)).toBeUndefined();
  });
});

describe('re2Problem', () => {
  it.each(['.*', '^gpt-4.*$', '(?i)gpt', '(?P<name>a)', '(?s:.)', 'a{2,1000}', String.raw`\(?=x`, '[a-z]+|b'])(
    'finds nothing in %s',
    (expression) => {
      expect(re2Problem(expression)).toBeUndefined();
    },
  );

  it.each([
    ['(?=a)', 'look-around is not supported'],
    ['(?<!a)b', 'look-around is not supported'],
    ['(?>a)', 'atomic groups are not supported'],
    [String.raw`(a)\1`, 'references to groups are not supported'],
    ['a{1001}', 'a repetition may be at most 1000'],
    ['a{1,2000}', 'a repetition may be at most 1000'],
    ['(a', 'it does not parse'],
    ['*a', 'it does not parse'],
  ])('says why %s is refused', (expression, problem) => {
    expect(re2Problem(expression)).toBe(problem);
  });
});

describe('isIpAddress', () => {
  it.each(['10.0.0.1', '255.255.255.255', '::1', 'fd00::2', '::ffff:10.0.0.1'])('is true for %s', (text) => {
    expect(isIpAddress(text)).toBe(true);
  });

  it.each(['', 'localhost', '1.2.3', '1.2.3.256', '01.2.3.4', '[::1]', 'fe80::1%eth0', ':', '1:2', 'a.b:80'])(
    'is false for "%s"',
    (text) => {
      expect(isIpAddress(text)).toBe(false);
    },
  );
});

describe('covers', () => {
  it.each([
    ['*', 'a.b', true],
    ['a.b', 'a.b', true],
    ['*.b', 'a.b', true],
    ['*.b', 'x.a.b', true],
    ['*.b', '*.a.b', true],
    ['*.b', 'b', false],
    ['*.b', 'ab', false],
    ['a.b', '*.b', false],
    ['a.b', '*', false],
  ])('compares %s with %s', (outer, inner, expected) => {
    expect(covers(outer, inner)).toBe(expected);
  });
});

describe('intersectHostnames', () => {
  it.each([
    ['*', [], ['*']],
    ['a.b', [], ['a.b']],
    ['*', ['b.c', 'a.c'], ['a.c', 'b.c']],
    ['*.c', ['a.c', 'a.d'], ['a.c']],
    ['a.c', ['*.c', 'a.c'], ['a.c']],
    ['a.c', ['b.c'], []],
  ])('gives the hosts of listener %s and route %j', (listener, routes, expected) => {
    expect(intersectHostnames(listener, routes)).toEqual(expected);
  });
});
