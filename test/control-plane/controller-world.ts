import { resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { Condition, ConditionedObject } from '../../src/shared/api/conditions.js';
import type { Secret } from '../../src/shared/api/gateway-api.js';
import type { KubeObject } from '../../src/shared/api/kube-object.js';
import { secretText } from '../../src/shared/api/secret-text.js';
import { configSecretNames } from '../../src/shared/extproc-pod/names.js';
import { assembleBundle, parseBundleIndex } from '../../src/shared/filter-config/bundle.js';
import { eventually } from '../harness/eventually.js';
import type { ObjectRef } from '../harness/kube/api.js';
import { ControllerProcess } from '../harness/kube/controller-process.js';
import { installCrds } from '../harness/kube/install-crds.js';
import { KubeCluster } from '../harness/kube/kube-cluster.js';
import { RunningProcess } from '../harness/running-process.js';
import { CONTROLLER, installRelease, RELEASE_NAMESPACE, renderRelease, type Release } from '../harness/kube/release.js';

export const ENVOY_GATEWAY_NAMESPACE = 'envoy-gateway-system';
const AI = 'aigateway.envoyproxy.io/v1beta1';
/** Writes of one process follow each other within a second; a busy machine takes longer. */
const SETTLED_MS = 20_000;
const WRITES: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'APPLY', 'DELETE']);
const UNCOUNTED: ReadonlySet<string> = new Set(['leases', 'events', 'endpoints', 'endpointslices']);

export const aiRef = (kind: string, name: string, namespace = 'default'): ObjectRef => ({
  apiVersion: AI,
  kind,
  namespace,
  name,
});
export const httpRouteRef = (name: string, namespace = 'default'): ObjectRef => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  namespace,
  name,
});
export const secretRef = (name: string, namespace = ENVOY_GATEWAY_NAMESPACE): ObjectRef => ({
  apiVersion: 'v1',
  kind: 'Secret',
  namespace,
  name,
});

/** The chart on a real API server, and its controllers as programs with the rights of the chart. */
export class ControllerWorld {
  readonly #controllers: ControllerProcess[] = [];

  private constructor(
    readonly cluster: KubeCluster,
    private readonly release: Release,
    private readonly kubeconfig: string,
  ) {}

  /** `install` brings the chart's objects into the cluster. */
  static async start(
    values: readonly string[] = [],
    install: (cluster: KubeCluster, release: Release) => Promise<void> = ({ api }, release) =>
      installRelease(api, release),
  ): Promise<ControllerWorld> {
    const cluster = await KubeCluster.start();
    await installCrds(cluster.api);
    await cluster.api.ensureNamespace(ENVOY_GATEWAY_NAMESPACE);
    const release = await renderRelease(values);
    await install(cluster, release);
    return new ControllerWorld(cluster, release, await cluster.kubeconfigOf(RELEASE_NAMESPACE, CONTROLLER));
  }

  /** A controller that is ready; webhooks are called there from now on. */
  async controller(name = 'controller-0', ...flags: readonly string[]): Promise<ControllerProcess> {
    const { kubeconfig, release } = this;
    const args = [...release.args, ...flags];
    const controller = await ControllerProcess.start({ kubeconfig, args, namespace: RELEASE_NAMESPACE, name });
    this.#controllers.push(controller);
    await controller.ready();
    this.route(controller);
    return controller;
  }

  /** A controller with these flags, which nobody waits for. */
  run(...flags: readonly string[]): RunningProcess {
    const main = resolve(process.env['AIGW_TEST_MAIN'] ?? 'dist/main.js');
    const env = { KUBECONFIG: this.kubeconfig, POD_NAMESPACE: RELEASE_NAMESPACE, POD_NAME: 'another' };
    const own = ['-port=127.0.0.1:0', '-healthPort=0', '-webhookPort=0', '-tlsCertDir=/nothing-is-mounted'];
    return new RunningProcess(process.execPath, [main, ...this.release.args, ...own, ...flags], env);
  }

  /** Sends calls of the webhooks to a controller. */
  route({ ports }: ControllerProcess): void {
    this.cluster.services.route(RELEASE_NAMESPACE, CONTROLLER, ports.webhook);
  }

  async apply(yaml: string, manager?: string): Promise<void> {
    for (const document of parseAllDocuments(yaml))
      await this.cluster.api.apply(document.toJS() as KubeObject, manager);
  }

  /** Waits for a condition of an object, and gives it. */
  async condition(
    ref: ObjectRef,
    type: string,
    matches: (condition: Condition) => boolean = ({ status }) => status === 'True',
  ): Promise<Condition> {
    return await this.cluster.api.eventually<ConditionedObject, Condition>(
      ref,
      `condition ${type}`,
      (object) => object?.status?.conditions?.find((one) => one.type === type && matches(one)),
      SETTLED_MS,
    );
  }

  /** The filter config of a Gateway, as the data plane would read it; undefined while it is not whole. */
  async filterConfig(gateway: string, namespace = 'default'): Promise<string | undefined> {
    const index = await this.#secret(configSecretNames.index(namespace, gateway));
    const text = index && secretText(index, 'index.yaml');
    if (!text) return undefined;
    const parsed = parseBundleIndex(text, 'index.yaml');
    const secrets = await Promise.all(parsed.parts.map(({ name }) => this.#secret(name ?? '')));
    const parts = new Map(
      parsed.parts.map(({ path }, i) => [path, Buffer.from(secrets[i]?.data?.['chunk'] ?? '', 'base64')]),
    );
    return assembleBundle(parsed, parts, 'index.yaml');
  }

  /** Waits for a filter config of which the predicate is true. */
  async configured(gateway: string, what: string, matches: (config: string) => boolean): Promise<string> {
    return await eventually(
      `the filter config of ${gateway}: ${what}`,
      async () => {
        const config = await this.filterConfig(gateway);
        return config !== undefined && matches(config) && config;
      },
      SETTLED_MS,
    );
  }

  /** How often clients wrote, by verb and resource; without leases, events, and the endpoints that the API server tells of itself. */
  async writes(): Promise<Readonly<Record<string, number>>> {
    const metrics = await this.cluster.api.transport.text('/metrics');
    const counts: Record<string, number> = {};
    for (const line of metrics.split('\n')) {
      const [, labels = '', count = ''] = /^apiserver_request_total{(.*)} (\S+)$/.exec(line) ?? [];
      const [verb = '', resource = ''] = ['verb', 'resource'].map(
        (label) => new RegExp(`\\b${label}="([^"]*)"`).exec(labels)?.[1] ?? '',
      );
      if (!WRITES.has(verb) || UNCOUNTED.has(resource)) continue;
      counts[`${verb} ${resource}`] = (counts[`${verb} ${resource}`] ?? 0) + Number(count);
    }
    return counts;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#controllers.map(({ process }) => process.stop()));
    await this.cluster.stop();
  }

  async #secret(name: string): Promise<Secret | undefined> {
    return await this.cluster.api.get<Secret>(secretRef(name));
  }
}

/** A Gateway of Envoy Gateway's class. */
export const gatewayYaml = (name: string): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: eg }
spec: { controllerName: gateway.envoyproxy.io/gatewayclass-controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: ${name}, namespace: default }
spec: { gatewayClassName: eg, listeners: [{ name: http, protocol: HTTP, port: 80, allowedRoutes: { namespaces: { from: All } } }] }
`;

/** A backend with a key of its own, all in one namespace. */
export const backendYaml = (name: string, key: string, namespace = 'default'): string => `
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: Backend
metadata: { name: ${name}, namespace: ${namespace} }
spec: { endpoints: [{ fqdn: { hostname: ${name}.test, port: 443 } }] }
---
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: AIServiceBackend
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  schema: { name: OpenAI }
  backendRef: { group: gateway.envoyproxy.io, kind: Backend, name: ${name} }
---
apiVersion: v1
kind: Secret
metadata: { name: ${name}, namespace: ${namespace} }
data: { apiKey: ${Buffer.from(key).toString('base64')} }
---
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: BackendSecurityPolicy
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  type: APIKey
  targetRefs: [{ group: aigateway.envoyproxy.io, kind: AIServiceBackend, name: ${name} }]
  apiKey: { secretRef: { name: ${name} } }
`;

/** A route for one model; `refs` in YAML's flow style. */
export const routeYaml = (name: string, gateways: readonly string[], refs: string, more = ''): string => `
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: AIGatewayRoute
metadata: { name: ${name}, namespace: default }
spec:
  parentRefs: [${gateways.map((gateway) => `{ name: ${gateway}, kind: Gateway, group: gateway.networking.k8s.io }`).join(', ')}]
  rules:
    - matches: [{ headers: [{ name: x-ai-eg-model, value: model-of-${name} }] }]
      backendRefs: [${refs}]
${more}`;
