import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { certificateOfSecret, renewedSecret } from '../../src/modules/webhook/certificates/own-certificate.js';
import { serviceDnsNames } from '../../src/modules/webhook/certificates/renewal.js';
import type { Secret } from '../../src/shared/api/gateway-api.js';
import type { KubeObject } from '../../src/shared/api/kube-object.js';
import { eventually } from '../harness/eventually.js';
import { freePort } from '../harness/free-port.js';
import { CONTROLLER, RELEASE_NAMESPACE } from '../harness/kube/release.js';
import type { RunningProcess } from '../harness/running-process.js';
import { ControllerWorld, ENVOY_GATEWAY_NAMESPACE, secretRef } from './controller-world.js';

const SECRET = secretRef('self-signed-cert-for-mutating-webhook', RELEASE_NAMESPACE);
const DAY_MS = 86_400_000;

/** A Deployment of two replicas, one of each program, that waits for the new one to be ready before it ends the former one. */
describe('an upgrade from a controller of the reference whose certificate has expired', () => {
  let world: ControllerWorld;
  let controller: RunningProcess | undefined;

  beforeAll(async () => {
    world = await ControllerWorld.start();
    const { api } = world.cluster;
    const lease: KubeObject & { spec: object } = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'envoy-ai-gateway-controller', namespace: RELEASE_NAMESPACE },
      spec: {
        holderIdentity: 'former-controller',
        leaseDurationSeconds: 3_600,
        renewTime: new Date().toISOString().replace('Z', '000Z'),
      },
    };
    await api.create(lease);
    const names = {
      secret: { namespace: RELEASE_NAMESPACE, name: SECRET.name },
      dnsNames: serviceDnsNames(CONTROLLER, RELEASE_NAMESPACE),
    };
    const issued = await renewedSecret(undefined, names, new Date(Date.now() - 400 * DAY_MS));
    const { ['ca.key']: _, ...data } = issued?.secret.data ?? {};
    const expired: Secret = { apiVersion: 'v1', kind: 'Secret', metadata: names.secret, data };
    await api.create({ ...expired, type: 'kubernetes.io/tls' });
  }, 120_000);

  afterAll(async () => {
    await controller?.stop();
    await world.stop();
  }, 60_000);

  it('becomes ready with a certificate of its own, although the former one leads', async () => {
    const [webhookPort, healthPort] = [await freePort(), await freePort()];
    controller = world.run(`-webhookPort=${webhookPort}`, `-healthPort=${healthPort}`);
    world.cluster.services.route(RELEASE_NAMESPACE, CONTROLLER, webhookPort);
    const url = `http://127.0.0.1:${healthPort}/readyz`;
    const refused = await eventually('an answer', async () => await (await fetch(url)).text(), 60_000);
    expect(refused).not.toContain('"leader":true');
    await eventually('readiness', async () => (await fetch(url)).ok, 60_000);
    expect(await (await fetch(url)).text()).not.toContain('"leader":true');
    const renewed = certificateOfSecret(await world.cluster.api.exists<Secret>(SECRET));
    expect(renewed?.notAfter.getTime()).toBeGreaterThan(Date.now() + 80 * DAY_MS);
  }, 120_000);

  it('can be called by the API server', async () => {
    const labels = { 'app.kubernetes.io/managed-by': 'envoy-gateway' };
    const pod: KubeObject & { spec: object } = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'proxy', namespace: ENVOY_GATEWAY_NAMESPACE, labels },
      spec: { containers: [{ name: 'envoy', image: 'envoy' }] },
    };
    const made = await eventually('a proxy to be admitted', () => world.cluster.api.create(pod), 20_000);
    expect(made.metadata.name).toBe('proxy');
  }, 30_000);
});
