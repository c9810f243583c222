import type { Cluster } from '../../../gen/proto/envoy/config/cluster/v3/cluster_pb.js';
import type { ClusterLoadAssignment } from '../../../gen/proto/envoy/config/endpoint/v3/endpoint_pb.js';
import type { AIGatewayRoute, AIGatewayRouteBackendRef, AIServiceBackend } from '../../../shared/api/ai-gateway.js';
import type { Fault } from '../../../shared/api/fault.js';
import { objectKey, type ObjectKey } from '../../../shared/api/kube-object.js';
import { kinds } from '../../../shared/api/kinds.js';
import type { RuleName } from '../../../shared/api/route-parts.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import { internalMetadata } from '../../../shared/headers.js';
import { withBufferLimit } from './buffer-limits.js';
import { backendIdentity, identifyEndpoints, type RuleBackends } from './backend-identity.js';
import { withMembers } from './copy-on-write.js';
import type { EditOptions, Report } from './edit-options.js';
import type { ExtProcTarget } from './extproc-target.js';
import { withInternalMetadata } from './filter-metadata.js';
import { resolveForwardProxy, withForwardProxy } from './forward-proxy.js';
import { forwardedNamespaces } from './forwarded-metadata.js';
import { poolOf } from './inference-pool.js';
import { ruleLookup, type RuleLookup } from './rule-lookup.js';
import { withUpstreamFilters } from './upstream-filters.js';
import { parseClusterName } from './xds-names.js';

/** What holds for all clusters of one translation. */
export interface ClusterEditOptions extends Pick<EditOptions, 'metadataForwardingNamespaces' | 'hasEndpointsHook'> {
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
  return (found) => {
    const target = clusterTarget(found.name, world, lookup, report);
    if (target === undefined) return found;
    const { route, rule } = target;
    const cluster = withBufferLimit(found, options.bufferLimitBytes);
    const withFilters = withUpstreamFilters(cluster, namespacesOf(rule), options.extProcTarget);
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
 * `cluster_name` follows the names of clusters. @see spec extension-server.md section 21.5
 */
export function editLoadAssignment(
  assignment: ClusterLoadAssignment,
  world: Snapshot,
): { assignment: ClusterLoadAssignment; faults: readonly Fault[] } {
  const faults: Fault[] = [];
  const report: Report = (fault) => void faults.push(fault);
  const rule = clusterTarget(assignment.clusterName, world, ruleLookup(world), report)?.rule;
  const identified = rule === undefined ? assignment : identifyEndpoints(assignment, rule);
  if (rule !== undefined && identified === undefined) report(unmappedLocality(assignment.clusterName, rule));
  return { assignment: identified ?? assignment, faults };
}

/** The AIGatewayRoute behind a cluster and the backends that may own its endpoints. */
function clusterTarget(
  clusterName: string,
  world: Snapshot,
  lookup: RuleLookup,
  report: Report,
): { readonly route: AIGatewayRoute; readonly rule: RuleBackends } | undefined {
  const name = parseClusterName(clusterName);
  const found = name && lookup(name);
  // A plain HTTPRoute has clusters of the same form.
  if (name === undefined || found === undefined) return undefined;
  const { refIndex, ...named } = name;
  const all = found.rule?.backendRefs ?? [];
  // Envoy Gateway makes neither locality nor cluster for a backendRef of weight 0.
  const refs = all.flatMap((ref, index) => {
    if (refIndex === undefined ? ref.weight === 0 : index !== refIndex) return [];
    const backend = backendOf(ref, found.name.namespace, world);
    return [{ index, ref, ...(backend === undefined ? {} : { backend }) }];
  });
  if (refs.length === 0) {
    report(outdatedCluster(clusterName, found.name));
    return undefined;
  }
  if (refIndex !== undefined && new Set(all.filter(isServed).map(({ priority = 0 }) => priority)).size > 1)
    report(noFallback(found.name));
  return { route: found.route, rule: { ...found.name, named, refs } };
}

/** Key of Envoy Gateway's Backend behind a ref. */
function backendOf(ref: AIGatewayRouteBackendRef, routeNamespace: string, world: Snapshot): ObjectKey | undefined {
  if (isPool(ref)) return undefined;
  const namespace = ref.namespace || routeNamespace;
  const target = world.get<AIServiceBackend>(kinds.aiServiceBackend, namespace, ref.name)?.spec?.backendRef;
  return target && objectKey(kinds.backend, target.namespace || namespace, target.name);
}

const isServed = ({ weight }: AIGatewayRouteBackendRef): boolean => weight !== 0;

const isPool = ({ group, kind }: AIGatewayRouteBackendRef): boolean =>
  group === kinds.inferencePool.group && kind === kinds.inferencePool.kind;

function withIdentity(cluster: Cluster, rule: RuleBackends, options: ClusterEditOptions, report: Report): Cluster {
  if (cluster.loadAssignment !== undefined) {
    const loadAssignment = identifyEndpoints(cluster.loadAssignment, rule);
    if (loadAssignment !== undefined) return withMembers(cluster, { loadAssignment });
    report(unmappedLocality(cluster.name, rule));
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

const fault = (rule: RuleName, severity: Fault['severity'], reason: string, message: string): Fault => ({
  object: objectKey(kinds.aiGatewayRoute, rule.namespace, rule.route),
  path: `spec.rules[${rule.ruleIndex}]`,
  reason,
  message,
  severity,
});

const undecodableOptions = (cluster: Cluster, rule: RuleName): Fault =>
  fault(
    rule,
    'error',
    'UndecodableProtocolOptions',
    `cluster "${cluster.name}": its HttpProtocolOptions cannot be decoded, so requests to its backends are not ` +
      'translated. Check EnvoyPatchPolicies that touch the cluster.',
  );

const outdatedCluster = (clusterName: string, rule: RuleName): Fault =>
  fault(
    rule,
    'warning',
    'BackendRefNotFound',
    `cluster "${clusterName}" belongs to a rule or backendRef that the route does not have (any more); it is left as ` +
      'it is. This ends by itself when Envoy Gateway has seen the current HTTPRoute.',
  );

const unmappedLocality = (clusterName: string, rule: RuleBackends): Fault =>
  fault(
    rule,
    'error',
    'LocalityNotMapped',
    `cluster "${clusterName}": its localities cannot be mapped to the ${rule.refs.length} backendRefs of the rule, so ` +
      'requests are refused. This ends by itself when the route was changed a moment ago; otherwise use one backendRef ' +
      'per rule, or turn off zone-aware load balancing for the route.',
  );

const indistinctBackends = (cluster: Cluster, rule: RuleBackends): Fault =>
  fault(
    rule,
    'error',
    'BackendsNotDistinguishable',
    `cluster "${cluster.name}" gets its endpoints by EDS, where the ${rule.refs.length} backendRefs of the rule cannot ` +
      'be told apart, so requests are refused. Use Backends with host names, or add the hook `Endpoints` to ' +
      '`extensionManager.hooks.xdsTranslator.post` of Envoy Gateway.',
  );

const severalPools = (cluster: Cluster, rule: RuleName): Fault =>
  fault(
    rule,
    'error',
    'SeveralInferencePools',
    `cluster "${cluster.name}" belongs to a rule with several InferencePools, so requests are refused. Give each ` +
      'InferencePool a rule of its own.',
  );

const noFallback = (rule: RuleName): Fault =>
  fault(
    rule,
    'warning',
    'PrioritiesNotApplied',
    'Envoy Gateway made a cluster for each backendRef of the rule, so their priorities have no effect: requests are ' +
      'split by weight and stay where they are. It does so for Backends of IP addresses beside Backends of host names, ' +
      'of HTTP/1.1 beside HTTP/2, without endpoints, and with zone-aware load balancing; make the Backends alike.',
  );
