import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import type { Secret } from '../../../src/shared/api/gateway-api.js';
import type { KubeObject } from '../../../src/shared/api/kube-object.js';
import { installCrds } from '../../harness/kube/install-crds.js';
import { KubeCluster } from '../../harness/kube/kube-cluster.js';
import { CHART, ENVOY_GATEWAY_NAMESPACE, helm, NAMESPACE, RELEASE, render } from './chart.js';
import { ControllerProcess } from './controller-process.js';

const FORMER_CHART = join(import.meta.dirname, 'testdata', 'former-chart');
const secretRef = {
  apiVersion: 'v1',
  kind: 'Secret',
  namespace: NAMESPACE,
  name: 'self-signed-cert-for-mutating-webhook',
};
const webhookRef = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingWebhookConfiguration',
  name: `envoy-ai-gateway-gateway-pod-mutator.${NAMESPACE}`,
};

interface WebhookConfiguration extends KubeObject {
  readonly webhooks: readonly { readonly clientConfig: { readonly caBundle?: string } }[];
}

describe('helm upgrade from a release of Envoy AI Gateway', () => {
  let cluster: KubeCluster;
  let former: Secret;
  const inCluster = async (...args: readonly string[]) =>
    await helm(...args, '--kubeconfig', cluster.kubeconfig, '--namespace', NAMESPACE);

  beforeAll(async () => {
    cluster = await KubeCluster.start();
    await installCrds(cluster.api);
    for (const name of [NAMESPACE, ENVOY_GATEWAY_NAMESPACE]) await cluster.api.ensureNamespace(name);
    await inCluster('install', RELEASE, FORMER_CHART);
    former = await cluster.api.exists<Secret>(secretRef);
    const caBundle = former.data?.['ca.crt'];
    const path = '/webhooks/0/clientConfig/caBundle';
    const patch = JSON.stringify([{ op: 'add', path, value: caBundle }]);
    await cluster.kubectl.run('patch', 'mutatingwebhookconfiguration', webhookRef.name, '--type=json', '-p', patch);
  }, 120_000);

  afterAll(async () => {
    await cluster.stop();
  });

  it('keeps the certificate of the webhook and the trust in it while the former controller still serves', async () => {
    await inCluster('upgrade', RELEASE, CHART);
    const kept = await cluster.api.exists<Secret>(secretRef);
    expect([kept.metadata.uid, kept.data]).toEqual([former.metadata.uid, former.data]);
    const webhook = await cluster.api.exists<WebhookConfiguration>(webhookRef);
    expect(webhook.webhooks.map(({ clientConfig }) => clientConfig.caBundle)).toEqual([former.data?.['ca.crt']]);
  });

  it('lets the new controller lead, renew the certificate, and be upgraded again', async () => {
    const controller = await ControllerProcess.start(cluster, await render());
    try {
      const renewed = await cluster.api.eventually<Secret, Secret>(
        secretRef,
        'a certificate of the new controller',
        (secret) => secret?.data?.['ca.key'] !== undefined && secret,
      );
      await cluster.api.eventually<WebhookConfiguration, boolean>(
        webhookRef,
        'trust in it',
        (object) => object?.webhooks[0]?.clientConfig.caBundle === renewed.data?.['ca.crt'],
      );
      await inCluster('upgrade', RELEASE, CHART, '--set', 'controller.replicaCount=2');
      expect((await cluster.api.exists<Secret>(secretRef)).data).toEqual(renewed.data);
      expect(controller.refused).toEqual([]);
    } finally {
      await controller.stop();
    }
  }, 60_000);

  it('goes back to the former release', async () => {
    await inCluster('rollback', RELEASE, '1');
    expect((await cluster.api.exists<Secret>(secretRef)).data?.['tls.crt']).toBe(former.data?.['tls.crt']);
    const images = await cluster.kubectl.run('get', 'deployments', '-n', NAMESPACE, '-o', 'jsonpath={..image}');
    expect(images).toBe('docker.io/envoyproxy/ai-gateway-controller:v1.1.0');
  });
});
