import { describe, expect, it } from '@jest/globals';
import { RetiredBackends } from './retired-backends.js';
import type { RuntimeBackend } from './runtime-config.js';

const backends = (...names: string[]) =>
  new Map<string, RuntimeBackend>(
    names.map((name) => [name, { name, shortName: name, modelNameOverride: '', schema: { name: 'OpenAI' } }]),
  );

describe('RetiredBackends', () => {
  it('finds a removed backend until its grace is over', () => {
    const retired = new RetiredBackends(100);
    retired.update(backends('a', 'b'), backends('b'), 1000);
    expect(retired.find('a', 1099)?.name).toBe('a');
    expect(retired.find('a', 1100)).toBeUndefined();
    expect(retired.find('b', 1000)).toBeUndefined();
  });

  it('keeps the grace of the first removal over later updates', () => {
    const retired = new RetiredBackends(100);
    retired.update(backends('a', 'b'), backends('b'), 1000);
    retired.update(backends('b'), backends(), 1050);
    expect(retired.find('a', 1099)?.name).toBe('a');
    expect(retired.find('a', 1100)).toBeUndefined();
    expect(retired.find('b', 1149)?.name).toBe('b');
  });

  it('forgets a backend that has come back', () => {
    const retired = new RetiredBackends(100);
    retired.update(backends('a'), backends(), 0);
    retired.update(backends(), backends('a'), 10);
    expect(retired.find('a', 20)).toBeUndefined();
  });

  it('holds 1,000 backends and drops the oldest', () => {
    const retired = new RetiredBackends(100);
    const names = Array.from({ length: 1001 }, (_, i) => `b${i}`);
    retired.update(backends(...names), backends(), 0);
    expect(retired.find('b0', 1)).toBeUndefined();
    expect(retired.find('b1', 1)?.name).toBe('b1');
    expect(retired.find('b1000', 1)?.name).toBe('b1000');
  });
});
