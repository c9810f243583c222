import type { CostFacts } from '../../../shared/cost/cost-variables.js';
import { UserFacingError } from '../../../shared/errors.js';
import type { RuntimeCost, RuntimeCosts } from './runtime-costs.js';

/** Dynamic metadata holds numbers as doubles, exact up to here (X16). */
const VALUE_MAX = BigInt(Number.MAX_SAFE_INTEGER);

export interface EvaluatedCosts {
  /** Metadata key → whole number from 0 to 2^53-1. */
  readonly values: ReadonlyMap<string, number>;
  /** Costs that are missing from `values`, for the log and a counter; the answer goes out all the same (X8). */
  readonly failures: readonly { readonly metadataKey: string; readonly reason: string }[];
}

/** The costs of one attempt. A key whose expression fails is left out: no other cost takes its place. */
export function evaluateCosts(costs: RuntimeCosts, facts: CostFacts): EvaluatedCosts {
  const counting = new Map<string, RuntimeCost>();
  for (const cost of costs.forRoute(facts.routeName)) {
    if (applies(cost, facts)) counting.set(cost.metadataKey, cost);
  }
  const values = new Map<string, number>();
  const failures: { metadataKey: string; reason: string }[] = [];
  for (const [metadataKey, cost] of counting) {
    try {
      const value = cost.evaluate(facts);
      values.set(metadataKey, Number(value > VALUE_MAX ? VALUE_MAX : value));
    } catch (error) {
      if (!(error instanceof UserFacingError)) throw error;
      failures.push({ metadataKey, reason: error.message });
    }
  }
  return { values, failures };
}

const applies = (cost: RuntimeCost, facts: CostFacts) =>
  (cost.backend === undefined || cost.backend === facts.backendShortName) &&
  (cost.model === undefined || cost.model === facts.model);
