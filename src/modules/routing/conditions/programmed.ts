import type { AIGatewayRoute } from '../../../shared/api/ai-gateway.js';
import {
  CONDITION_MESSAGE_LENGTH_MAX,
  type ConditionedObject,
  type ConditionState,
} from '../../../shared/api/conditions.js';
import { GATEWAY_CONTROLLER_NAME, type Gateway } from '../../../shared/api/gateway-api.js';
import type { ParentReference } from '../../../shared/api/http-route.js';
import { kinds } from '../../../shared/api/kinds.js';
import { displayName, keyOf, type ObjectKey } from '../../../shared/api/kube-object.js';
import { isKeyOf, nameOfKey, namespaceOfKey } from '../../../shared/api/object-key.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import type { TranslationFault } from '../../../shared/api/translation-record.js';
import type { Pod } from '../../../shared/api/workloads.js';
import { backendsOfRoute } from '../controllers/references.js';
import { notWatchedMessage } from '../resolve/not-watched.js';
import { controllerOfGateway } from '../workloads/controller-of-gateway.js';
import type { Proxies } from '../workloads/proxies.js';
import { hasProcessor } from '../workloads/roll-out.js';
import { acceptedSinceMs, answerOfEnvoyGateway, type GeneratedRoute, type Missing } from './envoy-gateway-answer.js';

/**
 * How long Envoy may not know of a processor that is no sidecar: it asks for the Service once a second (`dns_refresh_rate` of
 * the xDS), and name servers of clusters repeat an answer for 5 s.
 */
export const PROCESSOR_DISCOVERY_MS = 7_000;

/**
 * How long Envoy Gateway may take from its status of an HTTPRoute to its call of the extension server: it writes the one and
 * translates beside it, so that the status of a first route always comes first. Its times are whole seconds.
 */
const HOOK_DUE_MS = 5_000;

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
    // Words of Envoy Gateway are part of it.
    message: message.slice(0, CONDITION_MESSAGE_LENGTH_MAX),
    ...(generation !== undefined && { observedGeneration: generation }),
  });
  if (generated.node.isRefused)
    return state('False', 'NameConflict', 'Nothing was generated, because the names are taken by objects of others.');
  if (parentRefs.length === 0) return state('False', 'NoParents', 'There is no parentRef to a Gateway.');
  if (generated.isBeingWritten) return state('False', 'Pending', BEING_WRITTEN);
  for (const [index, ref] of parentRefs.entries()) {
    const missing = missingAt(world, generated, ref, factsOf, now);
    if (missing) return state('False', missing.reason, `spec.parentRefs[${index}]: ${missing.message}`);
  }
  return state('True', 'Programmed', 'Every Gateway of the route has it in force.');
}

/** After which time the condition may be another one without anything that happens. */
export const programmedAgainMs = ({ reason, message }: ConditionState): number | undefined =>
  reason === 'Pending' && message === BEING_WRITTEN ? WRITTEN_MS : AGAIN_MS.get(reason);

const AGAIN_MS: ReadonlyMap<string, number> = new Map([
  ['ProcessorNotReady', PROCESSOR_DISCOVERY_MS],
  ['TranslationPending', HOOK_DUE_MS],
]);
/** The write of the HTTPRoute wakes the route earlier, unless it was not needed. */
const WRITTEN_MS = 1_000;
const BEING_WRITTEN = 'The route has changed, and its HTTPRoute is being written.';

function missingAt(
  world: Snapshot,
  generated: GeneratedRoute,
  ref: ParentReference,
  factsOf: (gateway: Gateway) => GatewayFacts,
  now: Date,
): Missing | undefined {
  const { route } = generated.node;
  const namespace = ref.namespace || (route.metadata.namespace ?? '');
  if (!world.isWatched(namespace)) {
    const message = notWatchedMessage({ type: kinds.gateway, namespace, name: ref.name });
    return { reason: 'NamespaceNotWatched', message };
  }
  const gateway = world.get<Gateway>(kinds.gateway, namespace, ref.name);
  if (!gateway) return { reason: 'GatewayNotFound', message: `Gateway ${namespace}/${ref.name} does not exist` };
  const facts = factsOf(gateway);
  return (
    wrongClass(world, gateway) ??
    wrongListener(gateway, ref) ??
    answerOfEnvoyGateway(world, generated, ref, displayName(gateway)) ??
    untranslated(world, generated, ref, gateway, facts, now) ??
    unserved(route, displayName(gateway), facts, now)
  );
}

/** Nobody else's Gateways get our hooks and processors; of some that nobody serves Envoy Gateway never says a word. */
function wrongClass(world: Snapshot, gateway: Gateway): Missing | undefined {
  const controller = controllerOfGateway(world, gateway);
  if (controller === GATEWAY_CONTROLLER_NAME) return undefined;
  const found = `${displayName(gateway)} is of GatewayClass "${gateway.spec?.gatewayClassName ?? ''}"`;
  return controller === undefined
    ? {
        reason: 'GatewayClassNotFound',
        message: `${found}, which does not exist: create it, or correct gatewayClassName of the Gateway`,
      }
    : {
        reason: 'GatewayOfAnotherController',
        message: `${found}, which belongs to "${controller}": name a Gateway whose class belongs to Envoy Gateway, "${GATEWAY_CONTROLLER_NAME}"`,
      };
}

/** Envoy Gateway says that no listener matches, and not which there are. */
function wrongListener(gateway: Gateway, { sectionName, port }: ParentReference): Missing | undefined {
  const listeners = gateway.spec?.listeners ?? [];
  const fits = (listener: (typeof listeners)[number]) =>
    (sectionName === undefined || listener.name === sectionName) && (port === undefined || listener.port === port);
  if ((sectionName === undefined && port === undefined) || listeners.some(fits)) return undefined;
  const wanted = [sectionName && `name "${sectionName}"`, port && `port ${port}`].filter(Boolean).join(' and ');
  const shown = listeners.slice(0, LISTENERS_SHOWN_MAX).map((listener) => `${listener.name} (port ${listener.port})`);
  const more = listeners.length > shown.length ? ` and ${listeners.length - shown.length} more` : '';
  return {
    reason: 'NotAcceptedByGateway',
    message: `${displayName(gateway)} has no listener with ${wanted}: it has ${shown.join(', ') || 'none'}${more}`,
  };
}

const LISTENERS_SHOWN_MAX = 5;

/** Whether Envoy Gateway has asked us to finish what it made of the route, and whether that could be done. */
function untranslated(
  world: Snapshot,
  { node: { route }, httpRoutes }: GeneratedRoute,
  ref: ParentReference,
  gateway: Gateway,
  { isTranslationSeen, translationFaults }: GatewayFacts,
  now: Date,
): Missing | undefined {
  const name = displayName(gateway);
  if (!isTranslationSeen) {
    if (now.getTime() - acceptedSinceMs(world, route, httpRoutes, ref) < HOOK_DUE_MS) {
      const message = `Envoy Gateway has taken the HTTPRoute for ${name}, and has not yet asked the extension server`;
      return { reason: 'TranslationPending', message };
    }
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
  if (!fault) return undefined;
  const object = fault.object === keyOf(route) ? '' : `${keyText(fault.object)}: `;
  return { reason: 'TranslationFault', message: `${object}${fault.message}` };
}

/** Whether proxies are there, with the processor. */
function unserved(
  route: AIGatewayRoute,
  name: string,
  { proxies, processors }: GatewayFacts,
  now: Date,
): Missing | undefined {
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

const keyText = (key: ObjectKey): string => `${key.split('/')[1]} ${namespaceOfKey(key)}/${nameOfKey(key)}`;

/** Faults of Gateways and their configuration concern every route of them; those of other routes and of other pools do not. */
function concerns(object: ObjectKey, route: AIGatewayRoute): boolean {
  if (isKeyOf(object, kinds.aiGatewayRoute)) return object === keyOf(route);
  return !isKeyOf(object, kinds.inferencePool) || backendsOfRoute(route).includes(object);
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
