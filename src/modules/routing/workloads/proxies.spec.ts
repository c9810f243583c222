import { describe, expect, it } from '@jest/globals';
import type { KubeObject, ObjectMeta } from '../../../shared/api/kube-object.js';
import { snapshotOf } from '../../../shared/api/snapshot.js';
import { ProxyIndex } from './proxies.js';
import { gatewaysOfClass, servingGateway } from './sharing.js';
import type { Gateway } from '../../../shared/api/gateway-api.js';

const labels = {
  'gateway.envoyproxy.io/owning-gateway-name': 'edge',
  'gateway.envoyproxy.io/owning-gateway-namespace': 'default',
};
const shared = { 'gateway.envoyproxy.io/owning-gatewayclass': 'eg' };

const object = (kind: string, name: string, metadata: Partial<ObjectMeta> = {}, more: object = {}): KubeObject => ({
  apiVersion: kind === 'Pod' ? 'v1' : kind === 'Gateway' ? 'gateway.networking.k8s.io/v1' : 'apps/v1',
  kind,
  metadata: { name, namespace: 'eg-system', labels, ...metadata },
  ...more,
});

const GATEWAY = object('Gateway', 'edge', { namespace: 'default' }, { spec: { gatewayClassName: 'eg' } });
const proxiesOf = (...objects: readonly KubeObject[]) => new ProxyIndex(snapshotOf(objects)).of(GATEWAY, 'eg');

describe('ProxyIndex', () => {
  it('finds pods and workloads of the Gateway by their labels', () => {
    const { namespace, pods, workloads, isShared, conflict } = proxiesOf(
      object('Pod', 'p'),
      object('Deployment', 'd'),
      object('DaemonSet', 's'),
      object('Pod', 'other', { labels: { ...labels, 'gateway.envoyproxy.io/owning-gateway-name': 'other' } }),
      object('Pod', 'plain', { labels: {} }),
    );
    expect({ namespace, isShared, conflict }).toEqual({ namespace: 'eg-system', isShared: false, conflict: undefined });
    expect([...pods, ...workloads].map(({ metadata }) => metadata.name).sort()).toEqual(['d', 'p', 's']);
  });

  it('knows no namespace while there is no proxy', () => {
    expect(proxiesOf()).toMatchObject({ namespace: undefined, pods: [], workloads: [], isShared: false });
  });

  it.each([
    ['is being deleted', { deletionTimestamp: '2026-01-01T00:00:00Z' }, {}],
    ['has succeeded', {}, { status: { phase: 'Succeeded' } }],
    ['has failed', {}, { status: { phase: 'Failed' } }],
  ])('leaves a pod out, and its namespace, when it %s', (_, metadata, more) => {
    const { pods, conflict } = proxiesOf(
      object('Pod', 'old', { namespace: 'x', ...metadata }, more),
      object('Pod', 'p'),
    );
    expect(pods.map(({ metadata: { name } }) => name)).toEqual(['p']);
    expect(conflict).toBeUndefined();
  });

  it('names the places when proxies run in several namespaces', () => {
    const { namespace, conflict } = proxiesOf(object('Deployment', 'd'), object('Deployment', 'd', { namespace: 'x' }));
    expect(namespace).toBeUndefined();
    expect(conflict).toBe('Deployment eg-system/d, Deployment x/d');
  });

  it('gives the proxies of the class when those of the Gateway are none', () => {
    expect(proxiesOf(object('Deployment', 'd', { labels: shared }))).toMatchObject({ isShared: true });
    const both = proxiesOf(object('Deployment', 'd', { labels: shared }), object('Deployment', 'own'));
    expect(both.isShared).toBe(false);
    expect(both.workloads.map(({ metadata }) => metadata.name)).toEqual(['own']);
  });
});

describe('gatewaysOfClass', () => {
  it('gives the live Gateways of the class in the order of their names', () => {
    const named = (name: string, gatewayClassName: string, metadata: Partial<ObjectMeta> = {}) =>
      object('Gateway', name, { namespace: 'default', ...metadata }, { spec: { gatewayClassName } });
    const world = snapshotOf([
      named('b', 'eg'),
      named('a', 'eg'),
      named('c', 'x'),
      named('0', 'eg', { deletionTimestamp: '2026-01-01T00:00:00Z' }),
    ]);
    expect(gatewaysOfClass(world, 'eg').map(({ metadata }) => metadata.name)).toEqual(['a', 'b']);
  });
});

describe('servingGateway', () => {
  const named = (name: string): Gateway => ({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name, namespace: 'default' },
    spec: { gatewayClassName: 'eg', listeners: [] },
  });
  const world = snapshotOf([named('b'), named('a')]);
  const proxies = (isShared: boolean) => ({ namespace: 'eg-system', pods: [], workloads: [], isShared });

  it('is the first Gateway of the class when proxies are shared, else the Gateway itself', () => {
    expect(servingGateway(world, named('b'), proxies(true)).metadata.name).toBe('a');
    expect(servingGateway(world, named('b'), proxies(false)).metadata.name).toBe('b');
  });
});
