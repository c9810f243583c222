import type { LLMRequestCost } from '../../../shared/api/ai-gateway.js';
import type { Fault } from '../../../shared/api/fault.js';
import type { KubeObject } from '../../../shared/api/kube-object.js';
import {
  COST_ARITHMETIC_ANNOTATION,
  COST_ARITHMETICS,
  type CostArithmetic,
} from '../../../shared/cost/cost-arithmetic.js';
import { compileCostExpression } from '../../../shared/cost/cost-expression.js';
import { UserFacingError } from '../../../shared/errors.js';
import { COST_TYPES, type CostConfig } from '../../../shared/filter-config/filter-config.js';
import { error, warning } from './faults.js';

/**
 * The valid costs of a list at `path` of `object`, one for each key. Of two with one key the last is meant, valid or
 * not: an earlier one never comes back in its place. An annotation of `object` says how they compute. @see spec controller.md section 9.1, api.md sections 2 and 13
 */
export function resolveCosts(
  object: KubeObject,
  path: string,
  costs: readonly LLMRequestCost[],
): { readonly costs: readonly CostConfig[]; readonly faults: readonly Fault[] } {
  const { arithmetic, faults: unknown } = resolveCostArithmetic(object);
  const faults: Fault[] = [...unknown];
  const lastIndex = new Map(costs.map((cost, index) => [cost.metadataKey, index]));
  const valid: CostConfig[] = [];
  for (const [index, cost] of costs.entries()) {
    const last = lastIndex.get(cost.metadataKey);
    if (last !== index) {
      const message = `metadataKey "${cost.metadataKey}" is set again by entry ${last}, which counts: drop one of them`;
      faults.push(warning(object, `${path}[${index}].metadataKey`, 'DuplicateCostKey', message));
      continue;
    }
    const problem = problemOf(cost, arithmetic);
    if (problem) faults.push(error(object, `${path}[${index}].${problem.member}`, 'InvalidCost', problem.message));
    else valid.push(toCost(cost, arithmetic));
  }
  return { costs: valid, faults };
}

/** An unknown word is a fault and reads as strict. */
function resolveCostArithmetic(object: KubeObject): {
  readonly arithmetic: CostArithmetic;
  readonly faults: readonly Fault[];
} {
  const found = object.metadata.annotations?.[COST_ARITHMETIC_ANNOTATION];
  const arithmetic = COST_ARITHMETICS.find((candidate) => candidate === (found ?? 'strict'));
  if (arithmetic !== undefined) return { arithmetic, faults: [] };
  const message = `${JSON.stringify(found?.slice(0, 64))} is unknown and read as strict: expected one of ${COST_ARITHMETICS.join(', ')}`;
  return {
    arithmetic: 'strict',
    faults: [error(object, `metadata.annotations[${COST_ARITHMETIC_ANNOTATION}]`, 'UnsupportedValue', message)],
  };
}

/** Strict arithmetic is not written, so that other readers of the document find what they know. */
const toCost = ({ metadataKey, type, cel }: LLMRequestCost, arithmetic: CostArithmetic): CostConfig =>
  type === 'CEL' && cel
    ? { metadataKey, type, cel, ...(arithmetic === 'promote' && { arithmetic }) }
    : { metadataKey, type };

function problemOf(
  { metadataKey, type, cel }: LLMRequestCost,
  arithmetic: CostArithmetic,
): { readonly member: string; readonly message: string } | undefined {
  if (!COST_TYPES.includes(type)) {
    return { member: 'type', message: `cost type "${type}" is unknown: expected one of ${COST_TYPES.join(', ')}` };
  }
  if (type !== 'CEL') return undefined;
  if (!cel) return { member: 'cel', message: `cost "${metadataKey}" has type CEL and no expression: add "cel"` };
  try {
    compileCostExpression(cel, arithmetic);
    return undefined;
  } catch (failure) {
    if (!(failure instanceof UserFacingError)) throw failure;
    return { member: 'cel', message: `cost "${metadataKey}" is left out: ${failure.message}` };
  }
}
