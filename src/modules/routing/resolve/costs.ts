import type { LLMRequestCost } from '../../../shared/api/ai-gateway.js';
import type { Fault } from '../../../shared/api/fault.js';
import type { KubeObject } from '../../../shared/api/kube-object.js';
import { compileCostExpression } from '../../../shared/cost/cost-expression.js';
import { UserFacingError } from '../../../shared/errors.js';
import { COST_TYPES, type CostConfig } from '../../../shared/filter-config/filter-config.js';
import { error, warning } from './faults.js';

/**
 * The valid costs of a list at `path` of `object`, one for each key. Of two with one key the last is meant, valid or
 * not: an earlier one never comes back in its place. @see spec controller.md section 9.1, api.md sections 2 and 13
 */
export function resolveCosts(
  object: KubeObject,
  path: string,
  costs: readonly LLMRequestCost[],
): { readonly costs: readonly CostConfig[]; readonly faults: readonly Fault[] } {
  const faults: Fault[] = [];
  const lastIndex = new Map(costs.map((cost, index) => [cost.metadataKey, index]));
  const valid: CostConfig[] = [];
  for (const [index, cost] of costs.entries()) {
    const last = lastIndex.get(cost.metadataKey);
    if (last !== index) {
      const message = `metadataKey "${cost.metadataKey}" is set again by entry ${last}, which counts: drop one of them`;
      faults.push(warning(object, `${path}[${index}].metadataKey`, 'DuplicateCostKey', message));
      continue;
    }
    const problem = problemOf(cost);
    if (problem) faults.push(error(object, `${path}[${index}].${problem.member}`, 'InvalidCost', problem.message));
    else valid.push(toCost(cost));
  }
  return { costs: valid, faults };
}

const toCost = ({ metadataKey, type, cel }: LLMRequestCost): CostConfig =>
  type === 'CEL' && cel ? { metadataKey, type, cel } : { metadataKey, type };

function problemOf({
  metadataKey,
  type,
  cel,
}: LLMRequestCost): { readonly member: string; readonly message: string } | undefined {
  if (!COST_TYPES.includes(type)) {
    return { member: 'type', message: `cost type "${type}" is unknown: expected one of ${COST_TYPES.join(', ')}` };
  }
  if (type !== 'CEL') return undefined;
  if (!cel) return { member: 'cel', message: `cost "${metadataKey}" has type CEL and no expression: add "cel"` };
  try {
    compileCostExpression(cel);
    return undefined;
  } catch (failure) {
    if (!(failure instanceof UserFacingError)) throw failure;
    return { member: 'cel', message: `cost "${metadataKey}" is left out: ${failure.message}` };
  }
}
