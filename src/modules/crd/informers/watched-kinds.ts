import { kinds } from '../../../shared/api/kinds.js';
import { groupOf, type GroupKind, type KubeObject, type ObjectKey } from '../../../shared/api/kube-object.js';
import { isManagedByUs, MANAGED_BY_SELECTOR } from '../../../shared/api/managed-by.js';
import { isKeyOf } from '../../../shared/api/object-key.js';
import { resourceOf } from '../../../shared/api/resources.js';
import type { Pod } from '../../../shared/api/workloads.js';
import type { Selection } from './informer.js';

/** Set by Envoy Gateway on what it makes for one Gateway, or for all Gateways of a class that shares its proxies. */
const PROXY_SELECTORS = ['gateway.envoyproxy.io/owning-gateway-name', 'gateway.envoyproxy.io/owning-gatewayclass'];

export interface WatchScope {
  /** Empty: all. */
  readonly watchNamespaces: readonly string[];
  /** Where proxies run besides the namespaces of their Gateways. */
  readonly envoyGatewayNamespace: string;
  /** Of the control plane itself. */
  readonly namespace: string;
}

/**
 * Everything that the control plane watches: one list and watch for each kind, or for each kind and namespace when it may
 * see some namespaces only. @see spec controller.md section 3, 19 (rows 13, 14, 31, 38)
 */
export function selectionsOf({ watchNamespaces, envoyGatewayNamespace, namespace }: WatchScope): readonly Selection[] {
  const ofUsers: readonly Namespace[] = watchNamespaces.length === 0 ? [{}] : watchNamespaces.map(inNamespace);
  const ofProxies: readonly Namespace[] =
    watchNamespaces.length === 0 ? [{}] : [...new Set([...watchNamespaces, envoyGatewayNamespace])].map(inNamespace);
  const every = (type: GroupKind, namespaces: readonly Namespace[], more: Partial<Selection> = {}): Selection[] =>
    namespaces.map((namespace) => ({ resource: resourceOf(type), ...namespace, ...more }));
  return [
    ...every(kinds.gatewayClass, [{}]),
    ...USER_KINDS.flatMap((type) => every(type, ofUsers)),
    ...OPTIONAL_KINDS.flatMap((type) => every(type, ofUsers, { isOptional: true })),
    ...every(kinds.secret, ofProxies, { isMetadataOnly: true }),
    ...PROXY_SELECTORS.flatMap((labelSelector) => [
      ...every(kinds.pod, ofProxies, { labelSelector, reduce: reducedPod }),
      ...every(kinds.deployment, ofProxies, { labelSelector }),
      ...every(kinds.daemonSet, ofProxies, { labelSelector }),
    ]),
    ...every(kinds.pod, ofProxies, { labelSelector: MANAGED_BY_SELECTOR, reduce: reducedPod }),
    ...every(kinds.deployment, ofProxies, { labelSelector: MANAGED_BY_SELECTOR }),
    ...every(kinds.service, ofProxies, { reduce: reducedService }),
    ...every(kinds.configMap, [{ namespace }], { labelSelector: MANAGED_BY_SELECTOR }),
  ];
}

/** What the selections would show of an object that was written; undefined when it is in none of them. */
export const watchedViewOf =
  (selections: readonly Selection[]) =>
  (object: KubeObject): KubeObject | undefined => {
    const selection = selections.find((candidate) => isSelected(object, candidate));
    return selection && (selection.reduce?.(object) ?? object);
  };

/**
 * Whether objects of a kind may exist that no selection shows, because all of them want labels: before one of ours is created,
 * the API server has to be asked whether somebody else has one of that name.
 */
export const mayExistUnwatched =
  (selections: readonly Selection[]) =>
  (key: ObjectKey): boolean => {
    const own = selections.filter(({ resource }) => isKeyOf(key, resource));
    return own.length > 0 && own.every(({ labelSelector }) => labelSelector !== undefined);
  };

function isSelected(object: KubeObject, { resource, namespace, labelSelector }: Selection): boolean {
  const { metadata, apiVersion, kind } = object;
  if (kind !== resource.kind || groupOf(apiVersion) !== resource.group) return false;
  if (namespace !== undefined && namespace !== metadata.namespace) return false;
  if (labelSelector === undefined) return true;
  const [label = '', value] = labelSelector.split('=');
  const found = metadata.labels?.[label];
  return value === undefined ? found !== undefined : found === value;
}

const USER_KINDS = [
  kinds.gateway,
  kinds.httpRoute,
  kinds.referenceGrant,
  kinds.httpRouteFilter,
  kinds.backend,
  kinds.aiGatewayRoute,
  kinds.aiServiceBackend,
  kinds.backendSecurityPolicy,
  kinds.gatewayConfig,
] as const;

/** Of those that an installation may do without. */
const OPTIONAL_KINDS = [kinds.inferencePool, kinds.mcpRoute, kinds.quotaPolicy] as const;

type Namespace = Pick<Selection, 'namespace'>;

const inNamespace = (namespace: string): Namespace => ({ namespace });

/** Of the Services of others only the existence counts. */
export const reducedService = (object: KubeObject): KubeObject =>
  isManagedByUs(object) ? object : { apiVersion: object.apiVersion, kind: object.kind, metadata: object.metadata };

/** A pod has some 10 kB, of which the control plane reads these. */
export function reducedPod(object: KubeObject): Pod {
  const { apiVersion, metadata, spec, status } = object as Pod;
  const containers = (list: NonNullable<Pod['spec']>['containers']) =>
    list?.map(({ name, image, args }) => ({ name, ...(image !== undefined && { image }), ...(args && { args }) }));
  return {
    apiVersion,
    kind: 'Pod',
    metadata,
    ...(spec && {
      spec: {
        containers: containers(spec.containers) ?? [],
        ...(spec.initContainers && { initContainers: containers(spec.initContainers) ?? [] }),
      },
    }),
    ...(status && {
      status: {
        ...(status.phase !== undefined && { phase: status.phase }),
        conditions: (status.conditions ?? []).map(({ type, status, lastTransitionTime }) => ({
          type,
          status,
          ...(lastTransitionTime !== undefined && { lastTransitionTime }),
        })),
      },
    }),
  };
}
