import type { AIGatewayRoute } from '../../../shared/api/ai-gateway.js';
import type { ResolveContext } from './context.js';
import { resolveCosts } from './costs.js';
import { resolveListedModels } from './listed-models.js';
import { nameConflicts } from './name-conflicts.js';
import { resolveParents } from './parents.js';
import { resolveProviderResources } from './provider-resources.js';
import type { RouteNode } from './route-graph.js';
import { resolveRules } from './rules.js';
import { resolveTranslationPolicy } from './translation-policy.js';

/** A route with all that it refers to; the same whichever of its Gateways asks. */
export function resolveRoute(context: ResolveContext, route: AIGatewayRoute): RouteNode {
  const parents = resolveParents(context.world, route);
  const rules = resolveRules(context, route);
  const costs = resolveCosts(route, 'spec.llmRequestCosts', route.spec?.llmRequestCosts ?? []);
  const translation = resolveTranslationPolicy(route);
  const providerResources = resolveProviderResources(route);
  const listed = resolveListedModels(route);
  const conflicts = nameConflicts(context.world, route);
  return {
    route,
    namespace: route.metadata.namespace ?? '',
    parentRefs: parents.parentRefs,
    rules: rules.rules,
    costs: costs.costs,
    translationPolicy: translation.policy,
    providerResources: providerResources.policy,
    listedModels: listed.models,
    isRefused: conflicts.length > 0,
    faults: [
      ...conflicts,
      ...parents.faults,
      ...rules.faults,
      ...costs.faults,
      ...translation.faults,
      ...providerResources.faults,
      ...listed.faults,
    ],
  };
}
