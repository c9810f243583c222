import { describe, expect, it } from '@jest/globals';
import type { BackendSecurityPolicy } from '../../../shared/api/ai-gateway.js';
import { snapshotOf } from '../../../shared/api/snapshot.js';
import { forwardedNamespaces } from './forwarded-metadata.js';

const policy = (namespace: string, target: string, from: string, kind = 'AIServiceBackend'): BackendSecurityPolicy => ({
  apiVersion: 'aigateway.envoyproxy.io/v1beta1',
  kind: 'BackendSecurityPolicy',
  metadata: { namespace, name: `${target}-${from}` },
  spec: {
    type: 'APIKey',
    targetRefs: [{ group: 'aigateway.envoyproxy.io', kind, name: target }],
    credentialOverride: { fromDynamicMetadata: { namespace: from } },
  },
});
const WORLD = snapshotOf([
  policy('ns', 'a', 'z-tokens'),
  policy('ns', 'b', 'b-tokens'),
  policy('ns', 'b', 'z-tokens'),
  policy('other', 'a', 'foreign'),
  policy('ns', 'pool', 'of-pool', 'InferencePool'),
]);

describe('forwardedNamespaces', () => {
  it.each([
    ['the policies of all backends, sorted, each once', [{ name: 'a' }, { name: 'b' }], ['b-tokens', 'z-tokens']],
    ['the namespace of the backend', [{ name: 'a', namespace: 'other' }], ['foreign']],
    ['the kind of the backend', [{ name: 'pool', kind: 'InferencePool' }], ['of-pool']],
    ['no policy of another kind', [{ name: 'pool' }], []],
  ])('follows %s', (_case, refs, expected) => {
    const rule = { namespace: 'ns', route: 'llm', ruleIndex: 0, refs: refs.map((ref, index) => ({ ref, index })) };
    expect(forwardedNamespaces(WORLD, [])(rule)).toEqual(expected);
    expect(forwardedNamespaces(WORLD, ['always'])(rule)).toEqual(['always', ...expected]);
  });
});
