import type { FilterConfig, ModelConfig } from '../../../shared/filter-config/filter-config.js';
import { isModelHeader } from '../resolve/model-header.js';
import type { RouteNode } from '../resolve/route-graph.js';

const DEFAULT_OWNER = 'Envoy AI Gateway';
/** Of models in files, which have no creation time: a fixed one, so that the same files give the same bytes. */
const UNKNOWN_TIME = '1970-01-01T00:00:00Z';

/**
 * The model lists: of a model that several rules name, the first rule tells owner and time. With a host-scoped route
 * each host has its own list, which ends with the models of the routes without hosts.
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

const modelsOfRoute = ({ route, rules }: RouteNode): readonly ModelConfig[] =>
  rules.flatMap(({ rule, matches }) =>
    matches
      .flatMap(({ headers = [] }) => headers)
      .filter((header) => isModelHeader(header) && (header.type ?? 'Exact') === 'Exact')
      .map(({ value }) => ({
        Name: value,
        OwnedBy: rule.modelsOwnedBy || DEFAULT_OWNER,
        CreatedAt: utc(rule.modelsCreatedAt) ?? utc(route.metadata.creationTimestamp) ?? UNKNOWN_TIME,
      })),
  );

/** RFC 3339 in UTC, to the second; undefined when the text is no time. */
function utc(time: string | undefined): string | undefined {
  const timeMs = time === undefined ? Number.NaN : Date.parse(time);
  return Number.isNaN(timeMs) ? undefined : new Date(timeMs).toISOString().replace(/\.\d+Z$/, 'Z');
}

function distinct(models: readonly ModelConfig[]): readonly ModelConfig[] {
  const byName = new Map<string, ModelConfig>();
  for (const model of models) if (!byName.has(model.Name)) byName.set(model.Name, model);
  return [...byName.values()];
}
