import { randomUUID } from 'node:crypto';
import type { AIGatewayRoute, AIServiceBackend } from '../../src/shared/api/ai-gateway.js';
import type { HTTPRouteFilter } from '../../src/shared/api/http-route.js';
import type { KubeObject } from '../../src/shared/api/kube-object.js';
import { refOf, type KubeApi, type ObjectType } from '../harness/kube/api.js';
import { KubeApiError } from '../harness/kube/kube-transport.js';
import { ENVOY_GATEWAY_NAMESPACE } from './controller-world.js';
import { referenceFilters, referenceHTTPRoute, referenceSecrets, type Content } from './reference-objects.js';

const AI = 'aigateway.envoyproxy.io/v1beta1';
const FINALIZER = 'aigateway.envoyproxy.io/finalizer';
const UUID = 'aigateway.envoyproxy.io/uuid';
const CONFIG_HASH = 'aigateway.envoyproxy.io/extproc-config-hash';
/** The reference's is a hash, of what stays the same here. */
export const ITS_HASH = 'hash-of-the-reference';
const OWNING = 'gateway.envoyproxy.io/owning-gateway';
/** The name that a manager of controller-runtime has for the API server. */
const FIELD_MANAGER = 'controller';
const INVALID = 422;

/** `<kind> <name>` of what came out of a reconcile. */
export interface Reconciled {
  /** Created, or changed by a write: a write that says what is there already is none for the API server. */
  readonly changed: readonly string[];
  /** Routes that it does not accept; their HTTPRoutes stay as they are. */
  readonly refused: readonly string[];
}

/**
 * Does to the objects of a cluster what the controller of the reference does, as spec controller.md tells: for tests of a cluster
 * that changes hands. Gateways have their proxies in the namespace of Envoy Gateway, and their pods run on.
 */
export class ReferencePlayer {
  constructor(private readonly api: KubeApi) {}

  /** All roots once. */
  async reconcile(): Promise<Reconciled> {
    const changed: string[] = [];
    const refused: string[] = [];
    for (const kind of ['AIServiceBackend', 'BackendSecurityPolicy'])
      for (const object of await this.#list(AI, kind)) await this.#addFinalizer(object, changed);
    for (const route of await this.#routes()) {
      await this.#addFinalizer(route, changed);
      if (!(await this.#reconcileRoute(route, changed))) refused.push(nameOf(route));
    }
    for (const gateway of await this.#list('gateway.networking.k8s.io/v1', 'Gateway'))
      await this.#reconcileGateway(gateway, changed);
    return { changed, refused };
  }

  /**
   * The HTTPRoutes and filters of routes that it accepts as they would be, had it alone worked here, with defaults of the API: the
   * API server makes them of what the reference would write, without storing them. Only the words of an answer are as they are.
   */
  async expected(): Promise<readonly Content[]> {
    const backends = await this.#backends();
    const routes = await this.#routes();
    return await Promise.all(
      routes.map(async (route) => {
        const httpRoute = referenceHTTPRoute(route, backends);
        const objects = [...referenceFilters(route, await this.#words(route)), ...(httpRoute ? [httpRoute] : [])];
        return (await Promise.all(objects.map((object) => this.#tried(object)))).flat();
      }),
    ).then((all) => all.flat());
  }

  async #reconcileRoute(route: AIGatewayRoute, changed: string[]): Promise<boolean> {
    for (const filter of referenceFilters(route))
      if ((await this.api.get(refOf(filter))) === undefined) await this.#write('POST', filter, changed);
    const wanted = referenceHTTPRoute(route, await this.#backends());
    if (wanted === undefined) return false;
    const live = await this.api.get<Content>(refOf(wanted));
    try {
      if (live === undefined) await this.#write('POST', wanted, changed);
      else {
        // Labels and annotations are added, never removed; owners are set on creation only.
        const metadata = {
          ...live.metadata,
          ...merged('labels', live, wanted),
          ...merged('annotations', live, wanted),
        };
        await this.#write('PUT', { ...live, metadata, ...(wanted.spec && { spec: wanted.spec }) }, changed);
      }
      return true;
    } catch (error) {
      if (isRefusal(error)) return false;
      throw error;
    }
  }

  /** A new id, and all Secrets and pods told of it, each time. */
  async #reconcileGateway(gateway: KubeObject, changed: string[]): Promise<void> {
    const uuid = randomUUID();
    const { name, namespace = '' } = gateway.metadata;
    const labelSelector = `${OWNING}-name=${name},${OWNING}-namespace=${namespace}`;
    const selection = { namespace: ENVOY_GATEWAY_NAMESPACE, labelSelector };
    const pods = await this.api.list({ apiVersion: 'v1', kind: 'Pod' }, selection);
    const deployments = await this.api.list<Content>({ apiVersion: 'apps/v1', kind: 'Deployment' }, selection);
    if (pods.length + deployments.length === 0) return;
    for (const secret of referenceSecrets(gateway, uuid)) {
      const live = await this.api.get<Content>(refOf(secret));
      if (live === undefined) await this.#write('POST', secret, changed);
      else await this.#write('PUT', { ...live, data: { ...live.data, ...secret.data } }, changed);
    }
    for (const pod of pods) await this.#patch(pod, { metadata: { annotations: { [UUID]: uuid } } }, changed);
    const template = { metadata: { annotations: { [CONFIG_HASH]: ITS_HASH } } };
    for (const deployment of deployments) await this.#patch(deployment, { spec: { template } }, changed);
  }

  async #addFinalizer(object: KubeObject, changed: string[]): Promise<void> {
    const { finalizers = [] } = object.metadata;
    if (finalizers.includes(FINALIZER)) return;
    await this.#patch(object, { metadata: { finalizers: [...finalizers, FINALIZER] } }, changed);
  }

  async #patch(object: KubeObject, patch: object, changed: string[]): Promise<void> {
    const { metadata } = await this.api.patch(refOf(object), patch);
    if (metadata.resourceVersion !== object.metadata.resourceVersion) changed.push(nameOf(object));
  }

  async #write(method: 'POST' | 'PUT', object: Content, changed: string[]): Promise<void> {
    // Its caches hold no managed fields, so it sends none.
    const { managedFields: _, ...metadata } = object.metadata as KubeObject['metadata'] & { managedFields?: unknown };
    const path = `${pathOf(object, method === 'PUT')}?fieldManager=${FIELD_MANAGER}`;
    const body = { ...object, metadata };
    const written = await this.api.transport.json<KubeObject>(path, { method, body });
    if (written.metadata.resourceVersion !== metadata.resourceVersion) changed.push(nameOf(object));
  }

  /** Nothing when the API server refuses it. */
  async #tried(object: Content): Promise<readonly Content[]> {
    const live = await this.api.get<Content>(refOf(object));
    const { resourceVersion } = live?.metadata ?? {};
    const body = { ...object, metadata: { ...object.metadata, ...(live && { resourceVersion }) } };
    const path = `${pathOf(object, live !== undefined)}?dryRun=All`;
    try {
      return [await this.api.transport.json<Content>(path, { method: live ? 'PUT' : 'POST', body })];
    } catch (error) {
      if (isRefusal(error)) return [];
      throw error;
    }
  }

  async #words(route: AIGatewayRoute): Promise<string | undefined> {
    const [, filter] = referenceFilters(route);
    const live = filter && (await this.api.get<HTTPRouteFilter>(refOf(filter)));
    return live?.spec.directResponse?.body?.inline;
  }

  async #routes(): Promise<readonly AIGatewayRoute[]> {
    return await this.api.list<AIGatewayRoute>({ apiVersion: AI, kind: 'AIGatewayRoute' });
  }

  async #backends(): Promise<readonly AIServiceBackend[]> {
    return await this.api.list<AIServiceBackend>({ apiVersion: AI, kind: 'AIServiceBackend' });
  }

  async #list(apiVersion: string, kind: string): Promise<readonly KubeObject[]> {
    return await this.api.list({ apiVersion, kind } satisfies ObjectType);
  }
}

const isRefusal = (error: unknown): boolean => error instanceof KubeApiError && error.status === INVALID;

function merged(member: 'labels' | 'annotations', live: KubeObject, wanted: KubeObject) {
  const entries = { ...live.metadata[member], ...wanted.metadata[member] };
  return Object.keys(entries).length === 0 ? {} : { [member]: entries };
}

const nameOf = ({ kind, metadata }: KubeObject): string => `${kind} ${metadata.name}`;

function pathOf({ apiVersion, kind, metadata }: KubeObject, isNamed: boolean): string {
  const root = apiVersion.includes('/') ? 'apis' : 'api';
  const collection = `/${root}/${apiVersion}/namespaces/${metadata.namespace ?? ''}/${kind.toLowerCase()}s`;
  return isNamed ? `${collection}/${metadata.name}` : collection;
}
