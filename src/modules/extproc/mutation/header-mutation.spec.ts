import { describe, expect, it } from '@jest/globals';
import { Redacted } from '../../../shared/secret.js';
import { compileHeaderMutation, isProtectedHeader } from './header-mutation.js';

const set = (name: string, value: string) => ({ name, value: new Redacted(value) });

describe('compileHeaderMutation', () => {
  it('lower-cases names and keeps the order', () => {
    const plan = compileHeaderMutation({ set: [set('X-B', '1'), set('x-a', '')], remove: ['X-C', 'x-d', 'x-c'] });
    expect(plan).toEqual({
      sets: [
        { name: 'x-b', value: '1' },
        { name: 'x-a', value: '' },
      ],
      removes: ['x-c', 'x-d'],
      setNames: new Set(['x-b', 'x-a']),
      removeNames: new Set(['x-c', 'x-d']),
    });
  });

  it('is empty when nothing is configured', () => {
    expect(compileHeaderMutation({})).toEqual({
      sets: [],
      removes: [],
      setNames: new Set(),
      removeNames: new Set(),
    });
  });

  it('lets set win over remove, and the last of several sets', () => {
    const plan = compileHeaderMutation({ set: [set('x-a', '1'), set('X-A', '2')], remove: ['X-a', 'x-b'] });
    expect(plan.sets).toEqual([{ name: 'x-a', value: '2' }]);
    expect(plan.removes).toEqual(['x-b']);
  });

  it('drops protected and empty names', () => {
    const names = [':path', 'X-AI-EG-Model', 'x-envoy-original-path', ''];
    const plan = compileHeaderMutation({ set: names.map((name) => set(name, '1')), remove: names });
    expect([...plan.sets, ...plan.removes, ...plan.setNames, ...plan.removeNames]).toEqual([]);
  });
});

describe('isProtectedHeader', () => {
  it.each([
    [':authority', true],
    ['x-ai-eg-anything', true],
    ['X-Envoy-Original-Path', true],
    ['x-envoy-original-path-2', false],
    ['x-ai-e', false],
    ['authorization', false],
  ])('says of %s: %s', (name, expected) => {
    expect(isProtectedHeader(name)).toBe(expected);
  });
});
