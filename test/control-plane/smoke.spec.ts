import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../src/shared/api/kube-object.js';
import { eventually } from '../harness/eventually.js';
import { installCrds } from '../harness/kube/install-crds.js';
import { KubeCluster } from '../harness/kube/kube-cluster.js';
import { KubeApiError } from '../harness/kube/kube-transport.js';

interface ConfigMap extends KubeObject {
  readonly data: Readonly<Record<string, string>>;
}

const configMap = (name: string, data: Readonly<Record<string, string>>): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace: 'default', name },
  data,
});

describe('the real API server', () => {
  let cluster: KubeCluster;
  let crds: readonly string[];

  beforeAll(async () => {
    cluster = await KubeCluster.start();
    crds = await installCrds(cluster.api);
  }, 120_000);

  afterAll(async () => {
    await cluster.stop();
  });

  it('serves the custom resources of all groups', async () => {
    const resources = await cluster.kubectl.run('api-resources', '--output', 'name');
    for (const crd of crds) expect(resources).toContain(`${crd}\n`);
    expect(crds).toEqual(
      expect.arrayContaining([
        'aigatewayroutes.aigateway.envoyproxy.io',
        'httproutes.gateway.networking.k8s.io',
        'backends.gateway.envoyproxy.io',
        'inferencepools.inference.networking.k8s.io',
      ]),
    );
  });

  it('tells the version it was built from', async () => {
    const version = await cluster.api.transport.json<{ major: string; minor: string }>('/version');
    expect(version).toMatchObject({ major: '1', minor: '36', gitVersion: 'v1.36.2' });
  });

  it('keeps its objects, its address and its keys when it is restarted, and watches go on', async () => {
    await cluster.api.apply(configMap('kept', { a: '1' }));
    const changed = cluster.api.eventually<ConfigMap, string>(
      { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'kept' },
      'a change after the restart',
      (object) => object?.data['a'] === '2' && object.metadata.uid,
      60_000,
    );
    await cluster.restartApiServer();
    const { metadata } = await cluster.api.apply(configMap('kept', { a: '2' }));
    expect(await changed).toBe(metadata.uid);
    expect(await cluster.kubectl.run('get', 'configmap', 'kept', '-o', 'jsonpath={.data.a}')).toBe('2');
  }, 90_000);

  it('gives a service account the rights that RBAC gives it and no others', async () => {
    const account = await cluster.apiOf('default', 'reader');
    const refused = account.list({ apiVersion: 'v1', kind: 'ConfigMap' }, { namespace: 'default' });
    await expect(refused).rejects.toMatchObject({ status: 403, reason: 'Forbidden' });
    await expect(refused).rejects.toBeInstanceOf(KubeApiError);

    await cluster.kubectl.run('create', 'clusterrole', 'reader', '--verb=list', '--resource=configmaps');
    await cluster.kubectl.run(
      'create',
      'rolebinding',
      'reader',
      '--clusterrole=reader',
      '--serviceaccount=default:reader',
    );
    const kubeconfig = await cluster.kubeconfigOf('default', 'reader');
    // The server learns of new rights from its own watch.
    const names = await eventually('the right to be in force', () =>
      cluster.kubectl.run('--kubeconfig', kubeconfig, 'get', 'configmaps', '-o', 'name'),
    );
    expect(names).toContain('configmap/kept');
  });
});
