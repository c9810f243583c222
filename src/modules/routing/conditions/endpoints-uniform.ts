import type { ConditionState } from '../../../shared/api/conditions.js';
import type { SchemaName } from '../../../shared/filter-config/filter-config.js';
import { KEPT_BY_PROVIDER, SERVED_ENDPOINTS, type ServedEndpoint } from '../../../shared/served-endpoints.js';
import type { RefNode, RouteNode, RuleNode } from '../resolve/route-graph.js';

/** Bounds of the message; the rest is counted. A rule has at most 16 refs and eight schemas, a split route hundreds of rules. */
const RULES_SHOWN_MAX = 5;
const BACKENDS_SHOWN_MAX = 4;

/**
 * Whether all backends of each rule serve the same endpoints. Where they do not, the answer to a request depends on the backend
 * that it meets: those whose schema does not serve its endpoint answer 400, and no attempt at another one follows. What
 * counts is what the route asks for, not whether a backend can be used at the moment, so that the condition does not change with
 * that. Backends of weight 0 get no requests, and endpoints that the route does not allow are refused by all of them.
 *
 * @returns undefined for a route of which each rule has backends of one schema: there is nothing to tell
 * @see spec translators.md G10
 */
export function endpointsUniformCondition({ route, rules, providerResources }: RouteNode): ConditionState | undefined {
  const isAllowed = (endpoint: ServedEndpoint) => providerResources === 'allow' || !KEPT_BY_PROVIDER.has(endpoint);
  const mixed = rules.map(schemasOfRule).filter(({ bySchema }) => bySchema.size > 1);
  if (mixed.length === 0) return undefined;
  const different = mixed.flatMap((rule) => textOfRule(rule, isAllowed) ?? []);
  const { generation } = route.metadata;
  const observed = generation !== undefined && { observedGeneration: generation };
  if (different.length === 0) {
    const message = 'The backends of each rule serve the same endpoints.';
    return { type: 'EndpointsUniform', status: 'True', reason: 'EndpointsUniform', message, ...observed };
  }
  const shown = different.slice(0, RULES_SHOWN_MAX);
  const hidden = different.length - shown.length;
  const message = [...shown, ...(hidden > 0 ? [`and ${hidden} more rules`] : [])].join('; ');
  return { type: 'EndpointsUniform', status: 'False', reason: 'EndpointsDiffer', message, ...observed };
}

interface RuleSchemas {
  readonly rule: RuleNode;
  readonly bySchema: ReadonlyMap<SchemaName, readonly RefNode[]>;
}

function schemasOfRule(rule: RuleNode): RuleSchemas {
  const bySchema = new Map<SchemaName, RefNode[]>();
  for (const ref of rule.refs) {
    const schema = schemaOf(ref);
    if (schema === undefined || ref.ref.weight === 0) continue;
    const refs = bySchema.get(schema);
    if (refs) refs.push(ref);
    else bySchema.set(schema, [ref]);
  }
  return { rule, bySchema };
}

/** InferencePools speak OpenAI's API. Unknown schemas are a fault of their backend. */
function schemaOf({ backend }: RefNode): SchemaName | undefined {
  if (backend?.kind === 'pool') return 'OpenAI';
  const name = backend?.schema?.name;
  return name !== undefined && Object.hasOwn(SERVED_ENDPOINTS, name) ? name : undefined;
}

/** Undefined when all schemas of the rule serve the same. */
function textOfRule(
  { rule, bySchema }: RuleSchemas,
  isAllowed: (endpoint: ServedEndpoint) => boolean,
): string | undefined {
  const served = new Set([...bySchema.keys()].flatMap((schema) => SERVED_ENDPOINTS[schema].filter(isAllowed)));
  const lacking = [...bySchema].flatMap(([schema, refs]) => {
    const missing = [...served].filter((endpoint) => !SERVED_ENDPOINTS[schema].includes(endpoint));
    return missing.length === 0 ? [] : [textOfSchema(schema, refs, missing)];
  });
  return lacking.length === 0 ? undefined : `spec.rules[${rule.index}]: ${lacking.join(', ')}`;
}

function textOfSchema(schema: SchemaName, refs: readonly RefNode[], missing: readonly ServedEndpoint[]): string {
  const names = [...new Set(refs.map(({ ref }) => ref.name))];
  const shown = names.slice(0, BACKENDS_SHOWN_MAX).join(', ');
  const more = names.length > BACKENDS_SHOWN_MAX ? ` and ${names.length - BACKENDS_SHOWN_MAX} more` : '';
  return `${shown}${more} (${schema}) answers 400 to ${missing.join(' ')}`;
}
