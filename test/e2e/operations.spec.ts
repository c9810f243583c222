import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { issueServing } from '../../src/modules/webhook/certificates/issue.js';
import { serviceDnsNames } from '../../src/modules/webhook/certificates/renewal.js';
import type { Secret } from '../../src/shared/api/gateway-api.js';
import type { KubeObject } from '../../src/shared/api/kube-object.js';
import { Redacted } from '../../src/shared/secret.js';
import { eventually } from '../harness/eventually.js';
import type { ControllerProcess } from '../harness/kube/controller-process.js';
import { ENVOY_GATEWAY_NAMESPACE } from '../harness/kube/envoy-gateway.js';
import type { RunningPod } from '../harness/kube/kubelet/running-pod.js';
import { Load } from '../harness/kube/load.js';
import { CONTROLLER, RELEASE_NAMESPACE } from '../harness/kube/release.js';
import { gatewayClass } from '../harness/kube/test-gateway-objects.js';
import type { TestUpstream } from '../harness/test-upstream.js';
import { GATEWAY, aiRoute, gatewayConfig, gatewayObjects, gatewayWithConfig, provider, ruleFor } from './ai-objects.js';
import { E2eWorld, SLOW_MS, START_MS, TEST_MS, figure } from './e2e-world.js';

const DAY_MS = 86_400_000;
/** Longer than a lease (15 s), which a killed leader does not give back. */
const TAKE_OVER_MS = 40_000;

const LEASE = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  namespace: RELEASE_NAMESPACE,
  name: 'envoy-ai-gateway-controller',
};
const CERTIFICATE = {
  apiVersion: 'v1',
  kind: 'Secret',
  namespace: RELEASE_NAMESPACE,
  name: 'self-signed-cert-for-mutating-webhook',
};

interface Lease extends KubeObject {
  readonly spec: { readonly holderIdentity?: string };
}

/** A proxy pod that nobody runs, as Envoy Gateway's Deployment would have it made. */
const PROXY_POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    generateName: 'proxy-',
    labels: {
      'app.kubernetes.io/managed-by': 'envoy-gateway',
      'gateway.envoyproxy.io/owning-gateway-name': GATEWAY,
      'gateway.envoyproxy.io/owning-gateway-namespace': 'default',
    },
  },
  spec: { containers: [{ name: 'envoy', image: 'envoy' }] },
};

describe('operating the gateway on a cluster', () => {
  let world: E2eWorld;
  let upstream: TestUpstream;

  beforeAll(async () => {
    world = await E2eWorld.start({ controllers: 2 });
    upstream = await world.upstream();
    await world.apply(
      ...gatewayObjects(world),
      ...provider('near', upstream.port),
      aiRoute('llm', [ruleFor('near', 'near')]),
    );
    await world.kubelet.readyPods();
    await world.chatAnswers('near');
  }, START_MS);

  afterAll(async () => {
    await world?.stop();
  }, SLOW_MS);

  const underLoad = () => new Load(async () => (await world.chat('near')).status);

  /** Serves a model that nobody has asked for before; returns how long that took, in ms. */
  async function newModelServes(model: string, deadlineMs = SLOW_MS): Promise<number> {
    await world.apply(aiRoute('llm', [ruleFor(['near', model], 'near')]));
    return await world.chatAnswers(model, 200, deadlineMs);
  }

  async function leader(): Promise<ControllerProcess> {
    const { spec } = await world.cluster.api.exists<Lease>(LEASE);
    const found = world.controllers.find(({ name }) => spec.holderIdentity?.startsWith(`${name}_`));
    if (!found) throw new Error(`the Lease is held by ${spec.holderIdentity}`);
    return found;
  }

  /** Creates a proxy pod for trial; returns the status and whether it came with the processor. */
  async function trialPod(): Promise<string> {
    const path = `/api/v1/namespaces/${ENVOY_GATEWAY_NAMESPACE}/pods?dryRun=All`;
    const pod = await world.cluster.api.transport.text(path, { method: 'POST', body: PROXY_POD });
    return pod.includes('"name":"ai-gateway-extproc"') ? 'injected' : 'bare';
  }

  const certificate = async (): Promise<string> => {
    const { data } = await world.cluster.api.exists<Secret>(CERTIFICATE);
    return data?.['tls.crt'] ?? '';
  };

  const certificateOtherThan = async (former: string) =>
    await world.cluster.api.eventually<Secret, string>(
      CERTIFICATE,
      'another certificate',
      (secret) => secret?.data?.['tls.crt'] !== former && secret?.data?.['tls.crt'],
      SLOW_MS,
    );

  /** Resolves when each replica has begun to serve another certificate than now. */
  const othersServed = async () =>
    await Promise.all(
      world.controllers.map(async (controller) => {
        const count = () =>
          controller.process.lines.filter((line) => line.includes('using a webhook certificate')).length;
        const before = count();
        await eventually(`${controller.name} to use another certificate`, () => count() > before, SLOW_MS);
      }),
    );

  it(
    'lets proxy pods be created while a certificate near its end is renewed',
    async () => {
      const { data = {} } = await world.cluster.api.exists<Secret>(CERTIFICATE);
      const text = (key: string) => Buffer.from(data[key] ?? '', 'base64').toString();
      const ca = { certificate: text('ca.crt'), key: new Redacted(text('ca.key')) };
      const names = serviceDnsNames(CONTROLLER, RELEASE_NAMESPACE);
      const old = await issueServing(ca, names, new Date(Date.now() - 80 * DAY_MS));
      const pods = new Load(trialPod);
      const inUse = othersServed();
      const stringData = { 'tls.crt': old.certificate, 'tls.key': old.key.reveal() };
      await world.cluster.api.patch(CERTIFICATE, { stringData });
      await certificateOtherThan(Buffer.from(old.certificate).toString('base64'));
      await inUse;
      expect(Object.keys(await pods.end())).toEqual(['injected']);
    },
    TEST_MS,
  );

  it(
    'lets proxy pods be created while the certificate is deleted and made again',
    async () => {
      const former = await certificate();
      const pods = new Load(trialPod);
      const inUse = othersServed();
      await world.cluster.api.delete(CERTIFICATE);
      await certificateOtherThan(former);
      await inUse;
      expect(Object.keys(await pods.end())).toEqual(['injected']);
    },
    TEST_MS,
  );

  it(
    'serves from another Envoy pod as soon as it is there, and loses no request when one goes',
    async () => {
      const load = underLoad();
      await scaleTo(2);
      for (const pod of await world.kubelet.readyPods(2)) {
        expect(pod.container('ai-gateway-extproc').isRunning).toBe(true);
        await eventually(`${pod.name} to serve chats`, async () => (await chatsOf(pod)) > 0);
      }
      await scaleTo(1);
      await world.kubelet.readyPods(1);
      expect(Object.keys(await load.end())).toEqual(['200']);
    },
    TEST_MS,
  );

  /** How many requests a pod has sent to the provider. */
  async function chatsOf({ adminPort }: RunningPod): Promise<number> {
    const filter = encodeURIComponent('^cluster\\.httproute/default/llm/.*upstream_rq_200$');
    const stats = await (await fetch(`http://127.0.0.1:${adminPort}/stats?filter=${filter}`)).text();
    return Number(/: (\d+)$/m.exec(stats)?.[1] ?? 0);
  }

  it(
    'loses no request while the pods are replaced because their processor is to be another one',
    async () => {
      const [former] = await world.kubelet.readyPods(1);
      const load = underLoad();
      await world.apply(
        gatewayConfig('changed', [{ name: 'CHANGED', value: 'yes' }]),
        gatewayWithConfig(world, 'changed'),
      );
      await eventually(
        'another pod to have taken its place',
        () => world.kubelet.pods.length === 1 && world.kubelet.pods[0] !== former && world.kubelet.pods[0]?.isReady,
        SLOW_MS,
      );
      const isEnded = () => former!.container('envoy').process.end !== undefined;
      await eventually('the former Envoy to end', isEnded, SLOW_MS);
      expect(Object.keys(await load.end())).toEqual(['200']);
    },
    TEST_MS,
  );

  async function scaleTo(replicas: number): Promise<void> {
    await world.apply(
      {
        apiVersion: 'gateway.envoyproxy.io/v1alpha1',
        kind: 'EnvoyProxy',
        metadata: { namespace: 'default', name: 'scaled' },
        spec: { provider: { type: 'Kubernetes', kubernetes: { envoyDeployment: { replicas } } } },
      } as KubeObject,
      {
        ...gatewayClass(),
        spec: {
          ...gatewayClass().spec,
          parametersRef: { group: 'gateway.envoyproxy.io', kind: 'EnvoyProxy', namespace: 'default', name: 'scaled' },
        },
      } as KubeObject,
    );
  }

  it(
    'loses no request while Envoy Gateway is restarted, and takes changes afterwards',
    async () => {
      const load = underLoad();
      await world.envoyGateway.process.stop('SIGKILL');
      await world.envoyGateway.startProcess();
      figure('model added after Envoy Gateway came back', await newModelServes('after-envoy-gateway'));
      expect(Object.keys(await load.end())).toEqual(['200']);
    },
    TEST_MS,
  );

  it(
    'goes on with the other controller when the leader is killed',
    async () => {
      const load = underLoad();
      const killed = await leader();
      await killed.process.stop('SIGKILL');
      figure('model added after the leader was killed', await newModelServes('after-leader', TAKE_OVER_MS));
      expect((await leader()).name).not.toBe(killed.name);
      killed.start();
      await killed.ready();
      expect(Object.keys(await load.end())).toEqual(['200']);
    },
    TEST_MS,
  );

  it(
    'loses no request while no controller is there, and makes up for it when they come back',
    async () => {
      const load = underLoad();
      await Promise.all(world.controllers.map(async ({ process }) => await process.stop('SIGKILL')));
      await world.apply(aiRoute('llm', [ruleFor(['near', 'while-away'], 'near')]));
      expect((await world.chat('while-away')).status).toBe(404);
      for (const controller of world.controllers) controller.start();
      figure(
        'model added while no controller was there, after their start',
        await world.chatAnswers('while-away', 200, TAKE_OVER_MS),
      );
      expect(Object.keys(await load.end())).toEqual(['200']);
    },
    TEST_MS,
  );
});
