import type { JsonPath } from '../json-path.js';
import type { Finding } from './finding.js';
import { isJsonObject, type StructuralSchema } from './structural-schema.js';
import { walkSchema } from './walk-schema.js';

/** Lists of type `set` hold a value once, lists of type `map` hold their keys once; later repetitions are reported. */
export function checkLists(value: unknown, schema: StructuralSchema): readonly Finding[] {
  const findings: Finding[] = [];
  walkSchema(value, schema, (list, listSchema, path) => {
    const type = listSchema['x-kubernetes-list-type'];
    if (!Array.isArray(list) || type === undefined || type === 'atomic') return;
    const keys = type === 'map' ? (listSchema['x-kubernetes-list-map-keys'] ?? []) : undefined;
    findings.push(...repetitions(list, keys, path));
  });
  return findings;
}

function repetitions(list: readonly unknown[], keys: readonly string[] | undefined, path: JsonPath): Finding[] {
  const firstIndexes = new Map<string, number>();
  const findings: Finding[] = [];
  for (const [index, item] of list.entries()) {
    const identity = JSON.stringify(
      keys === undefined ? item : keys.map((key) => (isJsonObject(item) ? item[key] : null)),
    );
    const first = firstIndexes.get(identity);
    if (first === undefined) {
      firstIndexes.set(identity, index);
      continue;
    }
    const same = keys === undefined ? 'the same value' : `the same ${keys.join(', ')}`;
    findings.push({
      path: [...path, index],
      message: `found ${same} as in item ${first} of the list; expected every ${keys === undefined ? 'value' : keys.join(', ')} once; remove one`,
      severity: 'error',
    });
  }
  return findings;
}
