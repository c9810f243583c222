import { describe, expect, it } from '@jest/globals';
import { mergeBodyMutations, mergeHeaderMutations } from './mutations.js';

const revealed = (merged: ReturnType<typeof mergeHeaderMutations>) =>
  merged && { ...merged, ...(merged.set && { set: merged.set.map(({ name, value }) => `${name}=${value.reveal()}`) }) };

describe('mergeHeaderMutations', () => {
  it.each([
    { backend: undefined, route: undefined, also: [], expected: undefined },
    { backend: {}, route: { set: [], remove: [] }, also: [], expected: undefined },
    { backend: undefined, route: undefined, also: ['X-Key'], expected: { remove: ['x-key'] } },
    {
      backend: { set: [{ name: 'X-A', value: 'backend' }] },
      route: { set: [{ name: 'x-a', value: 'route' }] },
      also: [],
      expected: { set: ['x-a=route'] },
    },
    {
      backend: { set: [{ name: 'z', value: '1' }], remove: ['B', 'a'] },
      route: { set: [{ name: 'y', value: '2' }], remove: ['b'] },
      also: ['a', 'c'],
      expected: { set: ['y=2', 'z=1'], remove: ['a', 'b', 'c'] },
    },
  ])('gives $expected when backend, route and credential want $backend, $route, $also', (example) => {
    expect(revealed(mergeHeaderMutations(example.backend, example.route, example.also))).toEqual(example.expected);
  });
});

describe('mergeBodyMutations', () => {
  it.each([
    { backend: undefined, route: undefined, expected: undefined },
    {
      backend: { set: [{ path: 'user', value: '1' }], remove: ['seed'] },
      route: {
        set: [
          { path: 'user', value: '2' },
          { path: 'User', value: '3' },
        ],
        remove: ['seed', 'n'],
      },
      expected: {
        set: [
          { path: 'User', value: '3' },
          { path: 'user', value: '2' },
        ],
        remove: ['n', 'seed'],
      },
    },
  ])('gives $expected when backend and route want $backend and $route', ({ backend, route, expected }) => {
    expect(mergeBodyMutations(backend, route)).toEqual(expected);
  });
});
