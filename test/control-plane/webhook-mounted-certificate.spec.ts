import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { issueCa, issueServing } from '../../src/modules/webhook/certificates/issue.js';
import type { KubeObject } from '../../src/shared/api/kube-object.js';
import { eventually } from '../harness/eventually.js';
import { freePort } from '../harness/free-port.js';
import { CONTROLLER, RELEASE_NAMESPACE } from '../harness/kube/release.js';
import type { RunningProcess } from '../harness/running-process.js';
import { TemporaryDirectory } from '../harness/temporary-directory.js';
import { ControllerWorld, ENVOY_GATEWAY_NAMESPACE } from './controller-world.js';

const HOST = `${CONTROLLER}.${RELEASE_NAMESPACE}.svc`;
/** Two looks at the files, on a busy machine. */
const NOTICED_MS = 40_000;

interface WebhookConfiguration extends KubeObject {
  readonly webhooks: readonly { readonly clientConfig: { readonly caBundle?: string } }[];
}

describe('a certificate that is mounted', () => {
  let world: ControllerWorld;
  let controller: RunningProcess | undefined;
  let healthPort: number;
  let count = 0;
  const directory = new TemporaryDirectory();

  /** As the kubelet does it: files are links into `..data`, a link that is replaced in one step. Gives the CA. */
  async function mount(host: string): Promise<string> {
    const now = new Date();
    const ca = await issueCa('mounted', now);
    const { certificate, key } = await issueServing(ca, [host], now);
    const texts = { 'tls.crt': certificate, 'tls.key': key.reveal(), 'ca.crt': ca.certificate };
    const version = `..version-${++count}`;
    mkdirSync(directory.file(version));
    for (const [name, text] of Object.entries(texts)) writeFileSync(directory.file(`${version}/${name}`), text);
    symlinkSync(version, directory.file('..next'));
    renameSync(directory.file('..next'), directory.file('..data'));
    if (count === 1) for (const name of Object.keys(texts)) symlinkSync(`..data/${name}`, directory.file(name));
    return Buffer.from(ca.certificate).toString('base64');
  }

  beforeAll(async () => {
    world = await ControllerWorld.start(['controller.mutatingWebhook.mountTlsCertSecret=true']);
    healthPort = await freePort();
  }, 120_000);

  afterAll(async () => {
    await controller?.stop();
    await world.stop();
    directory.remove();
  }, 60_000);

  const readiness = async () => await (await fetch(`http://127.0.0.1:${healthPort}/readyz`)).text();
  const trusts = async (ca: string) => {
    for (const kind of ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'])
      await world.cluster.api.eventually<WebhookConfiguration, boolean>(
        {
          apiVersion: 'admissionregistration.k8s.io/v1',
          kind,
          name: `envoy-ai-gateway-gateway-pod-mutator.${RELEASE_NAMESPACE}`,
        },
        'the mounted CA',
        (object) => object?.webhooks.every(({ clientConfig }) => clientConfig.caBundle === ca) ?? false,
        NOTICED_MS,
      );
  };
  /** Nobody but the webhook lets it pass: `failurePolicy` is Fail. */
  const admitProxy = async () =>
    await world.cluster.api.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        generateName: 'proxy-',
        name: `proxy-${++count}`,
        namespace: ENVOY_GATEWAY_NAMESPACE,
        labels: { 'app.kubernetes.io/managed-by': 'envoy-gateway' },
      },
      spec: { containers: [{ name: 'envoy', image: 'envoy' }] },
    } as KubeObject);

  it('is not ready, and says why, while it is for another name', async () => {
    await mount('elsewhere.test');
    const webhookPort = await freePort();
    const ports = [`-webhookPort=${webhookPort}`, `-healthPort=${healthPort}`];
    controller = world.run(`-tlsCertDir=${directory.path}`, ...ports);
    world.cluster.services.route(RELEASE_NAMESPACE, CONTROLLER, webhookPort);
    const said = await eventually(
      'the fault',
      async () => /is for elsewhere[^"]*/.exec(await readiness())?.[0],
      60_000,
    );
    expect(said).toBe(`is for elsewhere.test; expected one for ${HOST}`);
    await expect(admitProxy()).rejects.toThrow(/failed calling webhook/);
  }, 90_000);

  it('is served, and trusted, as soon as it is right, without a Secret of our own', async () => {
    await trusts(await mount(HOST));
    await eventually('readiness', async () => !(await readiness()).includes('expected one for'), NOTICED_MS);
    await eventually('the API server to know', () => admitProxy().then(() => true), 20_000);
    const ref = { apiVersion: 'v1', kind: 'Secret', namespace: RELEASE_NAMESPACE };
    expect(await world.cluster.api.get({ ...ref, name: 'self-signed-cert-for-mutating-webhook' })).toBeUndefined();
  }, 90_000);

  it('gives way to the next one, of another CA, without a restart', async () => {
    await trusts(await mount(HOST));
    expect(await eventually('the API server to know', () => admitProxy(), 20_000)).toBeDefined();
  }, 90_000);

  it('stays when the next one is of no use', async () => {
    await mount('elsewhere.test');
    await eventually(
      'the fault to be logged',
      () => (controller?.lines ?? []).filter((line) => line.includes('is for elsewhere.test')).length > 1,
      NOTICED_MS,
    );
    await admitProxy();
    expect(await readiness()).not.toContain('elsewhere');
  }, 90_000);
});
