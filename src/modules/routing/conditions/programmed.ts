import type { AIGatewayRoute } from '../../../shared/api/ai-gateway.js';
import type { ConditionedObject, ConditionState } from '../../../shared/api/conditions.js';
import { GATEWAY_CONTROLLER_NAME, type Gateway } from '../../../shared/api/gateway-api.js';
import type { HTTPRoute, ParentReference } from '../../../shared/api/http-route.js';
import { kinds } from '../../../shared/api/kinds.js';
import { displayName, keyOf, type ObjectKey } from '../../../shared/api/kube-object.js';
import { isKeyOf } from '../../../shared/api/object-key.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import type { TranslationFault } from '../../../shared/api/translation-record.js';
import type { Pod } from '../../../shared/api/workloads.js';
import { backendsOfRoute } from '../controllers/references.js';
import { notWatchedMessage } from '../resolve/not-watched.js';
import { gatewayKeyOf } from '../resolve/parents.js';
import type { RouteNode } from '../resolve/route-graph.js';
import type { Proxies } from '../workloads/proxies.js';
import { hasProcessor } from '../workloads/roll-out.js';

/**
 * How long Envoy may not know of a processor that is no sidecar: it asks for the Service once a second (`dns_refresh_rate` of
 * the xDS), and name servers of clusters repeat an answer for 5 s.
 */
export const PROCESSOR_DISCOVERY_MS = 7_000;

/** What was seen of a Gateway beside its own object. */
export interface GatewayFacts {
  readonly proxies: Proxies;
  /** Whether Envoy Gateway asked us to finish the configuration of its proxies. */
  readonly isTranslationSeen: boolean;
  /** What could not be finished then. */
  readonly translationFaults: readonly TranslationFault[];
  /** Pods of its processor when that is a Deployment; undefined: each proxy pod has to carry one. */
  readonly processors: readonly Pod[] | undefined;
}

/**
 * Whether the route was seen to be in force at every Gateway that it names: accepted by Envoy Gateway, finished by our hooks,
 * and served by proxies that carry the processor. Without the hooks all traffic would pass without credentials and metering
 * while everything else says that it is well. @see spec controller.md section 19 (row 1)
 */
export function programmedCondition(
  world: Snapshot,
  generated: GeneratedRoute,
  factsOf: (gateway: Gateway) => GatewayFacts,
  now: Date,
): ConditionState {
  const { route, parentRefs } = generated.node;
  const { generation } = route.metadata;
  const state = (status: ConditionState['status'], reason: string, message: string): ConditionState => ({
    type: 'Programmed',
    status,
    reason,
    message,
    ...(generation !== undefined && { observedGeneration: generation }),
  });
  if (generated.node.isRefused)
    return state('False', 'NameConflict', 'Nothing was generated, because the names are taken by objects of others.');
  if (parentRefs.length === 0) return state('False', 'NoParents', 'There is no parentRef to a Gateway.');
  for (const [index, ref] of parentRefs.entries()) {
    const missing = missingAt(world, generated, ref, factsOf, now);
    if (missing) return state('False', missing.reason, `spec.parentRefs[${index}]: ${missing.message}`);
  }
  return state('True', 'Programmed', 'Every Gateway of the route serves it.');
}

/** A route with the names of the HTTPRoutes that were made of it. */
export interface GeneratedRoute {
  readonly node: RouteNode;
  readonly httpRoutes: readonly string[];
}

interface Missing {
  readonly reason: string;
  readonly message: string;
}

function missingAt(
  world: Snapshot,
  { node: { route }, httpRoutes }: GeneratedRoute,
  ref: ParentReference,
  factsOf: (gateway: Gateway) => GatewayFacts,
  now: Date,
): Missing | undefined {
  const namespace = ref.namespace || (route.metadata.namespace ?? '');
  if (!world.isWatched(namespace)) {
    const message = notWatchedMessage({ type: kinds.gateway, namespace, name: ref.name });
    return { reason: 'NamespaceNotWatched', message };
  }
  const gateway = world.get<Gateway>(kinds.gateway, namespace, ref.name);
  if (!gateway) return { reason: 'GatewayNotFound', message: `Gateway ${namespace}/${ref.name} does not exist` };
  const name = displayName(gateway);
  for (const httpRoute of httpRoutes) {
    const refused = notAccepted(world, route, httpRoute, ref, name);
    if (refused) return refused;
  }
  const { proxies, isTranslationSeen, translationFaults, processors } = factsOf(gateway);
  if (!isTranslationSeen) {
    return {
      reason: 'ExtensionServerNotCalled',
      message:
        `Envoy Gateway has not asked the extension server to finish ${name}, or does no longer: without that, its AI ` +
        'routes have no credentials and no metering. Register the controller as extensionManager in the configuration of ' +
        'Envoy Gateway, with hooks.xdsTranslator.post [Translation, Cluster, Route, Endpoints] and ' +
        'hooks.xdsTranslator.translation.{listener,route,cluster,secret}.includeAll, and restart it; when it is ' +
        'registered, look into its log for translations that failed',
    };
  }
  const fault = translationFaults.find(({ object }) => concerns(object, route));
  if (fault) return { reason: 'TranslationFault', message: fault.message };
  if (proxies.pods.length === 0) return { reason: 'NoProxies', message: `${name} has no running proxy` };
  const bare = processors ? [] : proxies.pods.filter((pod) => !hasProcessor(pod));
  if (bare.length > 0) {
    return {
      reason: 'ProcessorMissing',
      message: `${bare.length} of ${proxies.pods.length} proxies of ${name} run without the External Processor`,
    };
  }
  if (!proxies.pods.some(isReady)) return { reason: 'ProxiesNotReady', message: `no proxy of ${name} is ready` };
  // Later on, a replica that takes the place of another one is nothing that the route has to tell.
  const settledMs = isProgrammed(route) ? 0 : PROCESSOR_DISCOVERY_MS;
  if (processors && !processors.some((pod) => isReady(pod) && readyMs(pod, now) >= settledMs))
    return {
      reason: 'ProcessorNotReady',
      message: `no External Processor of ${name} has been ready for long enough that Envoy knows of it`,
    };
  return undefined;
}

/** Faults of Gateways and their configuration concern every route of them; those of other routes and of other pools do not. */
function concerns(object: ObjectKey, route: AIGatewayRoute): boolean {
  if (isKeyOf(object, kinds.aiGatewayRoute)) return object === keyOf(route);
  return !isKeyOf(object, kinds.inferencePool) || backendsOfRoute(route).includes(object);
}

/** What Envoy Gateway says of the generated HTTPRoute; an old answer counts as none. */
function notAccepted(
  world: Snapshot,
  route: AIGatewayRoute,
  httpRoute: string,
  ref: ParentReference,
  gatewayName: string,
): Missing | undefined {
  const child = world.get<HTTPRoute>(kinds.httpRoute, route.metadata.namespace ?? '', httpRoute);
  const parent = child?.status?.parents?.find(
    ({ controllerName, parentRef }) =>
      controllerName === GATEWAY_CONTROLLER_NAME &&
      gatewayKeyOf(route, parentRef) === gatewayKeyOf(route, ref) &&
      parentRef.sectionName === ref.sectionName &&
      parentRef.port === ref.port,
  );
  const condition = parent?.conditions?.find(({ type }) => type === 'Accepted');
  if (!condition || (condition.observedGeneration ?? 0) < (child?.metadata.generation ?? 0)) {
    return { reason: 'Pending', message: `Envoy Gateway has not yet taken the HTTPRoute for ${gatewayName}` };
  }
  if (condition.status === 'True') return undefined;
  return { reason: 'NotAcceptedByGateway', message: `${gatewayName} refuses the HTTPRoute: ${condition.message}` };
}

const isReady = ({ status }: Pod): boolean =>
  status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;

/** How long a ready pod has been ready; for ever when nobody says since when. */
function readyMs({ status }: Pod, now: Date): number {
  const since = status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime;
  return since === undefined ? Infinity : now.getTime() - Date.parse(since);
}

const isProgrammed = ({ status }: ConditionedObject): boolean =>
  status?.conditions?.some(({ type, status: value }) => type === 'Programmed' && value === 'True') ?? false;
