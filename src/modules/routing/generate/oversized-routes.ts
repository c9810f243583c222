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
}

/**
 * Of a config that is larger than what can be stored, the routes whose going would make it fit: the largest first, of equal ones
 * the newest. Empty when it fits.
 */
export function oversizedRoutes(graph: RouteGraph, config: FilterConfig): readonly OversizedRoute[] {
  let leftBytes = sizeOf(config);
  if (leftBytes <= BUNDLE_BYTES_MAX) return [];
  const { version } = config;
  const alone = (routes: RouteGraph['routes']) => ({
    ...generateFilterConfig({ ...graph, routes }, version),
    uuid: config.uuid,
  });
  const commonBytes = sizeOf(alone([]));
  const shares = graph.routes
    .map((node) => ({
      route: keyOf(node.route),
      bytes: sizeOf(alone([node])) - commonBytes,
      createdAt: node.route.metadata.creationTimestamp ?? '',
    }))
    .sort((a, b) => b.bytes - a.bytes || compared(b.createdAt, a.createdAt) || compared(a.route, b.route));
  const oversized: OversizedRoute[] = [];
  for (const { route, bytes } of shares) {
    if (leftBytes <= BUNDLE_BYTES_MAX) break;
    oversized.push({ route, bytes });
    leftBytes -= bytes;
  }
  return oversized;
}

const sizeOf = (config: FilterConfig): number => Buffer.byteLength(serializeFilterConfig(config));

const compared = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1);
