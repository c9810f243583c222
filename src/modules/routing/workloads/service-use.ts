import { createHash } from 'node:crypto';
import {
  generatedAnnotations,
  parseServices,
  tellsMore,
  xdsInputsText,
  type ServiceUse,
  type ToldService,
} from '../../../shared/api/generated-http-route.js';
import type { Gateway, Secret } from '../../../shared/api/gateway-api.js';
import type { HTTPRoute } from '../../../shared/api/http-route.js';
import { kinds } from '../../../shared/api/kinds.js';
import { keyOf, type ObjectKey } from '../../../shared/api/kube-object.js';
import { nameOfKey, namespaceOfKey } from '../../../shared/api/object-key.js';
import { secretText } from '../../../shared/api/secret-text.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import type { Pod } from '../../../shared/api/workloads.js';
import { PROCESSOR_DISCOVERY_MS } from '../conditions/programmed.js';
import { generatedForGateway } from '../generate/ownership.js';
import { owningClassOf, owningGatewayOf } from './owning-gateway.js';
import { ProxyIndex } from './proxies.js';
import { hasProcessor } from './roll-out.js';
import { servingGateway } from './sharing.js';

// All Envoys of a Gateway have one configuration, so that a change of the mode has to wait until it suits all of them:
//
//     sidecar ─▶ deployment   announced ─ Envoys know all replicas ─▶ crossing ─ former connections are gone ─▶ used ─▶ sidecars go
//     deployment ─▶ sidecar   used, while proxies are replaced ─ all carry a sidecar ─▶ none ─▶ Deployment goes

/**
 * Envoy serves connections that were open when its listener changed by the former configuration, and closes them with their next
 * answer, or after so long (`--drain-time-s`, which Envoy Gateway sets to 60 s).
 */
export const FORMER_CONNECTIONS_MS = 70_000;

export interface ServiceUseOptions {
  /** Where proxies run that are not there yet. */
  readonly envoyGatewayNamespace: string;
  readonly extProcMode: 'sidecar' | 'deployment';
  readonly deployment: { readonly replicas: number; readonly tlsSecret: string | undefined };
}

export interface ServiceUseFacts {
  /** What the HTTPRoutes of the Gateway tell now; the most that any of them tells. */
  readonly told: ServiceUse;
  /** Since when, in ms of the Unix time; of `crossing`. */
  readonly toldSinceMs: number;
  /** Of Envoy, those that are ending included. */
  readonly proxies: readonly Pod[];
  /** Replicas of the processor that are not ending. */
  readonly processors: readonly Pod[];
  readonly now: Date;
}

export function serviceUse(
  { extProcMode, deployment: { replicas, tlsSecret } }: ServiceUseOptions,
  facts: ServiceUseFacts,
): ServiceUse {
  const { told, toldSinceMs, proxies, processors, now } = facts;
  if (extProcMode === 'deployment') {
    if (told === 'used' || !proxies.some(hasProcessor)) return 'used';
    if (told === 'crossing') return now.getTime() - toldSinceMs >= FORMER_CONNECTIONS_MS ? 'used' : 'crossing';
    const areKnown = processors.every((pod) => readyMs(pod, now) >= PROCESSOR_DISCOVERY_MS);
    if (told !== 'announced' || processors.length < replicas || !areKnown) return 'announced';
    // A sidecar has no certificate with which it could pass anything on.
    return tlsSecret === undefined ? 'crossing' : 'used';
  }
  const isLeaving = ({ metadata }: Pod) => metadata.deletionTimestamp !== undefined;
  const areServed = proxies.every((pod) => hasProcessor(pod) && (isLeaving(pod) || readyMs(pod, now) >= 0));
  const isInUse = told === 'used' || told === 'crossing';
  return isInUse && !areServed && processors.some((pod) => readyMs(pod, now) >= 0) ? 'used' : 'none';
}

/** For how long a pod has been ready; -Infinity when it is not. */
function readyMs({ status }: Pod, now: Date): number {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  if (ready?.status !== 'True') return -Infinity;
  // Times are whole seconds, and not of this clock.
  return Math.max(0, now.getTime() - Date.parse(ready.lastTransitionTime ?? '1970-01-01T00:00:00Z'));
}

export interface ServiceUses {
  /** How it ought to be. */
  of(gateway: ObjectKey): ServiceUse;
  /** What the HTTPRoutes tell. */
  told(gateway: ObjectKey): ServiceUse;
  /** What they ought to tell. */
  entry(gateway: ObjectKey): ToldService | undefined;
}

/** Those of a world, each found at most once. Costs nothing worth mentioning while no processor is a Deployment. */
export function serviceUses(world: Snapshot, options: ServiceUseOptions, now: Date): ServiceUses {
  const known = new Map<ObjectKey, ServiceUse>();
  let told: ReadonlyMap<string, ToldService> | undefined;
  let index: ProxyIndex | undefined;
  let isAtRest: boolean | undefined;
  const toldOf = (gateway: ObjectKey): ToldService | undefined => {
    told ??= toldServices(world);
    return told.get(textOf(gateway));
  };
  const find = (key: ObjectKey): ServiceUse => {
    isAtRest ??= options.extProcMode === 'sidecar' && !world.list(kinds.deployment).some(generatedForGateway);
    if (isAtRest) return 'none';
    const gateway = world.get<Gateway>(kinds.gateway, namespaceOfKey(key), nameOfKey(key));
    if (gateway === undefined) return options.extProcMode === 'deployment' ? 'used' : 'none';
    index ??= new ProxyIndex(world);
    const serving = keyOf(servingGateway(world, gateway, index.of(gateway, gateway.spec?.gatewayClassName)));
    const processors = world
      .list<Pod>(kinds.pod)
      .filter((pod) => pod.metadata.deletionTimestamp === undefined && generatedForGateway(pod) === serving);
    return serviceUse(options, {
      told: toldOf(key)?.use ?? 'none',
      toldSinceMs: 1_000 * (toldOf(key)?.sinceSeconds ?? 0),
      proxies: proxyPods(world, gateway),
      processors,
      now,
    });
  };
  const caHashOf = (key: ObjectKey): { readonly caHash?: string } => {
    const { extProcMode, deployment, envoyGatewayNamespace } = options;
    if (extProcMode !== 'deployment' || deployment.tlsSecret === undefined) return {};
    const gateway = world.get<Gateway>(kinds.gateway, namespaceOfKey(key), nameOfKey(key));
    index ??= new ProxyIndex(world);
    const namespace = gateway && index.of(gateway, gateway.spec?.gatewayClassName).namespace;
    return { caHash: hashOfCA(world, namespace ?? envoyGatewayNamespace, deployment.tlsSecret) };
  };
  const of = (gateway: ObjectKey): ServiceUse => {
    const use = known.get(gateway) ?? find(gateway);
    known.set(gateway, use);
    return use;
  };
  return {
    of,
    told: (gateway) => toldOf(gateway)?.use ?? 'none',
    entry(gateway) {
      const use = of(gateway);
      if (use === 'none') return undefined;
      const entry = { gateway: textOf(gateway), use, ...caHashOf(gateway) };
      if (use !== 'crossing') return entry;
      return { ...entry, sinceSeconds: toldOf(gateway)?.sinceSeconds ?? Math.floor(now.getTime() / 1_000) };
    },
  };
}

const HASH_LENGTH = 8;

function hashOfCA(world: Snapshot, namespace: string, tlsSecret: string): string {
  const secret = world.get<Secret>(kinds.secret, namespace, tlsSecret);
  const ca = (secret && secretText(secret, 'ca.crt')) ?? '';
  return createHash('sha256').update(ca).digest('hex').slice(0, HASH_LENGTH);
}

const RUN_OUT: ReadonlySet<string> = new Set(['Succeeded', 'Failed']);

/** Those that are going included: as long as one of them serves, it has to find its processor. */
export const proxyPods = (world: Snapshot, gateway: Gateway): readonly Pod[] =>
  world
    .list<Pod>(kinds.pod)
    .filter(
      (pod) =>
        (owningGatewayOf(pod) === keyOf(gateway) || owningClassOf(pod) === gateway.spec?.gatewayClassName) &&
        !RUN_OUT.has(pod.status?.phase ?? ''),
    );

/** By Gateway, the most that any HTTPRoute tells. */
function toldServices(world: Snapshot): ReadonlyMap<string, ToldService> {
  const services = new Map<string, ToldService>();
  for (const { metadata } of world.list<HTTPRoute>(kinds.httpRoute)) {
    const text = metadata.annotations?.[generatedAnnotations.xdsInputs];
    if (text === undefined || metadata.annotations?.[generatedAnnotations.generated] === undefined) continue;
    for (const told of parseServices(text)) {
      const known = services.get(told.gateway)?.use ?? 'none';
      if (tellsMore(told.use, known)) services.set(told.gateway, told);
    }
  }
  return services;
}

/** The HTTPRoutes of a route, telling how its Gateways find their processors; as they are when that is beside Envoy. */
export function tellServices(
  httpRoutes: readonly HTTPRoute[],
  gateways: readonly ObjectKey[],
  uses: ServiceUses,
): readonly HTTPRoute[] {
  const services = [...new Set(gateways)].sort().flatMap((gateway) => uses.entry(gateway) ?? []);
  if (services.length === 0) return httpRoutes;
  return httpRoutes.map((httpRoute) => {
    const { annotations = {} } = httpRoute.metadata;
    const text = xdsInputsText(annotations[generatedAnnotations.xdsInputs] ?? '', services);
    const told = { ...annotations, [generatedAnnotations.xdsInputs]: text };
    return { ...httpRoute, metadata: { ...httpRoute.metadata, annotations: told } };
  });
}

const textOf = (gateway: ObjectKey): string => `${namespaceOfKey(gateway)}/${nameOfKey(gateway)}`;
