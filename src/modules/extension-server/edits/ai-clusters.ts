import type { Cluster } from '../../../gen/proto/envoy/config/cluster/v3/cluster_pb.js';
import type { ClusterLoadAssignment } from '../../../gen/proto/envoy/config/endpoint/v3/endpoint_pb.js';
import type { AIGatewayRoute } from '../../../shared/api/ai-gateway.js';
import type { Fault } from '../../../shared/api/fault.js';
import { objectKey } from '../../../shared/api/kube-object.js';
import { kinds } from '../../../shared/api/kinds.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import { internalMetadata } from '../../../shared/headers.js';
import { backendIdentity, identifyEndpoints, type RuleBackends } from './backend-identity.js';
import { withMembers } from './copy-on-write.js';
import type { EditOptions, Report } from './edit-options.js';
import { internalMetadataText, withInternalMetadata } from './filter-metadata.js';
import { resolveForwardProxy, withForwardProxy } from './forward-proxy.js';
import { forwardedNamespaces } from './forwarded-metadata.js';
import { parseClusterName, type ClusterName, type RuleName } from './xds-names.js';
import { withUpstreamFilters } from './upstream-filters.js';

/**
 * Makes the clusters of AIGatewayRoutes tell the external processor which backend an attempt goes to. All other
 * clusters come back as they are. A cluster that cannot be finished keeps the processor but gets no identity, so that
 * the processor refuses its requests: a request never reaches a backend with the credentials of another one (21.4).
 * @see spec extension-server.md sections 9 and 11
 */
export function aiClusterEdit(world: Snapshot, options: EditOptions, report: Report): (cluster: Cluster) => Cluster {
  const namespacesOf = forwardedNamespaces(world, options.metadataForwardingNamespaces ?? []);
  return (cluster) => {
    const target = clusterTarget(cluster.name, world, report);
    if (target === undefined) return cluster;
    const { route, rule } = target;
    const withFilters = withUpstreamFilters(cluster, namespacesOf(rule));
    if (withFilters === undefined) {
      report(undecodableOptions(cluster, rule));
      return cluster;
    }
    if (isPool(cluster)) return identifyCluster(withFilters, rule);
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
  const rule = clusterTarget(assignment.clusterName, world, report)?.rule;
  const identified = rule === undefined ? assignment : identifyEndpoints(assignment, rule);
  if (rule !== undefined && identified === undefined) report(unmappedLocality(assignment.clusterName, rule));
  return { assignment: identified ?? assignment, faults };
}

/** The AIGatewayRoute behind a cluster and the backends that may own its endpoints. */
function clusterTarget(clusterName: string, world: Snapshot, report: Report) {
  const name = parseClusterName(clusterName);
  const route = name && world.get<AIGatewayRoute>(kinds.aiGatewayRoute, name.namespace, name.route);
  // A plain HTTPRoute has clusters of the same form.
  if (name === undefined || route === undefined) return undefined;
  const rule = ruleBackends(name, route);
  if (rule.refs.length > 0) return { route, rule };
  report(outdatedCluster(clusterName, name));
  return undefined;
}

/** Envoy Gateway makes neither locality nor cluster for a backendRef of weight 0. */
function ruleBackends(name: ClusterName, route: AIGatewayRoute): RuleBackends {
  const { refIndex, ...rule } = name;
  const refs = (route.spec?.rules?.[rule.ruleIndex]?.backendRefs ?? [])
    .map((ref, index) => ({ index, ref }))
    .filter(({ ref, index }) => (refIndex === undefined ? ref.weight !== 0 : index === refIndex));
  return { ...rule, refs };
}

const isPool = (cluster: Cluster): boolean =>
  internalMetadataText(cluster.metadata, internalMetadata.inferencePool) !== undefined;

function withIdentity(cluster: Cluster, rule: RuleBackends, options: EditOptions, report: Report): Cluster {
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
      'requests are refused. Use one backendRef per rule, or turn off zone-aware load balancing for the route.',
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
