import { compileCostExpression, type CostExpression } from '../../../shared/cost/cost-expression.js';
import { tokenCount, type CostFacts } from '../../../shared/cost/cost-variables.js';
import { UserFacingError } from '../../../shared/errors.js';
import type {
  CostConfig,
  CostType,
  FilterConfig,
  RouteCostConfig,
} from '../../../shared/filter-config/filter-config.js';
import type { TokenUsage } from '../../../shared/token-usage.js';
import type { ConfigFault } from '../runtime-config/config-fault.js';

/** One cost, ready to be evaluated. */
export interface RuntimeCost {
  /** Key of the dynamic metadata that it fills. */
  readonly metadataKey: string;
  /** Counts only for this backend (`<ns>/<name>`) and this model; absent: for all. */
  readonly backend?: string;
  readonly model?: string;
  /** @throws UserFacingError when a CEL expression fails */
  evaluate(facts: CostFacts): bigint;
}

/** All costs of a configuration. */
export interface RuntimeCosts {
  readonly isEmpty: boolean;
  /**
   * Costs to look at for a request on this route, `<ns>/<name>` or empty: the gateway-wide ones first, then those of the
   * route, in the order of the configuration. Of several that apply with the same key the last counts (extproc.md 16.3).
   */
  forRoute(routeName: string): readonly RuntimeCost[];
}

const COUNTERS: Readonly<Record<Exclude<CostType, 'CEL'>, keyof TokenUsage>> = {
  InputToken: 'inputTokens',
  CachedInputToken: 'cachedInputTokens',
  CacheCreationInputToken: 'cacheCreationInputTokens',
  OutputToken: 'outputTokens',
  TotalToken: 'totalTokens',
  ReasoningToken: 'reasoningTokens',
};

/**
 * Compiles the costs of a configuration; those that cannot work are listed in `faults` (X30). A gateway-wide one is left
 * out. One of a route keeps its place as a cost that always fails: its key is left out, where the gateway-wide cost of the
 * same key would charge by a formula that was not meant for this route.
 */
export function compileCosts(config: Pick<FilterConfig, 'globalLLMRequestCosts' | 'llmRequestCosts'>): {
  readonly costs: RuntimeCosts;
  readonly faults: readonly ConfigFault[];
} {
  const faults: ConfigFault[] = [];
  const expressions = new Map<string, CostExpression>();
  const contained = <T>(
    subject: string,
    compile: () => T,
    instead: (reason: string) => T | undefined,
  ): T | undefined => {
    try {
      return compile();
    } catch (error) {
      if (!(error instanceof UserFacingError)) throw error;
      faults.push({ subject, reason: error.message });
      return instead(error.message);
    }
  };
  const globals = config.globalLLMRequestCosts.flatMap((cost, i) => {
    const compile = () => compileCost(cost, expressions);
    return contained<RuntimeCost>(`globalLLMRequestCosts[${i}]`, compile, () => undefined) ?? [];
  });
  const byRoute = new Map<string, RuntimeCost[]>();
  config.llmRequestCosts.forEach((cost, i) => {
    const { metadataKey, routeName, backend, model } = cost;
    const compile = () => compileRouteCost(cost, expressions);
    const unscoped = contained<RuntimeCost>(`llmRequestCosts[${i}]`, compile, (reason) =>
      routeName === '' ? undefined : failingCost(metadataKey, reason),
    );
    if (!unscoped) return;
    const compiled = { ...unscoped, ...(backend && { backend }), ...(model && { model }) };
    const costs = byRoute.get(routeName);
    if (costs) costs.push(compiled);
    else byRoute.set(routeName, [...globals, compiled]);
  });
  for (const [route, costs] of byRoute) byRoute.set(route, withoutShadowed(costs));
  const fallback = withoutShadowed(globals);
  return {
    costs: {
      isEmpty: globals.length === 0 && byRoute.size === 0,
      forRoute: (routeName) => byRoute.get(routeName) ?? fallback,
    },
    faults,
  };
}

function compileRouteCost(cost: RouteCostConfig, expressions: Map<string, CostExpression>): RuntimeCost {
  if (cost.routeName === '') {
    throw new UserFacingError(
      `cost "${cost.metadataKey}" names no route; expected routeName <namespace>/<name> of an AIGatewayRoute`,
    );
  }
  return compileCost(cost, expressions);
}

function failingCost(metadataKey: string, reason: string): RuntimeCost {
  return {
    metadataKey,
    evaluate: () => {
      throw new UserFacingError(reason);
    },
  };
}

function compileCost(cost: CostConfig, expressions: Map<string, CostExpression>): RuntimeCost {
  const { metadataKey, type } = cost;
  if (type !== 'CEL') {
    const counter = COUNTERS[type];
    return { metadataKey, evaluate: (facts) => tokenCount(facts.usage[counter]) };
  }
  if (cost.cel === undefined || cost.cel.trim() === '') {
    throw new UserFacingError(`cost "${metadataKey}" of type CEL has no expression; expected one in cel`);
  }
  // Quota policies repeat one expression for each of their models and targets.
  const key = `${cost.arithmetic ?? ''} ${cost.cel}`;
  let expression = expressions.get(key);
  if (!expression) {
    expression = compileCostExpression(cost.cel, cost.arithmetic);
    expressions.set(key, expression);
  }
  const compiled = expression;
  return { metadataKey, evaluate: (facts) => compiled.evaluate(facts) };
}

/** Drops costs that never count, because a later one with the same key applies to every request. */
function withoutShadowed(costs: readonly RuntimeCost[]): RuntimeCost[] {
  const unconditional = new Set<string>();
  const kept = [...costs].reverse().filter((cost) => {
    if (unconditional.has(cost.metadataKey)) return false;
    if (cost.backend === undefined && cost.model === undefined) unconditional.add(cost.metadataKey);
    return true;
  });
  return kept.reverse();
}
