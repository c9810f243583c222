import type { Cluster } from '../../../gen/proto/envoy/config/cluster/v3/cluster_pb.js';
import type { BackendTrafficPolicy } from '../../../shared/api/envoy-gateway.js';
import type { HTTPRoute, HTTPRouteRule } from '../../../shared/api/http-route.js';
import { resolveBackendRefs } from './backend-refs.js';
import { ruleCluster } from './clusters.js';
import { clusterName } from './names.js';
import type { Translation } from './translate-options.js';

/** Where a rule sends its requests: a cluster, or nowhere, which is answered with a status. */
export type RuleTarget = { readonly cluster: string } | { readonly status: 500 | 503 };

/** The targets of all rules and their clusters. A rule that several listeners use has one cluster. */
export interface RuleTargets {
  /** The policy of the first call for a rule decides. */
  of(route: HTTPRoute, ruleIndex: number, rule: HTTPRouteRule, policy: BackendTrafficPolicy | undefined): RuleTarget;
  /** Sorted by name. */
  clusters(): readonly Cluster[];
}

export function ruleTargets(translation: Translation): RuleTargets {
  const targets = new Map<string, RuleTarget>();
  const clusters = new Map<string, Cluster>();
  return {
    of(route, ruleIndex, rule, policy) {
      const name = clusterName(route, ruleIndex);
      const known = targets.get(name);
      if (known) return known;
      const refs = resolveBackendRefs(translation, route, ruleIndex, rule);
      const backends = refs.flatMap(({ backend }) => backend ?? []);
      const hasEndpoints = backends.some(({ endpoints }) => endpoints.length > 0);
      if (hasEndpoints) clusters.set(name, ruleCluster(translation, name, refs, policy));
      const target: RuleTarget = hasEndpoints ? { cluster: name } : { status: backends.length > 0 ? 503 : 500 };
      targets.set(name, target);
      return target;
    },
    clusters: () => [...clusters.keys()].sort().map((name) => clusters.get(name)!),
  };
}
