import type { HeaderAttributes } from '../../../shared/header-attributes.js';

const NONE: Readonly<Record<string, string>> = Object.freeze({});

/**
 * Attributes of a metric from request headers. An absent header gives no attribute, an empty one an empty attribute; of two
 * headers mapped to one attribute the later one in the mapping counts. `headers` is asked with lower-case names.
 * @see spec observability.md section 3.5
 */
export function mappedLabels(
  mapping: HeaderAttributes,
  headers: { get(name: string): string | undefined },
): Readonly<Record<string, string>> {
  if (mapping.size === 0) return NONE;
  const labels = new Map<string, string>();
  for (const [header, attribute] of mapping) {
    const value = headers.get(header);
    if (value !== undefined) labels.set(attribute, value);
  }
  return Object.fromEntries(labels);
}
