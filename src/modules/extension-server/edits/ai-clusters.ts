import type { Cluster } from '../../../gen/proto/envoy/config/cluster/v3/cluster_pb.js';
import type { ClusterLoadAssignment } from '../../../gen/proto/envoy/config/endpoint/v3/endpoint_pb.js';
import type { Fault } from '../../../shared/api/fault.js';
import type { RuleName } from '../../../shared/api/route-parts.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import { internalMetadata } from '../../../shared/headers.js';
import { withBufferLimit } from './buffer-limits.js';
import { backendIdentity, identifyEndpoints, type RuleBackends } from './backend-identity.js';
import { clusterTarget, isPool, ROUTE_OUTDATED, ruleFault } from './cluster-target.js';
import { withMembers } from './copy-on-write.js';
import { NOTHING_DECLARED, type DeclaredRefs } from './declared-refs.js';
import type { EditOptions, Report } from './edit-options.js';
import type { ExtProcTarget } from './extproc-target.js';
import { withInternalMetadata } from './filter-metadata.js';
import { resolveForwardProxy, withForwardProxy } from './forward-proxy.js';
import { forwardedNamespaces } from './forwarded-metadata.js';
import { poolOf } from './inference-pool.js';
import { ruleLookup, type RuleLookup } from './rule-lookup.js';
import { upstreamFiltersEdit } from './upstream-filters.js';

/** What holds for all clusters of one translation. */
export interface ClusterEditOptions extends Pick<EditOptions, 'metadataForwardingNamespaces' | 'hasEndpointsHook'> {
  /** What the translated HTTPRoutes tell; absent: nothing. */
  readonly declaredRefs?: DeclaredRefs;
  /** The processor of this Envoy. */
  readonly extProcTarget?: ExtProcTarget;
  /** Takes the place of Envoy Gateway's default; absent: that stays. */
  readonly bufferLimitBytes?: number | undefined;
}

/**
 * Makes the clusters of AIGatewayRoutes tell the external processor which backend an attempt goes to. All other
 * clusters come back as they are. A cluster that cannot be finished keeps the processor but gets no identity, so that
 * the processor refuses its requests: a request never reaches a backend with the credentials of another one (21.4).
 * @see spec extension-server.md sections 9 and 11
 */
export function aiClusterEdit(
  world: Snapshot,
  lookup: RuleLookup,
  options: ClusterEditOptions,
  report: Report,
): (cluster: Cluster) => Cluster {
  const namespacesOf = forwardedNamespaces(world, options.metadataForwardingNamespaces ?? []);
  const sources = { lookup, declaredRefs: options.declaredRefs ?? NOTHING_DECLARED };
  const withUpstreamFilters = upstreamFiltersEdit(options.extProcTarget);
  return (found) => {
    const target = clusterTarget(found.name, world, sources, report);
    if (target === undefined) return found;
    if (target === 'unknown') return withUpstreamFilters(found, []) ?? found;
    const { route, rule } = target;
    const cluster = withBufferLimit(found, options.bufferLimitBytes);
    const withFilters = withUpstreamFilters(cluster, namespacesOf(rule));
    if (withFilters === undefined) {
      report(undecodableOptions(cluster, rule));
      return cluster;
    }
    if (poolOf(cluster.metadata) !== undefined) return identifyCluster(withFilters, rule);
    if (rule.refs.filter(({ ref }) => isPool(ref)).length > 1) {
      report(severalPools(cluster, rule));
      return withFilters;
    }
    const proxy = resolveForwardProxy(route, world, report);
    if (proxy === 'invalid') return withFilters;
    const connected = proxy === undefined ? withFilters : withForwardProxy(withFilters, proxy);
    return withIdentity(connected, rule, options, report);
  };
}

/**
 * The same identity and priority for endpoints that Envoy gets by EDS (hook `PostEndpointsModify`), whose
 * `cluster_name` follows the names of clusters, and the rule by which they were given. @see spec extension-server.md section 21.5
 */
export function editLoadAssignment(
  assignment: ClusterLoadAssignment,
  world: Snapshot,
): { assignment: ClusterLoadAssignment; rule: RuleBackends | undefined; faults: readonly Fault[] } {
  const faults: Fault[] = [];
  const report: Report = (fault) => void faults.push(fault);
  const sources = { lookup: ruleLookup(world), declaredRefs: NOTHING_DECLARED };
  const target = clusterTarget(assignment.clusterName, world, sources, report);
  const rule = typeof target === 'object' ? target.rule : undefined;
  const identified = rule === undefined ? assignment : identifyEndpoints(assignment, rule);
  if (rule !== undefined && identified === undefined) report(unmappedLocality(assignment.clusterName, rule));
  return { assignment: identified ?? assignment, rule, faults };
}

function withIdentity(cluster: Cluster, rule: RuleBackends, options: ClusterEditOptions, report: Report): Cluster {
  if (cluster.loadAssignment !== undefined) {
    const loadAssignment = identifyEndpoints(cluster.loadAssignment, rule);
    if (loadAssignment !== undefined) return withMembers(cluster, { loadAssignment });
    report(rule.mustProve === true ? unprovenBackends(cluster, rule) : unmappedLocality(cluster.name, rule));
    return cluster;
  }
  if (rule.refs.length === 1) return identifyCluster(cluster, rule);
  if (options.hasEndpointsHook !== true) report(indistinctBackends(cluster, rule));
  return cluster;
}

/** For endpoints that the edits never see: all of the cluster belong to its first backend. */
function identifyCluster(cluster: Cluster, rule: RuleBackends): Cluster {
  const [owner] = rule.refs;
  if (owner === undefined) return cluster;
  const identity = { [internalMetadata.backendName]: backendIdentity(rule, owner) };
  return withMembers(cluster, { metadata: withInternalMetadata(cluster.metadata, identity) });
}

const undecodableOptions = (cluster: Cluster, rule: RuleName): Fault =>
  ruleFault(
    rule,
    'error',
    'UndecodableProtocolOptions',
    `cluster "${cluster.name}": its HttpProtocolOptions cannot be decoded, so requests to its backends are not ` +
      'translated. Check EnvoyPatchPolicies that touch the cluster.',
  );

/** Reason of the fault that the endpoints of a cluster belong to no known backendRef. */
export const LOCALITY_NOT_MAPPED = 'LocalityNotMapped';

const unmappedLocality = (clusterName: string, rule: RuleBackends): Fault =>
  ruleFault(
    rule,
    'error',
    LOCALITY_NOT_MAPPED,
    `cluster "${clusterName}": its localities cannot be mapped to the ${rule.refs.length} backendRefs of the rule, so ` +
      'requests are refused. This ends by itself when the route was changed a moment ago; otherwise use one backendRef ' +
      'per rule, or turn off zone-aware load balancing for the route.',
  );

const unprovenBackends = (cluster: Cluster, rule: RuleBackends): Fault =>
  ruleFault(
    rule,
    'error',
    ROUTE_OUTDATED,
    `cluster "${cluster.name}" was made of an HTTPRoute with other backendRefs ` +
      `(${rule.refs.map(({ ref }) => ref.name).join(', ')}) than the rule is known to have here, and its endpoints cannot ` +
      'be proved to be theirs, so requests are refused. This ends with the next translation; change the route when none comes.',
  );

const indistinctBackends = (cluster: Cluster, rule: RuleBackends): Fault =>
  ruleFault(
    rule,
    'error',
    'BackendsNotDistinguishable',
    `cluster "${cluster.name}" gets its endpoints by EDS, where the ${rule.refs.length} backendRefs of the rule cannot ` +
      'be told apart, so requests are refused. Use Backends with host names, or add the hook `Endpoints` to ' +
      '`extensionManager.hooks.xdsTranslator.post` of Envoy Gateway.',
  );

const severalPools = (cluster: Cluster, rule: RuleName): Fault =>
  ruleFault(
    rule,
    'error',
    'SeveralInferencePools',
    `cluster "${cluster.name}" belongs to a rule with several InferencePools, so requests are refused. Give each ` +
      'InferencePool a rule of its own.',
  );
