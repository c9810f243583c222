import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import type { Secret } from '../../src/shared/api/gateway-api.js';
import type { KubeObject } from '../../src/shared/api/kube-object.js';
import { secretText } from '../../src/shared/api/secret-text.js';
import { configSecretNames } from '../../src/shared/extproc-pod/names.js';
import { eventually } from '../harness/eventually.js';
import type { ControllerProcess } from '../harness/kube/controller-process.js';
import { RELEASE_NAMESPACE } from '../harness/kube/release.js';
import { TemporaryDirectory } from '../harness/temporary-directory.js';
import {
  aiRef,
  backendYaml,
  ControllerWorld,
  ENVOY_GATEWAY_NAMESPACE,
  gatewayYaml,
  routeYaml,
  secretRef,
} from './controller-world.js';

interface Pod extends KubeObject {
  readonly spec: {
    readonly containers: readonly { readonly name: string; readonly image?: string }[];
    readonly initContainers?: readonly {
      readonly name: string;
      readonly image: string;
      readonly restartPolicy: string;
    }[];
    readonly volumes?: readonly { readonly name: string }[];
  };
}

interface WebhookConfiguration extends KubeObject {
  readonly webhooks: readonly { readonly clientConfig: { readonly caBundle?: string } }[];
}

const proxy = (name: string, gateway: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    namespace: ENVOY_GATEWAY_NAMESPACE,
    labels: {
      'app.kubernetes.io/managed-by': 'envoy-gateway',
      'gateway.envoyproxy.io/owning-gateway-name': gateway,
      'gateway.envoyproxy.io/owning-gateway-namespace': 'default',
    },
  },
  spec: { containers: [{ name: 'envoy', image: 'envoy' }] },
});

const costs = (cel: string) => `  llmRequestCosts: [{ metadataKey: cost, type: CEL, cel: "${cel}" }]`;
const configurationRef = (kind: string) => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind,
  name: `envoy-ai-gateway-gateway-pod-mutator.${RELEASE_NAMESPACE}`,
});
const CERTIFICATE = secretRef('self-signed-cert-for-mutating-webhook', RELEASE_NAMESPACE);

const AMBIENT_POLICY = `
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: BackendSecurityPolicy
metadata: { name: ambient, namespace: default, annotations: { aigateway.envoyproxy.io/azure-identity: ambient } }
spec:
  type: AzureCredentials
  azureCredentials: { tenantID: contoso.example, clientID: app-1, clientSecretRef: { name: ignored } }
`;

describe('the webhooks, called by a real API server', () => {
  let world: ControllerWorld;
  let controller: ControllerProcess;
  const directory = new TemporaryDirectory();

  beforeAll(async () => {
    world = await ControllerWorld.start();
    controller = await world.controller();
    await world.apply(gatewayYaml('edge'));
    await world.apply(gatewayYaml('plain'));
    await world.apply(backendYaml('openai', 'PLANTED-sk-openai'));
    await world.apply(routeYaml('llm', ['edge'], '{ name: openai }'));
    await world.configured('edge', 'with the key', (text) => text.includes('PLANTED-sk-openai'));
    await trusted();
  }, 120_000);

  afterAll(async () => {
    await world.stop();
    directory.remove();
  }, 60_000);

  /** The configurations trust the certificate in the Secret, and the API server has read them. */
  async function trusted(): Promise<string> {
    const { data } = await world.cluster.api.exists<Secret>(CERTIFICATE);
    for (const kind of ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'])
      await world.cluster.api.eventually<WebhookConfiguration, boolean>(
        configurationRef(kind),
        'trust',
        (object) => object?.webhooks.every(({ clientConfig }) => clientConfig.caBundle === data?.['ca.crt']) ?? false,
        20_000,
      );
    await admitted('edge');
    return data?.['ca.crt'] ?? '';
  }

  let count = 0;
  /** A proxy pod, as it came out of admission; asked again while the API server learns of the webhook. */
  const admitted = async (gateway: string): Promise<Pod> =>
    await eventually(
      'a proxy to be admitted',
      () => world.cluster.api.create(proxy(`proxy-${++count}`, gateway)),
      20_000,
    );

  it('inject the processor into a proxy of a Gateway with routes, as a native sidecar', async () => {
    const { spec, metadata } = await admitted('edge');
    expect(spec.initContainers).toMatchObject([{ name: 'ai-gateway-extproc', restartPolicy: 'Always' }]);
    expect(spec.volumes?.map(({ name }) => name)).toEqual([
      'ai-gateway-extproc-uds',
      'ai-gateway-edge-default-3f113443a014-bundle',
    ]);
    expect(metadata.annotations).toHaveProperty(['aigateway.envoyproxy.io/extproc-config-hash']);
    const told = new RegExp(`ProcessorInjected\\s+pod/${metadata.name}\\s`);
    await eventually('an Event of the pod', async () =>
      told.test(await world.cluster.kubectl.run('get', 'events', '-n', ENVOY_GATEWAY_NAMESPACE)),
    );
  });

  it('leave a proxy of another Gateway, and other pods, as they are', async () => {
    expect((await admitted('plain')).spec.initContainers).toBeUndefined();
    const other = { ...proxy('other', 'edge'), metadata: { name: 'other', namespace: 'default' } };
    expect((await world.cluster.api.create(other)).spec.initContainers).toBeUndefined();
  });

  it('find a route that was made a moment ago', async () => {
    await world.apply(routeYaml('fresh', ['plain'], '{ name: openai }'));
    await world.cluster.api.exists(secretRef(configSecretNames.index('default', 'plain')));
    expect((await admitted('plain')).spec.initContainers).toHaveLength(1);
    await world.cluster.api.delete(aiRef('AIGatewayRoute', 'fresh'));
  });

  it('take image and environment of the GatewayConfig', async () => {
    await world.apply(`apiVersion: aigateway.envoyproxy.io/v1beta1
kind: GatewayConfig
metadata: { name: tuned, namespace: default }
spec: { extProc: { kubernetes: { image: "registry.test/extproc:v9" } } }`);
    const annotation = 'aigateway.envoyproxy.io/gateway-config';
    await world.cluster.kubectl.run('annotate', 'gateway', 'edge', '-n', 'default', `${annotation}=tuned`);
    const image = await eventually('the image of the GatewayConfig', async () => {
      const found = (await admitted('edge')).spec.initContainers?.[0]?.image;
      return found === 'registry.test/extproc:v9' && found;
    });
    expect(image).toBe('registry.test/extproc:v9');
  });

  it('refuse a cost that does not compile, and say where it is', async () => {
    const refused = world.apply(routeYaml('costly', ['edge'], '{ name: openai }', costs('input_tokens +')));
    await expect(refused).rejects.toMatchObject({ status: 422 });
    await expect(refused).rejects.toThrow(/spec\.llmRequestCosts\[0\]\.cel/);
    await world.apply(routeYaml('costly', ['edge'], '{ name: openai }', costs('input_tokens * 2u')));
    await world.condition(aiRef('AIGatewayRoute', 'costly'), 'Accepted');
  });

  it('warn of what another object may still mend', async () => {
    const file = directory.file('early.yaml');
    writeFileSync(file, routeYaml('early', ['edge'], '{ name: later }'));
    const said = await world.cluster.kubectl.warnings('apply', '-f', file, '--dry-run=server');
    expect(said).toMatch(/Warning: spec\.rules\[0\]\.backendRefs\[0\]: AIServiceBackend default\/later does not exist/);
  });

  it('do not call a Secret missing that nobody has named before', async () => {
    const [, , key = '', policy = ''] = backendYaml('unnamed', 'PLANTED-unnamed').split('---');
    await world.apply(key);
    const file = directory.file('unnamed.yaml');
    writeFileSync(file, policy);
    const said = await world.cluster.kubectl.warnings('apply', '-f', file, '--dry-run=server');
    expect(said).toMatch(/AIServiceBackend default\/unnamed does not exist/);
    expect(said).not.toMatch(/Secret/);
  });

  it('warn of an Azure identity that the owner of the controller has not given to the namespace', async () => {
    const file = directory.file('ambient.yaml');
    writeFileSync(file, AMBIENT_POLICY);
    const said = await world.cluster.kubectl.warnings('apply', '-f', file, '--dry-run=server');
    expect(said).toMatch(
      /Warning: metadata\.annotations\[aigateway\.envoyproxy\.io\/azure-identity\]: policies of namespace default may not use the controller's Azure identity/,
    );
  });

  it('leave it to the conditions when the validating one is off, and the neighbours serve', async () => {
    const { api } = world.cluster;
    await api.delete(configurationRef('ValidatingWebhookConfiguration'));
    const bad = routeYaml('broken', ['edge'], '{ name: openai }', costs('input_tokens +'));
    await eventually('the API server to know', () => world.apply(bad).then(() => true));
    const { message } = await world.condition(aiRef('AIGatewayRoute', 'broken'), 'NotAccepted', () => true);
    expect(message).toContain('spec.llmRequestCosts[0].cel');
    const config = await world.configured('edge', 'the route', (text) => text.includes('model-of-broken'));
    expect(config).toContain('model-of-llm');
    expect(config).toContain('input_tokens * 2u');
    expect(config).not.toContain('input_tokens +');
  });

  it('go on with a new certificate when the Secret is deleted', async () => {
    const before = await servedNow();
    await world.cluster.api.delete(CERTIFICATE);
    const after = await world.cluster.api.eventually<Secret, string>(
      CERTIFICATE,
      'another certificate',
      (secret) => secret && secretText(secret, 'tls.crt') !== before && secretText(secret, 'tls.crt'),
      30_000,
    );
    expect(after).not.toBe(before);
    expect((await admitted('edge')).spec.initContainers).toHaveLength(1);
  }, 60_000);

  it('tell when the certificate ends, among the metrics', async () => {
    const metrics = await (await fetch(`http://127.0.0.1:${controller.ports.health}/metrics`)).text();
    const seconds = Number(/^aigateway_controller_webhook_certificate_expiry\S* (\S+)$/m.exec(metrics)?.[1]);
    const days = (seconds * 1_000 - Date.now()) / 86_400_000;
    expect(Math.round(days)).toBe(90);
  });

  it('end the process when their port is taken', async () => {
    const other = world.run(`-webhookPort=${controller.ports.webhook}`);
    expect((await other.ended).code).toBe(1);
    expect(other.tail()).toMatch(/-webhookPort: cannot serve the webhooks: .*EADDRINUSE/);
  }, 60_000);

  const servedNow = async () => secretText(await world.cluster.api.exists<Secret>(CERTIFICATE), 'tls.crt');
});
