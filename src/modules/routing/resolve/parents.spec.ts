import { expect, it } from '@jest/globals';
import type { ParentReference } from '../../../shared/api/http-route.js';
import { snapshotOf } from '../../../shared/api/snapshot.js';
import { resolveParents } from './parents.js';

const GATEWAY = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name: 'edge', namespace: 'default' },
};

const resolved = (...refs: readonly Omit<ParentReference, 'name'>[]) =>
  resolveParents(snapshotOf([GATEWAY]), {
    apiVersion: 'aigateway.envoyproxy.io/v1beta1',
    kind: 'AIGatewayRoute',
    metadata: { name: 'llm', namespace: 'default' },
    spec: { parentRefs: refs.map((ref) => ({ name: 'edge', ...ref })) },
  });

/** The API server refuses an HTTPRoute with two refs to one Gateway that it cannot tell apart. */
it.each<[string, readonly Omit<ParentReference, 'name'>[], readonly number[]]>([
  ['the same twice', [{}, {}], [0]],
  ['the whole Gateway beside a listener', [{ sectionName: 'a' }, {}, { port: 80 }], [1]],
  ['a listener with and without its port', [{ sectionName: 'a', port: 80 }, { sectionName: 'a' }], [1]],
  ['a port with and without a listener', [{ port: 80 }, { sectionName: 'a', port: 80 }], [0]],
  ['two listeners', [{ sectionName: 'a' }, { sectionName: 'b' }], [0, 1]],
  [
    'a listener at two ports',
    [
      { sectionName: 'a', port: 80 },
      { sectionName: 'a', port: 81 },
    ],
    [0, 1],
  ],
  ['a listener and a port', [{ sectionName: 'a' }, { port: 80 }], [0, 1]],
])('keeps of %s what the others do not include, and tells the rest', (_, refs, kept) => {
  const { parentRefs, faults } = resolved(...refs);
  expect(parentRefs).toEqual(kept.map((index) => ({ name: 'edge', ...refs[index] })));
  const dropped = refs.map((__, index) => index).filter((index) => !kept.includes(index));
  expect(faults.map(({ severity, reason, path }) => [severity, reason, path])).toEqual(
    dropped.map((index) => ['warning', 'DuplicateParent', `spec.parentRefs[${index}]`]),
  );
});
