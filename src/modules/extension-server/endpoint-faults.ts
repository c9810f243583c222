import type { Fault } from '../../shared/api/fault.js';
import type { XdsResources } from '../../shared/xds.js';

/** Clusters with faults that are remembered; the oldest are forgotten first. */
const CLUSTERS_MAX = 10_000;

/**
 * What went wrong with endpoints, until the translation they belong to comes: Envoy Gateway hands over endpoints one cluster
 * at a time, before it hands over the whole.
 */
export class EndpointFaults {
  readonly #byCluster = new Map<string, readonly Fault[]>();

  /** Takes the place of what was known about the cluster. */
  set(cluster: string, faults: readonly Fault[]): void {
    this.#byCluster.delete(cluster);
    if (faults.length === 0) return;
    this.#byCluster.set(cluster, faults);
    const [oldest] = this.#byCluster.keys();
    if (this.#byCluster.size > CLUSTERS_MAX && oldest !== undefined) this.#byCluster.delete(oldest);
  }

  of({ clusters }: XdsResources): readonly Fault[] {
    return this.#byCluster.size === 0 ? [] : clusters.flatMap(({ name }) => this.#byCluster.get(name) ?? []);
  }
}
