import type { AIGatewayRoute } from '../../../shared/api/ai-gateway.js';
import { keyOf, type ObjectKey } from '../../../shared/api/kube-object.js';
import { BUNDLE_BYTES_MAX } from '../../../shared/filter-config/bundle.js';
import type { FilterConfig } from '../../../shared/filter-config/filter-config.js';
import { serializeFilterConfig } from '../../../shared/filter-config/serialize.js';
import type { RouteGraph } from '../resolve/route-graph.js';
import { generateFilterConfig } from './filter-config.js';

/** A route of a filter config that cannot be stored. */
export interface OversizedRoute {
  readonly route: ObjectKey;
  /** What the route takes of the whole. */
  readonly bytes: number;
  /** True when the others are stored without it; false: nothing is. */
  readonly isLeftOut: boolean;
}

/** `left out`: it was one of them the last time; `changed`: it came or was changed since the config fitted. */
export type Suspicion = 'left out' | 'changed' | 'none';

/**
 * Of a config that is larger than what can be stored, the routes without which it fits: the largest first, of equal ones the
 * newest. Those that are suspected are left out when that is enough; those that are already come first, so that an edit of another
 * route does not put that one in their place. Otherwise nobody knows whose fault it is, and no route is
 * taken out of service for it. Empty when it fits.
 */
export function oversizedRoutes(
  graph: RouteGraph,
  config: FilterConfig,
  suspicionOf: (route: AIGatewayRoute) => Suspicion,
): readonly OversizedRoute[] {
  const excessBytes = sizeOf(config) - BUNDLE_BYTES_MAX;
  if (excessBytes <= 0) return [];
  const { version } = config;
  const alone = (routes: RouteGraph['routes']) => ({
    ...generateFilterConfig({ ...graph, routes }, version),
    uuid: config.uuid,
  });
  const commonBytes = sizeOf(alone([]));
  const shares = graph.routes
    .map((node) => ({
      node,
      route: keyOf(node.route),
      bytes: sizeOf(alone([node])) - commonBytes,
      createdAt: node.route.metadata.creationTimestamp ?? '',
    }))
    .sort((a, b) => b.bytes - a.bytes || compared(b.createdAt, a.createdAt) || compared(a.route, b.route));
  const suspectsOf = (suspicion: Suspicion) => shares.filter(({ node }) => suspicionOf(node.route) === suspicion);
  const suspects = [...suspectsOf('left out'), ...suspectsOf('changed')];
  const suspectBytes = suspects.reduce((sum, { bytes }) => sum + bytes, 0);
  return suspectBytes >= excessBytes ? enough(suspects, excessBytes, true) : enough(shares, excessBytes, false);
}

/** As many of the first as have to go. */
function enough(
  shares: readonly { readonly route: ObjectKey; readonly bytes: number }[],
  excessBytes: number,
  isLeftOut: boolean,
): readonly OversizedRoute[] {
  const taken: OversizedRoute[] = [];
  let leftBytes = excessBytes;
  for (const { route, bytes } of shares) {
    if (leftBytes <= 0) break;
    taken.push({ route, bytes, isLeftOut });
    leftBytes -= bytes;
  }
  return taken;
}

const sizeOf = (config: FilterConfig): number => Buffer.byteLength(serializeFilterConfig(config));

const compared = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1);
