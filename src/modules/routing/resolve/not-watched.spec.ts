import { describe, expect, it } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import type { AIGatewayRoute } from '../../../shared/api/ai-gateway.js';
import { kinds } from '../../../shared/api/kinds.js';
import type { KubeObject } from '../../../shared/api/kube-object.js';
import { snapshotOf } from '../../../shared/api/snapshot.js';
import { programmedCondition } from '../conditions/programmed.js';
import { ResolveContext } from './context.js';
import { distinctFaults } from './faults.js';
import { faultsOfRoute } from './resolve-gateway.js';
import { resolveRoute } from './resolve-route.js';

/** Everything is there, and the grants too: only the view is narrower. */
const OBJECTS = parseAllDocuments(`
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: infra }
---
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: AIGatewayRoute
metadata: { name: llm, namespace: team }
spec:
  parentRefs: [{ name: edge, namespace: infra }]
  rules:
    - backendRefs: [{ name: far, namespace: shared }, { name: near }]
    - matches: [{ headers: [{ name: x-ai-eg-model, value: pooled }] }]
      backendRefs: [{ name: pool, namespace: shared, group: inference.networking.k8s.io, kind: InferencePool }]
---
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: AIServiceBackend
metadata: { name: near, namespace: team }
spec:
  schema: { name: OpenAI }
  backendRef: { group: gateway.envoyproxy.io, kind: Backend, name: b, namespace: shared }
---
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: AIServiceBackend
metadata: { name: far, namespace: shared }
spec:
  schema: { name: OpenAI }
  backendRef: { group: gateway.envoyproxy.io, kind: Backend, name: b }
---
apiVersion: inference.networking.k8s.io/v1
kind: InferencePool
metadata: { name: pool, namespace: shared }
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: Backend
metadata: { name: b, namespace: shared }
---
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: BackendSecurityPolicy
metadata: { name: key, namespace: team }
spec:
  type: AzureAPIKey
  targetRefs: [{ group: aigateway.envoyproxy.io, kind: AIServiceBackend, name: near }]
  azureAPIKey: { secretRef: { name: key, namespace: shared } }
---
apiVersion: v1
kind: Secret
metadata: { name: key, namespace: shared }
data: { apiKey: c2s= }
---
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: { name: all, namespace: shared }
spec:
  from:
    - { group: aigateway.envoyproxy.io, kind: AIGatewayRoute, namespace: team }
    - { group: aigateway.envoyproxy.io, kind: BackendSecurityPolicy, namespace: team }
    - { group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: team }
  to:
    - { group: aigateway.envoyproxy.io, kind: AIServiceBackend }
    - { group: inference.networking.k8s.io, kind: InferencePool }
    - { group: gateway.envoyproxy.io, kind: Backend }
    - { group: "", kind: Secret }
`).map((document) => document.toJS() as KubeObject);

function resolved(watchNamespaces: readonly string[]) {
  // What is not watched does not come in.
  const isSeen = ({ metadata }: KubeObject) =>
    watchNamespaces.length === 0 || watchNamespaces.includes(metadata.namespace ?? '');
  const world = snapshotOf(OBJECTS.filter(isSeen), watchNamespaces);
  const node = resolveRoute(new ResolveContext(world), world.get<AIGatewayRoute>(kinds.aiGatewayRoute, 'team', 'llm')!);
  return { world, node, faults: distinctFaults(faultsOfRoute(node)) };
}

describe('references into namespaces that are not watched', () => {
  it('are told as such, each where it stands', () => {
    const { faults } = resolved(['team']);
    const notWatched = faults.filter(({ reason }) => reason === 'NamespaceNotWatched');
    expect(notWatched.map(({ object, path }) => `${object.split('/')[1]} ${path}`)).toEqual([
      'AIGatewayRoute spec.parentRefs[0].namespace',
      'AIGatewayRoute spec.rules[0].backendRefs[0]',
      'BackendSecurityPolicy spec.azureAPIKey.secretRef.namespace',
      'AIServiceBackend spec.backendRef.namespace',
      'AIGatewayRoute spec.rules[1].backendRefs[0]',
    ]);
    // Nothing is said of what cannot be known: whether there is such an object, or a grant.
    const others = faults.filter(({ reason }) => reason !== 'NamespaceNotWatched').map(({ reason }) => reason);
    expect([...new Set(others)].sort()).toEqual(['BackendNotReady', 'CredentialNotReady']);
    expect(notWatched[0]?.message).toBe(
      'Gateway infra/edge is in a namespace that this controller does not watch: add "infra" to -watchNamespaces ' +
        '(controller.watch.namespaces of the chart), or refer to an object of a namespace that is watched',
    );
  });

  it('say why the route is not in force', () => {
    const { world, node } = resolved(['team']);
    const facts = () => {
      throw new Error('nobody knows anything of a Gateway that is not seen');
    };
    const condition = programmedCondition(world, { node, httpRoutes: ['llm'] }, facts, new Date(0));
    expect(condition).toMatchObject({ status: 'False', reason: 'NamespaceNotWatched' });
    expect(condition.message).toMatch(/^spec\.parentRefs\[0\]: Gateway infra\/edge is in a namespace/);
  });

  it.each([[[]], [['team', 'shared', 'infra']]])(
    'resolve when the namespaces that are watched are %j',
    (namespaces) => {
      expect(resolved(namespaces).faults).toEqual([]);
    },
  );
});
