import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../../shared/api/kube-object.js';
import { kinds } from '../../../shared/api/kinds.js';
import { objectKey } from '../../../shared/api/kube-object.js';
import { mayExistUnwatched, reducedPod, selectionsOf, watchedViewOf, type WatchScope } from './watched-kinds.js';

describe('selectionsOf', () => {
  const places = (scope: Partial<WatchScope>, kind: string) =>
    selectionsOf({ watchNamespaces: [], envoyGatewayNamespace: 'eg', namespace: 'own', ...scope })
      .filter(({ resource }) => resource.kind === kind)
      .map(({ namespace = '*', labelSelector = '', isMetadataOnly = false }) =>
        [namespace, labelSelector, isMetadataOnly ? 'metadata' : ''].join(' ').trim(),
      );

  it('watches the whole cluster once, Secrets by their metadata and proxies by their labels', () => {
    expect(places({}, 'AIGatewayRoute')).toEqual(['*']);
    expect(places({}, 'Secret')).toEqual(['*  metadata']);
    expect(places({}, 'Pod')).toEqual([
      '* gateway.envoyproxy.io/owning-gateway-name',
      '* gateway.envoyproxy.io/owning-gatewayclass',
      '* app.kubernetes.io/managed-by=envoy-ai-gateway',
    ]);
  });

  it('watches each namespace that it is told, and the one of the proxies', () => {
    const scope = { watchNamespaces: ['a', 'eg'] };
    expect(places(scope, 'GatewayClass')).toEqual(['*']);
    expect(places(scope, 'AIGatewayRoute')).toEqual(['a', 'eg']);
    expect(places({ watchNamespaces: ['a'] }, 'Secret')).toEqual(['a  metadata', 'eg  metadata']);
    expect(places({ watchNamespaces: ['a'] }, 'AIServiceBackend')).toEqual(['a']);
  });
});

describe('watchedViewOf', () => {
  const view = watchedViewOf(selectionsOf({ watchNamespaces: ['a'], envoyGatewayNamespace: 'eg', namespace: 'own' }));
  const object = (kind: string, namespace: string, labels: Record<string, string> = {}) => ({
    apiVersion: kind === 'Deployment' ? 'apps/v1' : 'v1',
    kind,
    metadata: { name: 'x', namespace, labels },
    spec: { containers: [{ name: 'c', resources: {} }] },
  });

  it('shows what a watch would show', () => {
    const secret = object('Secret', 'a');
    expect(view(secret)).toBe(secret);
    const deployment = object('Deployment', 'eg', { 'app.kubernetes.io/managed-by': 'envoy-ai-gateway' });
    expect(view(deployment)).toBe(deployment);
    const proxy = object('Pod', 'eg', { 'gateway.envoyproxy.io/owning-gateway-name': 'g' });
    expect(view(proxy)).toMatchObject({ spec: { containers: [{ name: 'c' }] } });
    expect(JSON.stringify(view(proxy))).not.toContain('resources');
  });

  it.each([
    ['of another namespace', object('Secret', 'b')],
    ['without the label', object('Deployment', 'a')],
    ['with another value', object('Deployment', 'a', { 'app.kubernetes.io/managed-by': 'helm' })],
    ['of another kind', object('Node', 'a')],
  ])('does not show an object %s', (_, one) => {
    expect(view(one)).toBeUndefined();
  });
});

const TIME = '2026-01-01T00:00:00Z';

describe('reducedPod', () => {
  it('keeps what the control plane reads', () => {
    const pod: KubeObject & Readonly<Record<string, unknown>> = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', labels: { a: 'b' } },
      spec: {
        nodeName: 'n',
        containers: [{ name: 'envoy', image: 'i', env: [], args: ['-x'] }, { name: 'bare' }],
        initContainers: [{ name: 'ai-gateway-extproc', image: 'j', volumeMounts: [] }],
      },
      status: {
        phase: 'Running',
        podIP: '1.2.3.4',
        conditions: [{ type: 'Ready', status: 'True', reason: 'r', lastTransitionTime: TIME }],
      },
    };
    expect(reducedPod(pod)).toMatchObject({
      metadata: pod.metadata,
      spec: {
        containers: [{ name: 'envoy', image: 'i', args: ['-x'] }, { name: 'bare' }],
        initContainers: [{ name: 'ai-gateway-extproc', image: 'j' }],
      },
      status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: TIME }] },
    });
    expect(JSON.stringify(reducedPod(pod))).not.toMatch(/nodeName|env"|volumeMounts|reason/);
  });
});

describe('mayExistUnwatched', () => {
  const mayExist = mayExistUnwatched(
    selectionsOf({ watchNamespaces: [], envoyGatewayNamespace: 'eg', namespace: 'own' }),
  );

  it.each([
    [kinds.deployment, true],
    [kinds.pod, true],
    [kinds.service, false],
    [kinds.httpRoute, false],
    // Nobody looks at them at all: who writes them knows why.
    [kinds.lease, false],
  ])('of %j is %p', (type, expected) => {
    expect(mayExist(objectKey(type, 'default', 'x'))).toBe(expected);
  });
});
