import type { AIGatewayRoute, AIGatewayRouteBackendRef, AIServiceBackend } from '../../../shared/api/ai-gateway.js';
import type { Fault } from '../../../shared/api/fault.js';
import type { DeclaredRef } from '../../../shared/api/generated-http-route.js';
import { kinds } from '../../../shared/api/kinds.js';
import { objectKey, type ObjectKey } from '../../../shared/api/kube-object.js';
import type { RuleName } from '../../../shared/api/route-parts.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import type { RuleBackends } from './backend-identity.js';
import type { DeclaredRefs } from './declared-refs.js';
import type { Report } from './edit-options.js';
import type { RuleLookup } from './rule-lookup.js';
import { parseClusterName } from './xds-names.js';

/** The AIGatewayRoute behind a cluster and the backends that may own its endpoints. */
export interface ClusterTarget {
  readonly route: AIGatewayRoute;
  readonly rule: RuleBackends;
}

/**
 * Finds them by the name of a cluster. The indexes in it are those of the HTTPRoute that Envoy Gateway translated, and this
 * replica may know an AIGatewayRoute that is older or newer: where the HTTPRoute declares other backendRefs than the
 * AIGatewayRoute has, the HTTPRoute counts, and nothing is taken for granted (`mustProve`).
 * @returns undefined for clusters of other HTTPRoutes; `unknown` for those of ours whose route, rule or refs this replica does
 *   not know
 * @see spec ops.md section I1 (row 28)
 */
export function clusterTarget(
  clusterName: string,
  world: Snapshot,
  { lookup, declaredRefs }: { readonly lookup: RuleLookup; readonly declaredRefs: DeclaredRefs },
  report: Report,
): ClusterTarget | 'unknown' | undefined {
  const name = parseClusterName(clusterName);
  if (name === undefined) return undefined;
  const found = lookup(name);
  const declaration = declaredRefs(name);
  if (found === undefined) {
    // A plain HTTPRoute has clusters of the same form.
    if (declaration === undefined) return undefined;
    report(unknownRoute(clusterName, name));
    return 'unknown';
  }
  const { refIndex, ...named } = name;
  const known = found.rule?.backendRefs ?? [];
  const declared = declaration?.rules?.get(found.name.ruleIndex);
  const mustProve = declared !== undefined && !isSame(declared, known);
  const all = mustProve ? declared.map((ref) => refOf(ref, found.route, known)) : known;
  // Envoy Gateway makes neither locality nor cluster for a backendRef of weight 0. Of former refs the weights are not known.
  const isLeftOut = (ref: AIGatewayRouteBackendRef, index: number) =>
    ref.weight === 0 || declaration?.isUnusable(found.name.ruleIndex, index) === true;
  const refs = all.flatMap((ref, index) => {
    if (refIndex === undefined ? isLeftOut(ref, index) : index !== refIndex) return [];
    const backend = backendOf(ref, found.name.namespace, world);
    return [{ index, ref, ...(backend === undefined ? {} : { backend }) }];
  });
  if (refs.length === 0) {
    report(outdatedCluster(clusterName, found.name));
    return declaration && 'unknown';
  }
  if (refIndex !== undefined && new Set(all.filter(isServed).map(({ priority = 0 }) => priority)).size > 1)
    report(noFallback(found.name));
  return { route: found.route, rule: { ...found.name, named, refs, ...(mustProve && { mustProve }) } };
}

const isSame = (declared: readonly DeclaredRef[], known: readonly AIGatewayRouteBackendRef[]): boolean =>
  declared.length === known.length &&
  declared.every(
    ({ name, priority }, index) => name === known[index]?.name && priority === (known[index].priority ?? 0),
  );

/** What a declared ref most likely is: one of this name in the rule or the route, else an AIServiceBackend beside it. */
function refOf(
  { name, priority }: DeclaredRef,
  route: AIGatewayRoute,
  known: readonly AIGatewayRouteBackendRef[],
): AIGatewayRouteBackendRef {
  const everywhere = (route.spec?.rules ?? []).flatMap(({ backendRefs = [] }) => backendRefs);
  const ref = [...known, ...everywhere].find((other) => other.name === name);
  const { weight: _, ...rest } = ref ?? { name };
  return { ...rest, priority };
}

/** Key of Envoy Gateway's Backend behind a ref. */
function backendOf(ref: AIGatewayRouteBackendRef, routeNamespace: string, world: Snapshot): ObjectKey | undefined {
  if (isPool(ref)) return undefined;
  const namespace = ref.namespace || routeNamespace;
  const target = world.get<AIServiceBackend>(kinds.aiServiceBackend, namespace, ref.name)?.spec?.backendRef;
  return target && objectKey(kinds.backend, target.namespace || namespace, target.name);
}

const isServed = ({ weight }: AIGatewayRouteBackendRef): boolean => weight !== 0;

export const isPool = ({ group, kind }: AIGatewayRouteBackendRef): boolean =>
  group === kinds.inferencePool.group && kind === kinds.inferencePool.kind;

/** A fault of a rule. */
export const ruleFault = (rule: RuleName, severity: Fault['severity'], reason: string, message: string): Fault => ({
  object: objectKey(kinds.aiGatewayRoute, rule.namespace, rule.route),
  path: `spec.rules[${rule.ruleIndex}]`,
  reason,
  message,
  severity,
});

/** Reason of faults that end by themselves when this replica has seen what Envoy Gateway has seen. */
export const ROUTE_OUTDATED = 'RouteOutdated';

const unknownRoute = (clusterName: string, rule: RuleName): Fault =>
  ruleFault(
    rule,
    'error',
    ROUTE_OUTDATED,
    `cluster "${clusterName}" was generated of an AIGatewayRoute that is not (or no longer) there, so its requests are ` +
      'refused. This ends by itself when the route was made or deleted a moment ago; if it lasts, change the route to have ' +
      'it translated again, or delete its HTTPRoute.',
  );

const outdatedCluster = (clusterName: string, rule: RuleName): Fault =>
  ruleFault(
    rule,
    'warning',
    'BackendRefNotFound',
    `cluster "${clusterName}" belongs to a rule or backendRef that the route does not have (any more), so it gets no ` +
      'credentials. This ends by itself when Envoy Gateway has seen the current HTTPRoute.',
  );

const noFallback = (rule: RuleName): Fault =>
  ruleFault(
    rule,
    'warning',
    'PrioritiesNotApplied',
    'Envoy Gateway made a cluster for each backendRef of the rule, so their priorities have no effect: requests are ' +
      'split by weight and stay where they are. It does so for Backends of IP addresses beside Backends of host names, ' +
      'of HTTP/1.1 beside HTTP/2, without endpoints, and with zone-aware load balancing; make the Backends alike.',
  );
