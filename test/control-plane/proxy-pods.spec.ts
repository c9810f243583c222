import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import type { KubeObject } from '../../src/shared/api/kube-object.js';
import { eventually } from '../harness/eventually.js';
import { RELEASE_NAMESPACE } from '../harness/kube/release.js';
import {
  aiRef,
  backendYaml,
  ControllerWorld,
  ENVOY_GATEWAY_NAMESPACE,
  gatewayYaml,
  routeYaml,
} from './controller-world.js';

interface Container {
  readonly name: string;
  readonly image?: string;
  readonly env?: readonly object[];
  readonly securityContext?: object;
  readonly resources?: object;
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
}

interface Pod extends KubeObject {
  readonly spec: {
    readonly securityContext?: object;
    readonly containers: readonly Container[];
    readonly initContainers?: readonly Container[];
    readonly volumes?: readonly { readonly name: string }[];
  };
}

const RESTRICTED = {
  runAsNonRoot: true,
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};

/** As Envoy Gateway makes them: nothing is set for the whole pod. */
const proxy = (name: string, spec: Partial<Pod['spec']> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    namespace: ENVOY_GATEWAY_NAMESPACE,
    labels: {
      'app.kubernetes.io/managed-by': 'envoy-gateway',
      'gateway.envoyproxy.io/owning-gateway-name': 'edge',
      'gateway.envoyproxy.io/owning-gateway-namespace': 'default',
    },
  },
  spec: {
    containers: [
      { name: 'envoy', image: 'envoy', securityContext: RESTRICTED },
      { name: 'shutdown-manager', image: 'gateway', securityContext: RESTRICTED },
    ],
    ...spec,
  },
});

describe('proxy pods that pass through the webhook', () => {
  let world: ControllerWorld;
  let count = 0;

  beforeAll(async () => {
    world = await ControllerWorld.start();
    const enforced = 'pod-security.kubernetes.io/enforce=restricted';
    await world.cluster.kubectl.run('label', 'namespace', ENVOY_GATEWAY_NAMESPACE, enforced);
    await world.controller();
    await world.apply(gatewayYaml('edge'));
    await world.apply(backendYaml('openai', 'PLANTED-sk-openai'));
    await world.apply(routeYaml('llm', ['edge'], '{ name: openai }'));
    await world.configured('edge', 'with the key', (text) => text.includes('PLANTED-sk-openai'));
    await eventually(
      'a proxy to be injected',
      async () => (await admitted()).spec.initContainers !== undefined,
      20_000,
    );
  }, 120_000);

  afterAll(async () => {
    await world.stop();
  }, 60_000);

  const admitted = async (spec: Partial<Pod['spec']> = {}): Promise<Pod> =>
    await world.cluster.api.create<Pod>(proxy(`proxy-${++count}`, spec));
  const processorOf = ({ spec }: Pod) => spec.initContainers?.find(({ name }) => name === 'ai-gateway-extproc');

  it('are refused by Pod Security in a restricted namespace for what they bring themselves only', async () => {
    const bare = [{ name: 'envoy', image: 'envoy' }];
    await expect(admitted({ containers: bare })).rejects.toThrow(/containers? "envoy" must set securityContext/);
    await expect(admitted({ containers: bare })).rejects.not.toThrow(/ai-gateway-extproc/);
  });

  it('carry a processor that may do nothing but what it needs', async () => {
    expect(processorOf(await admitted())?.securityContext).toEqual({
      ...RESTRICTED,
      runAsUser: 65_532,
      runAsGroup: 65_532,
      privileged: false,
      readOnlyRootFilesystem: true,
    });
  });

  it.each<[string, Partial<Pod['spec']>]>([
    ['the volume of the socket', { volumes: [{ name: 'ai-gateway-extproc-uds' }] }],
    [
      'a mount at the place of the socket',
      {
        volumes: [{ name: 'ai-gateway-extproc-uds' }],
        containers: [
          {
            name: 'envoy',
            image: 'envoy',
            securityContext: RESTRICTED,
            volumeMounts: [{ name: 'ai-gateway-extproc-uds', mountPath: '/etc/ai-gateway-extproc-uds' }],
          },
        ],
      },
    ],
  ])('start when they bring %s already', async (_, spec) => {
    const pod = await admitted(spec);
    expect(processorOf(pod)).toBeDefined();
    expect(pod.spec.volumes?.filter(({ name }) => name === 'ai-gateway-extproc-uds')).toHaveLength(1);
    const mounts = pod.spec.containers[0]?.volumeMounts?.map(({ mountPath }) => mountPath);
    expect(mounts).toEqual(['/etc/ai-gateway-extproc-uds']);
  });

  it('carry one processor when the webhooks of two installations match', async () => {
    const { api } = world.cluster;
    const name = `envoy-ai-gateway-gateway-pod-mutator.${RELEASE_NAMESPACE}`;
    const ref = { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingWebhookConfiguration', name };
    const { webhooks } = await api.exists<KubeObject & { webhooks: readonly object[] }>(ref);
    const other: KubeObject & { webhooks: readonly object[] } = {
      apiVersion: ref.apiVersion,
      kind: ref.kind,
      metadata: { name: 'another-installation' },
      webhooks: webhooks.map((webhook) => ({ ...webhook, name: 'another.installation.test' })),
    };
    await api.create(other);
    // Both are asked: the path of the other one is ours as well, and its calls are counted by the API server.
    await eventually('a call of the other webhook', async () => {
      const pod = await admitted();
      expect(pod.spec.initContainers?.map((container) => container.name)).toEqual(['ai-gateway-extproc']);
      return /webhook_request_total{[^}]*name="another\.installation\.test"/.test(await api.transport.text('/metrics'));
    });
    await api.delete({ ...ref, name: 'another-installation' });
  });

  it('take all that a GatewayConfig says, and a volume of the EnvoyProxy', async () => {
    await configure(`
env:
  - { name: HTTP_PROXY, value: "http://proxy.test:3128" }
  - { name: TOKEN, valueFrom: { secretKeyRef: { name: tokens, key: token, optional: true } } }
  - { name: NODE, valueFrom: { fieldRef: { fieldPath: spec.nodeName } } }
resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { memory: 512Mi } }
volumeMounts: [{ name: tokens, mountPath: /var/run/tokens, readOnly: true, subPath: one }]
imageRepository: registry.test:5000/team/extproc`);
    const tokens = { name: 'tokens', secret: { secretName: 'tokens' } };
    const found = await eventually('the GatewayConfig to be seen', async () => {
      const processor = processorOf(await admitted({ volumes: [tokens] }));
      return processor?.image?.startsWith('registry.test:5000/team/extproc:') && processor;
    });
    expect(found).toMatchObject({
      env: [
        { name: 'HTTP_PROXY', value: 'http://proxy.test:3128' },
        { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'tokens', key: 'token', optional: true } } },
        { name: 'NODE', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'spec.nodeName' } } },
      ],
      resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '512Mi' } },
    });
    expect(found.volumeMounts).toContainEqual({
      name: 'tokens',
      mountPath: '/var/run/tokens',
      readOnly: true,
      subPath: 'one',
    });
    await world.cluster.api.delete(aiRef('GatewayConfig', 'tuned'));
  });

  it.each([
    ['env: [{ name: "A=B", value: c }]', 'spec.extProc.kubernetes.env[0].name: "A=B" is no name of a variable'],
    ['env: [{ name: "", value: c }]', 'spec.extProc.kubernetes.env[0].name: "" is no name of a variable'],
    ['env: [{ name: "Ä", value: c }]', 'spec.extProc.kubernetes.env[0].name: "Ä" is no name of a variable'],
    ['env: [{ name: A, value: b, valueFrom: { fieldRef: { fieldPath: spec.nodeName } } }]', 'A has a value as well'],
    ['env: [{ name: A, valueFrom: {} }]', 'A has 0 sources'],
    [
      'env: [{ name: A, valueFrom: { fieldRef: { fieldPath: spec.nodeName }, secretKeyRef: { name: s, key: k } } }]',
      'A has 2 sources',
    ],
    ['securityContext: { privileged: true, allowPrivilegeEscalation: false }', 'contradicts privileged: true'],
  ])('would be refused with %s, which the GatewayConfig says', async (kubernetes, message) => {
    const container = { name: 'ai-gateway-extproc', image: 'extproc', ...(parse(`{ ${kubernetes} }`) as object) };
    const pod = {
      ...proxy('broken'),
      metadata: { name: 'broken', namespace: 'default' },
      spec: { containers: [container] },
    };
    await expect(world.cluster.api.create(pod)).rejects.toMatchObject({ status: 422 });
    await configure(`\n${kubernetes}`);
    const said = await world.condition(aiRef('GatewayConfig', 'tuned'), 'NotAccepted', (one) =>
      one.message.includes(message),
    );
    expect(said.message).toContain('the API server refuses pods with the processor');
    await world.cluster.api.delete(aiRef('GatewayConfig', 'tuned'));
  });

  /** `spec.extProc.kubernetes` of the Gateway. */
  async function configure(kubernetes: string): Promise<void> {
    await world.apply(`apiVersion: aigateway.envoyproxy.io/v1beta1
kind: GatewayConfig
metadata: { name: tuned, namespace: default }
spec:
  extProc:
    kubernetes:
${kubernetes.replaceAll('\n', '\n      ')}`);
    const annotation = 'aigateway.envoyproxy.io/gateway-config=tuned';
    await world.cluster.kubectl.run('annotate', 'gateway', 'edge', '-n', 'default', '--overwrite', annotation);
  }
});
