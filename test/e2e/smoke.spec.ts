import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Secret } from '../../src/shared/api/gateway-api.js';
import type { KubeObject } from '../../src/shared/api/kube-object.js';
import { chunked, json } from '../harness/answers.js';
import { eventually } from '../harness/eventually.js';
import { freePort } from '../harness/free-port.js';
import { Gate } from '../harness/gate.js';
import { open, send } from '../harness/http-client.js';
import { filterConfigText } from '../harness/filter-config-document.js';
import type { GatewayPlan } from '../harness/gateway-plan.js';
import { refOf } from '../harness/kube/api.js';
import { DnsServer } from '../harness/kube/dns.js';
import { ENVOY_GATEWAY_NAMESPACE, EnvoyGateway } from '../harness/kube/envoy-gateway.js';
import { installCrds } from '../harness/kube/install-crds.js';
import { KubeCluster } from '../harness/kube/kube-cluster.js';
import { Kubelet } from '../harness/kube/kubelet.js';
import {
  fqdnBackend,
  gateway,
  gatewayClass,
  gatewayRef,
  httpRoute,
  isTrue,
  ruleTo,
} from '../harness/kube/test-gateway-objects.js';
import { SidecarWebhook, idleDeployment, secret } from '../harness/kube/sidecar-webhook.js';
import type { RunningPod } from '../harness/kube/kubelet/running-pod.js';
import { Load } from '../harness/kube/load.js';
import { TestUpstream } from '../harness/test-upstream.js';

interface Deployment extends KubeObject {
  readonly status?: { readonly readyReplicas?: number; readonly updatedReplicas?: number; readonly replicas?: number };
}

interface Conditioned extends KubeObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

const SLOW_MS = 60_000;

/** What the processor in the sidecar reads; nothing is sent there. */
const SIDECAR_PLAN: GatewayPlan = {
  routes: [
    {
      name: 'default/none',
      rules: [
        {
          backends: [
            { name: 'none', upstream: { port: 9, protocol: 'http1' }, auth: { apiKey: { key: 'PLANTED-sidecar' } } },
          ],
        },
      ],
    },
  ],
};

describe('Envoy Gateway with Envoy under the stand-in kubelet', () => {
  let cluster: KubeCluster;
  let dns: DnsServer;
  let kubelet: Kubelet;
  let envoyGateway: EnvoyGateway;
  let upstream: TestUpstream;
  let port: number;

  beforeAll(async () => {
    cluster = await KubeCluster.start();
    await installCrds(cluster.api);
    dns = await DnsServer.start();
    upstream = await TestUpstream.start();
    port = await freePort();
    envoyGateway = await EnvoyGateway.start(cluster);
    kubelet = Kubelet.start({ api: cluster.api, dns, programs: { idle: () => undefined } });
    for (const object of [
      gatewayClass(),
      gateway('smoke', port),
      fqdnBackend('provider', upstream.port),
      httpRoute('smoke', 'smoke', [ruleTo('provider')]),
    ]) {
      await cluster.api.apply<KubeObject>(object);
    }
  }, 1_000_000);

  afterAll(async () => {
    await kubelet?.stop();
    await envoyGateway?.stop();
    await Promise.all([dns?.close(), upstream?.close(), cluster?.stop()]);
  }, SLOW_MS);

  const ask = async (caseId: string) => await send(port, '/anything', { caseId });

  const isServed = async () =>
    await eventually('the route to be served', async () => (await ask('probe')).status === 200, SLOW_MS);

  it(
    'serves a route, and its Gateway is programmed',
    async () => {
      await kubelet.readyPods();
      await isServed();
      upstream.script('smoke', json({ hello: 'world' }));
      expect((await ask('smoke')).json()).toEqual({ hello: 'world' });
      expect(upstream.request('smoke').headers['host']).toBe('gateway.test');
      const isProgrammed = (object: Conditioned | undefined) => isTrue(object, 'Programmed');
      await cluster.api.eventually<Conditioned, boolean>(
        gatewayRef('smoke'),
        'the Gateway to be programmed',
        isProgrammed,
      );
    },
    2 * SLOW_MS,
  );

  it(
    'goes on serving while the Pods of a changed template replace the old ones',
    async () => {
      const [old] = await kubelet.readyPods();
      const deployment = (
        await cluster.api.list<Deployment>(
          { apiVersion: 'apps/v1', kind: 'Deployment' },
          { namespace: ENVOY_GATEWAY_NAMESPACE },
        )
      )[0]!;
      const ref = {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        namespace: ENVOY_GATEWAY_NAMESPACE,
        name: deployment.metadata.name,
      };
      const change = { spec: { template: { metadata: { annotations: { changed: 'yes' } } } } };
      const gate = new Gate();
      upstream.script('held', chunked(['begin,', gate, 'end']));
      const held = await open(port, '/held', { caseId: 'held' });
      await held.until('begin,');
      const load = new Load(async () => (await ask('rollout')).status);
      await cluster.api.patch(ref, change);
      const isNew = ([pod]: readonly RunningPod[]) => pod !== undefined && pod !== old && pod.isReady;
      await eventually(
        'the new Pod to be the only one',
        () => kubelet.pods.length === 1 && isNew(kubelet.pods),
        SLOW_MS,
      );
      expect(old!.container('envoy').isRunning).toBe(true);
      gate.open();
      expect(await held.rest()).toEqual({ received: 'begin,end', isComplete: true });
      await eventually('the old Envoy to end', () => old!.container('envoy').process.end, SLOW_MS);
      const outcomes = await load.end();
      expect(Object.keys(outcomes)).toEqual(['200']);
      await cluster.api.eventually<Deployment, boolean>(
        ref,
        'the roll-out to be reported',
        (object) =>
          object?.status?.updatedReplicas === 1 && object.status.replicas === 1 && object.status.readyReplicas === 1,
      );
    },
    2 * SLOW_MS,
  );

  it(
    'makes another Pod when one is deleted, and takes a crashed Envoy up again',
    async () => {
      const [pod] = await kubelet.readyPods();
      pod!.container('envoy').process.signal('SIGKILL');
      await eventually('the crash to be seen', () => pod!.container('envoy').restarts === 1 && pod!.isReady, SLOW_MS);
      await cluster.kubectl.run('delete', 'pod', '-n', ENVOY_GATEWAY_NAMESPACE, pod!.name);
      const [next] = await eventually(
        'another Pod',
        () => kubelet.pods[0] !== pod && kubelet.pods[0]?.isReady === true && kubelet.pods,
        SLOW_MS,
      );
      expect(next!.name).not.toBe(pod!.name);
      await isServed();
    },
    2 * SLOW_MS,
  );

  it(
    'runs a Pod as a webhook changed it, and refreshes its files when it is touched',
    async () => {
      const webhook = await SidecarWebhook.start(cluster);
      const configure = async (uuid: string) =>
        await cluster.api.apply<Secret>(
          secret('sidecar-config', { 'filter-config.yaml': filterConfigText(SIDECAR_PLAN, uuid) }),
        );
      await configure('first');
      await cluster.api.apply(idleDeployment('with-sidecar', SidecarWebhook.LABELS));
      const isThere = () => kubelet.pods.find((pod) => pod.name.startsWith('with-sidecar') && pod.isReady);
      const pod = await eventually('the Pod to be ready', isThere, SLOW_MS);
      const { process } = pod.container('ai-gateway-extproc');
      const isInUse = (uuid: string) => (line: string) =>
        line.includes('loaded a new config') && line.includes(`"${uuid}"`);
      await process.line('the first configuration to be in use', isInUse('first'));

      await configure('second');
      await cluster.kubectl.run('annotate', 'pod', '-n', ENVOY_GATEWAY_NAMESPACE, pod.name, 'touched=yes');
      await process.line('the second configuration to be in use', isInUse('second'), 0, SLOW_MS);
      expect(pod.container('ai-gateway-extproc').restarts).toBe(0);
      await cluster.api.delete(refOf(idleDeployment('with-sidecar', {})));
      await eventually('its Pod to end', () => isThere() === undefined, SLOW_MS);
      await webhook.stop();
    },
    2 * SLOW_MS,
  );

  it(
    'ends Envoy when the Gateway is deleted',
    async () => {
      await cluster.api.delete(gatewayRef('smoke'));
      await eventually('no Pod to be left', () => kubelet.pods.length === 0, SLOW_MS);
      await expect(ask('gone')).rejects.toThrow('ECONNREFUSED');
    },
    2 * SLOW_MS,
  );
});
