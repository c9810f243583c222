import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Secret } from '../../../src/shared/api/gateway-api.js';
import type { KubeObject } from '../../../src/shared/api/kube-object.js';
import { ENVOY_GATEWAY_NAMESPACE } from './envoy-gateway.js';
import type { KubeCluster } from './kube-cluster.js';

/** A Service whose name the certificate of Envoy Gateway carries: the API server checks it. */
const SERVICE = { namespace: ENVOY_GATEWAY_NAMESPACE, name: 'envoy-gateway' };
const CONFIGURATION = { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingWebhookConfiguration' };
const PORT = 9443;
const UDS = { name: 'uds', mountPath: '/etc/ai-gateway-extproc-uds' };
const CONFIG = { name: 'config', mountPath: '/etc/filter-config' };

/** A webhook of the test itself that adds an External Processor, as a native sidecar, to Pods with its labels. */
export class SidecarWebhook {
  static readonly LABELS = { webhook: 'test' };

  private constructor(
    private readonly server: Server,
    private readonly cluster: KubeCluster,
  ) {}

  static async start(cluster: KubeCluster): Promise<SidecarWebhook> {
    const { namespace, name } = SERVICE;
    const { data = {} } = await cluster.api.exists<Secret>({ apiVersion: 'v1', kind: 'Secret', namespace, name });
    const pem = (key: string) => Buffer.from(data[key] ?? '', 'base64');
    const server = createServer({ key: pem('tls.key'), cert: pem('tls.crt') }, (request, response) => {
      void text(request).then((body) => response.end(JSON.stringify(review(body))));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    cluster.services.route(namespace, name, (server.address() as AddressInfo).port);
    await cluster.api.apply(service());
    await cluster.api.apply(configuration(data['ca.crt'] ?? ''));
    return new SidecarWebhook(server, cluster);
  }

  async stop(): Promise<void> {
    await this.cluster.api.delete({ ...CONFIGURATION, name: 'test-sidecar' });
    this.cluster.services.unroute(SERVICE.namespace, SERVICE.name);
    this.server.close();
    this.server.closeAllConnections();
  }
}

export const secret = (name: string, stringData: Readonly<Record<string, string>>): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { namespace: ENVOY_GATEWAY_NAMESPACE, name },
  stringData,
});

/** One Pod with one container for which nothing is run. */
export function idleDeployment(name: string, labels: Readonly<Record<string, string>>): KubeObject {
  const object = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace: ENVOY_GATEWAY_NAMESPACE, name },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name, ...labels } },
        spec: { containers: [{ name: 'idle', image: 'idle' }] },
      },
    },
  };
  return object;
}

function service(): KubeObject {
  const object = { apiVersion: 'v1', kind: 'Service', metadata: SERVICE, spec: { ports: [{ port: PORT }] } };
  return object;
}

function configuration(caBundle: string): KubeObject {
  const object = {
    ...CONFIGURATION,
    metadata: { name: 'test-sidecar' },
    webhooks: [
      {
        name: 'sidecar.test.io',
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        objectSelector: { matchLabels: SidecarWebhook.LABELS },
        clientConfig: { service: { ...SERVICE, path: '/mutate', port: PORT }, caBundle },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
      },
    ],
  };
  return object;
}

const SIDECAR = {
  name: 'ai-gateway-extproc',
  image: 'extproc',
  restartPolicy: 'Always',
  args: [
    ['-configPath', `${CONFIG.mountPath}/filter-config.yaml`, '-logFormat', 'json', '-adminPort', '1064'],
    ['-extProcAddr', `unix://${UDS.mountPath}/run.sock`],
  ].flat(),
  readinessProbe: { httpGet: { path: '/health', port: 1064 } },
  volumeMounts: [UDS, CONFIG],
};

const PATCH = [
  { op: 'add', path: '/spec/initContainers', value: [SIDECAR] },
  {
    op: 'add',
    path: '/spec/volumes',
    value: [
      { name: UDS.name, emptyDir: {} },
      { name: CONFIG.name, secret: { secretName: 'sidecar-config' } },
    ],
  },
];

function review(body: string): object {
  const { request } = JSON.parse(body) as { request: { uid: string } };
  const patch = Buffer.from(JSON.stringify(PATCH)).toString('base64');
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: { uid: request.uid, allowed: true, patchType: 'JSONPatch', patch },
  };
}
