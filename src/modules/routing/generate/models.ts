import type { AIGatewayRouteMatch } from '../../../shared/api/ai-gateway.js';
import type { FilterConfig, HeaderScope, ModelConfig } from '../../../shared/filter-config/filter-config.js';
import { isModelHeader } from '../resolve/model-header.js';
import type { ModelServer, RouteNode } from '../resolve/route-graph.js';

const DEFAULT_OWNER = 'Envoy AI Gateway';
/** Of models in files, which have no creation time: a fixed one, so that the same files give the same bytes. */
const UNKNOWN_TIME = '1970-01-01T00:00:00Z';

/**
 * The model lists, of exact matches and of what routes list by name: of a model that several rules serve, the first rule tells
 * owner and time, and the scopes of all count.
 * With a host-scoped route each host has its own list, which ends with the models of the routes without hosts.
 * @see spec controller.md sections 9.1 and 19 (row 33)
 */
export function generateModels(
  routes: readonly RouteNode[],
): Pick<FilterConfig, 'models' | 'modelsByHost' | 'unscopedModels'> {
  const models = distinct(routes.flatMap(modelsOfRoute));
  const hosts = [...new Set(routes.flatMap(hostnames))].sort();
  if (hosts.length === 0) return { models };
  const unscoped = distinct(routes.filter((node) => hostnames(node).length === 0).flatMap(modelsOfRoute));
  const modelsByHost = hosts.map((host) => {
    const scoped = routes.filter((node) => hostnames(node).includes(host)).flatMap(modelsOfRoute);
    return [host, distinct([...scoped, ...unscoped])] as const;
  });
  return { models, modelsByHost: Object.fromEntries(modelsByHost), unscopedModels: unscoped };
}

const hostnames = ({ route }: RouteNode): readonly string[] => route.spec?.hostnames ?? [];

const modelsOfRoute = (node: RouteNode): readonly ModelConfig[] => [
  ...node.rules.flatMap(({ rule, matches }) =>
    matches.flatMap((match) =>
      (match.headers ?? [])
        .filter((header) => isModelHeader(header) && (header.type ?? 'Exact') === 'Exact')
        .map(({ value }) => modelOf(node, value, { rule, match })),
    ),
  ),
  ...node.listedModels.flatMap(({ name, servedBy }) => servedBy.map((server) => modelOf(node, name, server))),
];

function modelOf({ route }: RouteNode, name: string, { rule, match }: ModelServer): ModelConfig {
  const scope = scopeOf(match);
  return {
    Name: name,
    OwnedBy: rule.modelsOwnedBy || DEFAULT_OWNER,
    CreatedAt: utc(rule.modelsCreatedAt) ?? utc(route.metadata.creationTimestamp) ?? UNKNOWN_TIME,
    ...(scope && { Scopes: [scope] }),
  };
}

/**
 * The other headers that a match wants, sorted by name; undefined when there are none. What patterns match is for Envoy to say,
 * they hide nothing. Of two headers whose names differ in case the first counts, as in an HTTPRoute.
 */
function scopeOf({ headers = [] }: AIGatewayRouteMatch): HeaderScope | undefined {
  const wanted = new Map<string, string | undefined>();
  for (const header of headers) {
    const name = header.name.toLowerCase();
    if (isModelHeader(header) || wanted.has(name)) continue;
    wanted.set(name, (header.type ?? 'Exact') === 'Exact' ? header.value : undefined);
  }
  const exact = [...wanted].filter((entry): entry is [string, string] => entry[1] !== undefined);
  return exact.length === 0 ? undefined : Object.fromEntries(exact.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** RFC 3339 in UTC, to the second; undefined when the text is no time. */
function utc(time: string | undefined): string | undefined {
  const timeMs = time === undefined ? Number.NaN : Date.parse(time);
  return Number.isNaN(timeMs) ? undefined : new Date(timeMs).toISOString().replace(/\.\d+Z$/, 'Z');
}

function distinct(models: readonly ModelConfig[]): readonly ModelConfig[] {
  const byName = new Map<string, ModelConfig[]>();
  for (const model of models) {
    const known = byName.get(model.Name);
    if (known) known.push(model);
    else byName.set(model.Name, [model]);
  }
  return [...byName.values()].map((same) => {
    const { Scopes: _, ...model } = same[0]!;
    const scopes = same.map(({ Scopes }) => Scopes);
    // One rule without a scope is reached by everybody.
    if (scopes.includes(undefined)) return model;
    const texts = new Map(scopes.flatMap((some) => some ?? []).map((scope) => [JSON.stringify(scope), scope]));
    return { ...model, Scopes: [...texts.values()] };
  });
}
