import type { Fault } from '../../shared/api/fault.js';
import type { XdsResources } from '../../shared/xds.js';
import type { RuleBackends } from './edits/backend-identity.js';
import { ROUTE_OUTDATED, ruleFault } from './edits/cluster-target.js';
import { declaredRefs } from './edits/declared-refs.js';

/** Clusters whose endpoints are remembered; the oldest are forgotten first. */
const CLUSTERS_MAX = 10_000;

/**
 * By which backendRefs the endpoints of a cluster were told apart that come by EDS. Envoy Gateway hands them over without a
 * word of the HTTPRoute that they are of, before the whole translation, which shows it: a replica that was late then has
 * written the priorities of former backendRefs, and can only say so. @see spec ops.md section I1 (row 28)
 */
export class EndpointOrigins {
  readonly #byCluster = new Map<string, RuleBackends>();

  /** Takes the place of what was known about the cluster; `rule` is undefined for clusters of others. */
  note(cluster: string, rule: RuleBackends | undefined): void {
    this.#byCluster.delete(cluster);
    if (rule === undefined) return;
    this.#byCluster.set(cluster, rule);
    const [oldest] = this.#byCluster.keys();
    if (this.#byCluster.size > CLUSTERS_MAX && oldest !== undefined) this.#byCluster.delete(oldest);
  }

  /** Of clusters whose endpoints were told apart by other backendRefs than the HTTPRoute declares. */
  faults({ clusters, routes }: XdsResources): readonly Fault[] {
    if (this.#byCluster.size === 0) return [];
    const declarationOf = declaredRefs(routes);
    return clusters.flatMap(({ name, loadAssignment }) => {
      const rule = loadAssignment === undefined ? this.#byCluster.get(name) : undefined;
      const declared = rule && declarationOf(rule.named)?.rules?.get(rule.ruleIndex);
      if (rule === undefined || declared === undefined) return [];
      const isSame = rule.refs.every(
        ({ index, ref }) => declared[index]?.name === ref.name && declared[index].priority === (ref.priority ?? 0),
      );
      return isSame ? [] : [outdated(name, rule)];
    });
  }
}

const outdated = (cluster: string, rule: RuleBackends): Fault =>
  ruleFault(
    rule,
    'error',
    ROUTE_OUTDATED,
    `cluster "${cluster}" gets its endpoints by EDS, and they bear the backendRefs and priorities that the rule had before: ` +
      'the controller saw its change later than Envoy Gateway did. This ends with the next translation; change the route when ' +
      'none comes.',
  );
