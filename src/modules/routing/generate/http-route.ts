import type { GatewayConfig } from '../../../shared/api/ai-gateway.js';
import {
  httpRouteLimits,
  type HTTPBackendRef,
  type HTTPRoute,
  type HTTPRouteMatch,
  type HTTPRouteRule,
  type HTTPRouteRuleFilter,
} from '../../../shared/api/http-route.js';
import { generatedAnnotations, refIndexesText, refsText } from '../../../shared/api/generated-http-route.js';
import { kinds } from '../../../shared/api/kinds.js';
import { KNOWN_ONLY_TO_US } from '../../../shared/api/known-only-to-us.js';
import { partAnnotations } from '../../../shared/api/route-parts.js';
import { childNames } from '../resolve/child-names.js';
import type { RefNode, RouteNode } from '../resolve/route-graph.js';
import { childMetadata, inherited } from './child-metadata.js';
import { splitIntoParts, type PartRule, type RoutePart } from './route-parts.js';
import { ruleTimeouts } from './timeouts.js';
import { xdsInputsAnnotation } from './xds-inputs.js';

const CATCH_ALL_RULE = 'route-not-found';

/**
 * The HTTPRoutes of a route: its rules under their own indexes, the catch-all last in the first one. A ref that cannot be used
 * stays in its place with weight 0, because Envoy's names and our identities go by its index: its neighbours take all
 * requests, and a rule without any usable ref answers 500 as Gateway API says. `gatewayConfigs`: of the route's Gateways.
 * A closed route has the same rules and matches, and each answers 503.
 * @see spec controller.md section 6
 */
export function generateHTTPRoutes(
  node: RouteNode,
  rootPrefix: string,
  gatewayConfigs: readonly GatewayConfig[] = [],
  isClosed = false,
): readonly HTTPRoute[] {
  const inputs = xdsInputsAnnotation(node, gatewayConfigs);
  const parts = splitIntoParts(node.rules).map((part, index) =>
    generatePart(node, part, { index, rootPrefix, inputs }),
  );
  return isClosed ? parts.map((part) => closed(part, node)) : parts;
}

/** What the controller writes where requests would pass without credentials and metering. */
function closed(httpRoute: HTTPRoute, { route }: RouteNode): HTTPRoute {
  const filters = [filterRef(childNames.closedFilter(route.metadata.name))];
  const rules = (httpRoute.spec.rules ?? []).map(({ name, matches }): HTTPRouteRule => ({
    ...(name !== undefined && { name }),
    ...(matches && { matches }),
    filters,
  }));
  return { ...httpRoute, spec: { ...httpRoute.spec, rules } };
}

function generatePart(
  node: RouteNode,
  part: RoutePart,
  { index, rootPrefix, inputs }: { index: number; rootPrefix: string; inputs: Readonly<Record<string, string>> },
): HTTPRoute {
  const { route } = node;
  const { metadata, spec = {} } = route;
  const labels = { ...inherited(metadata.labels), ...(index > 0 && KNOWN_ONLY_TO_US) };
  const rules = part.rules.map((rule) => generateRule(node, rule, rootPrefix));
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: {
      ...childMetadata(route, childNames.httpRoutePart(metadata.name, index, part.ruleOffset)),
      ...(Object.keys(labels).length > 0 && { labels }),
      annotations: {
        ...inherited(metadata.annotations),
        ...(index > 0 && partAnnotations(metadata.name, part.ruleOffset)),
        ...inputs,
        [generatedAnnotations.generated]: 'true',
        [generatedAnnotations.refs]: priorities(part),
        ...unusable(part),
      },
    },
    spec: {
      ...(node.parentRefs.length > 0 && { parentRefs: node.parentRefs }),
      ...(spec.hostnames && { hostnames: spec.hostnames }),
      rules: index === 0 ? [...rules, catchAll(node, rootPrefix)] : rules,
    },
  };
}

/**
 * HTTPRoute knows no priorities: written down here, a change of one makes Envoy Gateway translate again, and the extension
 * server learns what the rules were that Envoy Gateway has translated.
 */
const priorities = ({ rules }: RoutePart): string =>
  refsText(
    rules.map(({ node: { index, refs } }) => [
      index,
      refs.map(({ ref }) => ({ name: ref.name, priority: ref.priority ?? 0 })),
    ]),
  );

/** Of rules with other backendRefs: by these the extension server tells to whom the endpoints belong. */
function unusable({ rules }: RoutePart): Readonly<Record<string, string>> {
  const indexes = rules
    .filter(({ node: { refs } }) => refs.some(({ isUsable }) => isUsable))
    .flatMap(({ node: { index, refs } }) =>
      refs.flatMap(({ isUsable }, ref): readonly (readonly [number, number])[] => (isUsable ? [] : [[index, ref]])),
    );
  return indexes.length === 0 ? {} : { [generatedAnnotations.unusableRefs]: refIndexesText(indexes) };
}

function generateRule(node: RouteNode, { node: { rule, refs }, matches }: PartRule, rootPrefix: string): HTTPRouteRule {
  const path = { value: rootPrefix };
  return {
    ...(rule.name !== undefined && { name: rule.name }),
    matches:
      matches.length === 0
        ? [{ path }]
        : matches.map(({ headers }): HTTPRouteMatch => ({ ...(headers && { headers }), path })),
    filters: [filterRef(childNames.hostRewriteFilter(node.route.metadata.name))],
    ...(refs.length > 0 && { backendRefs: refs.map((ref) => generateBackendRef(node, ref)) }),
    timeouts: ruleTimeouts(rule.timeouts),
  };
}

const catchAll = (node: RouteNode, rootPrefix: string): HTTPRouteRule => ({
  name: CATCH_ALL_RULE,
  matches: [{ path: { value: rootPrefix } }],
  filters: [filterRef(childNames.notFoundFilter(node.route.metadata.name))],
});

function generateBackendRef(node: RouteNode, { ref, target, backend, isUsable }: RefNode): HTTPBackendRef {
  const weight = isUsable ? Math.min(ref.weight ?? 1, httpRouteLimits.weightMax) : 0;
  if (target.type === kinds.inferencePool) {
    return { ...kinds.inferencePool, namespace: target.namespace, name: target.name, weight };
  }
  const own = backend?.kind === 'service' ? backend.backendRef : undefined;
  const namespace = own?.namespace || (target.namespace === node.namespace ? undefined : target.namespace);
  return {
    ...kinds.backend,
    // What Backend was meant is unknown when the AIServiceBackend is: the name of the ref stands in for it.
    name: own?.name ?? ref.name,
    ...(namespace !== undefined && { namespace }),
    ...(own?.port !== undefined && { port: own.port }),
    weight,
  };
}

const filterRef = (name: string): HTTPRouteRuleFilter => ({
  type: 'ExtensionRef',
  extensionRef: { ...kinds.httpRouteFilter, name },
});
