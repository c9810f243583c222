/**
 * Which backend an endpoint belongs to, written where the upstream processor finds it.
 *
 *   locality.region  httproute/ns/route/rule/i/backend/j   → backendRefs[j]
 *   endpoint metadata envoy.transport_socket_match.name
 *                    httproute/ns/route/rule/i/tls/p       → the p-th backendRef whose weight is not 0
 *   position k of the locality, if there are as many as backendRefs → the k-th backendRef whose weight is not 0
 *
 * Indexes shift when a route changes between the translation and the hook, so they are read with the backendRefs that the
 * translated HTTPRoute declares, and whatever was found must also agree with the Backend that Envoy Gateway names in the
 * locality's metadata (ops.md I1, row 28).
 *
 * @see spec extension-server.md sections 4, 9.1 and 21.4
 */
import type {
  Endpoint,
  LbEndpoint,
  LocalityLbEndpoints,
} from '../../../gen/proto/envoy/config/endpoint/v3/endpoint_components_pb.js';
import type { ClusterLoadAssignment } from '../../../gen/proto/envoy/config/endpoint/v3/endpoint_pb.js';
import type { AIGatewayRouteBackendRef } from '../../../shared/api/ai-gateway.js';
import { objectKey, type ObjectKey } from '../../../shared/api/kube-object.js';
import { kinds } from '../../../shared/api/kinds.js';
import type { RuleName } from '../../../shared/api/route-parts.js';
import { internalMetadata } from '../../../shared/headers.js';
import { mapKeeping, withMembers } from './copy-on-write.js';
import { isIpLiteral } from './ip-literal.js';
import { withInternalMetadata } from './filter-metadata.js';
import { originObjects } from './origin-metadata.js';
import { parseClusterName } from './xds-names.js';

/** One backendRef of a rule with its index there. */
export interface IndexedRef {
  readonly index: number;
  readonly ref: AIGatewayRouteBackendRef;
  /** Key of Envoy Gateway's Backend behind it; absent when that is not known, as for InferencePools. */
  readonly backend?: ObjectKey;
}

/** A rule of an AIGatewayRoute and those of its backendRefs that may own endpoints of the cluster, never empty. */
export interface RuleBackends extends RuleName {
  /** The rule of an HTTPRoute by which Envoy's names go; another one when the HTTPRoute is a part of the route. */
  readonly named: RuleName;
  readonly refs: readonly IndexedRef[];
  /**
   * The refs are those that the HTTPRoute declares, not those of the AIGatewayRoute as it is known here: weights are unknown,
   * so that only regions count, and each Backend must be the one that Envoy Gateway names.
   */
  readonly mustProve?: boolean;
}

/** Must be equal to the backend's name in the filter config. The namespace is the route's, also for foreign backends. */
export const backendIdentity = (rule: RuleName, { index, ref }: IndexedRef): string =>
  `${rule.namespace}/${ref.name}/route/${rule.route}/rule/${rule.ruleIndex}/ref/${index}`;

/**
 * The assignment with identity and host name on each endpoint and the backendRef's priority on each locality.
 * @returns undefined when a locality cannot be told to belong to one backendRef
 */
export function identifyEndpoints(
  assignment: ClusterLoadAssignment,
  rule: RuleBackends,
): ClusterLoadAssignment | undefined {
  const owners = ownersOf(assignment.endpoints, rule);
  if (
    owners === undefined ||
    !assignment.endpoints.every((locality, position) => agrees(locality, owners[position], rule))
  )
    return undefined;
  const endpoints = mapKeeping(assignment.endpoints, (locality, position) => {
    const owner = owners[position];
    return owner === undefined ? locality : identifyLocality(locality, rule, owner);
  });
  return withMembers(assignment, { endpoints });
}

function ownersOf(localities: readonly LocalityLbEndpoints[], rule: RuleBackends): readonly IndexedRef[] | undefined {
  const [only, ...others] = rule.refs;
  if (rule.mustProve === true) {
    const owners = localities.map((locality) => ownerByRegion(locality, rule));
    return owners.every((owner) => owner !== undefined) ? owners : undefined;
  }
  if (only !== undefined && others.length === 0) return localities.map(() => only);
  const owners = localities.map((locality) => ownerByRegion(locality, rule) ?? ownerByTlsMatch(locality, rule));
  if (owners.every((owner) => owner !== undefined)) return owners;
  // Positions are trusted only when nothing else is known: one that is known already shows another order of things.
  const isByPosition = owners.every((owner) => owner === undefined) && localities.length === rule.refs.length;
  return isByPosition ? rule.refs : undefined;
}

/** False when Envoy Gateway took the endpoints from another Backend than the one of the backendRef. */
function agrees(
  { metadata }: LocalityLbEndpoints,
  owner: IndexedRef | undefined,
  { mustProve = false }: RuleBackends,
): boolean {
  const [origin] = originObjects(metadata).filter(({ kind }) => kind === kinds.backend.kind);
  if (origin === undefined || owner?.backend === undefined) return !mustProve;
  const { namespace, name } = origin;
  if (typeof namespace !== 'string' || typeof name !== 'string') return !mustProve;
  return objectKey(kinds.backend, namespace, name) === owner.backend;
}

function ownerByRegion(locality: LocalityLbEndpoints, rule: RuleBackends): IndexedRef | undefined {
  const name = parseClusterName(locality.locality?.region ?? '');
  return name !== undefined && isSameRule(name, rule.named)
    ? rule.refs.find(({ index }) => index === name.refIndex)
    : undefined;
}

function ownerByTlsMatch(locality: LocalityLbEndpoints, rule: RuleBackends): IndexedRef | undefined {
  const { namespace, route, ruleIndex } = rule.named;
  const prefix = `httproute/${namespace}/${route}/rule/${ruleIndex}/tls/`;
  const owners = locality.lbEndpoints.map((endpoint) => {
    const name = endpoint.metadata?.filterMetadata['envoy.transport_socket_match']?.['name'];
    const position = typeof name === 'string' && name.startsWith(prefix) ? name.slice(prefix.length) : '';
    return /^\d{1,9}$/.test(position) ? rule.refs[Number(position)] : undefined;
  });
  return owners.every((owner) => owner === owners[0]) ? owners[0] : undefined;
}

const isSameRule = (left: RuleName, right: RuleName): boolean =>
  left.namespace === right.namespace && left.route === right.route && left.ruleIndex === right.ruleIndex;

function identifyLocality(locality: LocalityLbEndpoints, rule: RuleName, owner: IndexedRef): LocalityLbEndpoints {
  const identity = backendIdentity(rule, owner);
  return withMembers(locality, {
    lbEndpoints: mapKeeping(locality.lbEndpoints, (endpoint) => identifyEndpoint(endpoint, identity)),
    priority: owner.ref.priority ?? locality.priority,
  });
}

function identifyEndpoint(lbEndpoint: LbEndpoint, identity: string): LbEndpoint {
  const { hostIdentifier, metadata } = lbEndpoint;
  const host = hostIdentifier.case === 'endpoint' ? upstreamHost(hostIdentifier.value) : undefined;
  return withMembers(lbEndpoint, {
    metadata: withInternalMetadata(metadata, {
      [internalMetadata.backendName]: identity,
      ...(host === undefined ? {} : { [internalMetadata.upstreamHost]: host }),
    }),
  });
}

/** The host name that a signature for this endpoint must cover; undefined when only an IP address is known. */
export function upstreamHost(endpoint: Endpoint): string | undefined {
  if (endpoint.hostname !== '') return endpoint.hostname;
  const address = endpoint.address?.address;
  const host = address?.case === 'socketAddress' ? address.value.address : '';
  return host === '' || isIpLiteral(host) ? undefined : host;
}
