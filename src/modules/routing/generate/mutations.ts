import type { HTTPBodyMutation, HTTPHeaderMutation } from '../../../shared/api/ai-gateway.js';
import type { BodyMutationConfig, HeaderMutationConfig } from '../../../shared/filter-config/filter-config.js';
import { Redacted } from '../../../shared/secret.js';

/**
 * The header mutation of a ref: what the backend sets, overridden by what the route sets for the same name, and both
 * lists of removals, with `alsoRemove`. Names in lower case and sorted. @see spec controller.md section 9.1
 */
export function mergeHeaderMutations(
  ofBackend: HTTPHeaderMutation | undefined,
  ofRoute: HTTPHeaderMutation | undefined,
  alsoRemove: readonly string[],
): HeaderMutationConfig | undefined {
  const values = new Map<string, string>();
  for (const { name, value } of [...(ofBackend?.set ?? []), ...(ofRoute?.set ?? [])])
    values.set(name.toLowerCase(), value);
  const remove = [...(ofBackend?.remove ?? []), ...(ofRoute?.remove ?? []), ...alsoRemove].map((name) =>
    name.toLowerCase(),
  );
  return mutation(
    sortedEntries(values).map(([name, value]) => ({ name, value: new Redacted(value) })),
    remove,
  );
}

/** As {@link mergeHeaderMutations}, for top-level members of the body; their names keep their case. */
export function mergeBodyMutations(
  ofBackend: HTTPBodyMutation | undefined,
  ofRoute: HTTPBodyMutation | undefined,
): BodyMutationConfig | undefined {
  const values = new Map<string, string>();
  for (const { path, value } of [...(ofBackend?.set ?? []), ...(ofRoute?.set ?? [])]) values.set(path, value);
  return mutation(
    sortedEntries(values).map(([path, value]) => ({ path, value })),
    [...(ofBackend?.remove ?? []), ...(ofRoute?.remove ?? [])],
  );
}

function mutation<T>(
  set: readonly T[],
  remove: readonly string[],
): { readonly set?: readonly T[]; readonly remove?: readonly string[] } | undefined {
  if (set.length === 0 && remove.length === 0) return undefined;
  return { ...(set.length > 0 && { set }), ...(remove.length > 0 && { remove: [...new Set(remove)].sort() }) };
}

const sortedEntries = (values: ReadonlyMap<string, string>): readonly (readonly [string, string])[] =>
  [...values].sort(([a], [b]) => (a < b ? -1 : 1));
