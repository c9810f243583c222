import { listNames, suggest } from '../suggest.js';
import type { JsonPath } from '../json-path.js';
import type { Finding } from './finding.js';
import { isJsonObject, member, type StructuralSchema } from './structural-schema.js';

export interface NormaliseSettings {
  /** Unknown members are warnings, not errors. */
  readonly lenient: boolean;
  /** The schema holds a part of the kind: a member that it does not name may be a real one. */
  readonly partial: boolean;
  readonly report: (finding: Finding) => unknown;
}

/**
 * The value as the API server would store it: members without a value (`null`) and unknown members are dropped,
 * defaults are put in. Unknown members are reported. Values of a wrong type pass unchanged; they are for the next check.
 */
export function normalise(
  value: unknown,
  schema: StructuralSchema,
  path: JsonPath,
  settings: NormaliseSettings,
): unknown {
  const noEffect = schema['x-standalone-no-effect'];
  if (noEffect !== undefined) settings.report({ path, message: noEffect, severity: 'warning' });
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined ? value : value.map((item, index) => normalise(item, items, [...path, index], settings));
  }
  if (!isJsonObject(value) || (schema.type !== undefined && schema.type !== 'object')) return value;
  const entries = Object.entries(value).flatMap(([name, inner]) =>
    normaliseMember(name, inner, schema, path, settings),
  );
  const present = new Set(entries.map(([name]) => name));
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (property.default === undefined || present.has(name)) continue;
    entries.push([name, normalise(structuredClone(property.default), property, [...path, name], settings)]);
  }
  return Object.fromEntries(entries);
}

function normaliseMember(
  name: string,
  value: unknown,
  schema: StructuralSchema,
  path: JsonPath,
  settings: NormaliseSettings,
): [string, unknown][] {
  const property = member(schema.properties, name) ?? schema.additionalProperties;
  if (property !== undefined) {
    if (value === null && property.nullable !== true) return [];
    return [[name, normalise(value, property, [...path, name], settings)]];
  }
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) return [[name, value]];
  settings.report({
    path: [...path, name],
    message: unknownMember(name, value, schema, settings.partial) + (settings.lenient ? ' (it is left out)' : ''),
    severity: settings.lenient ? 'warning' : 'error',
  });
  return [];
}

function unknownMember(name: string, value: unknown, schema: StructuralSchema, partial: boolean): string {
  const known = Object.keys(schema.properties ?? {});
  const expected = known.length === 0 ? 'expected no fields here' : `expected ${listNames(known)}`;
  const instead = member(schema['x-standalone-unsupported'], name);
  if (instead !== undefined) return `found a field that is not supported in standalone mode; ${expected}; ${instead}`;
  const near = suggest(
    name,
    known.filter((candidate) => fits(value, schema.properties![candidate]!)),
  );
  if (near !== undefined) return `found an unknown field; ${expected}; did you mean ${JSON.stringify(near)}?`;
  if (partial)
    return `found a field that is not supported in standalone mode; ${expected}; remove it, or run in Kubernetes`;
  return `found an unknown field; ${expected}; remove it`;
}

/** Whether a value could be meant for a member, so that `timeout: {…}` does not suggest a text member. */
function fits(value: unknown, property: StructuralSchema): boolean {
  if (isJsonObject(value)) return property.type === 'object';
  if (Array.isArray(value)) return property.type === 'array';
  return property.type !== 'object' && property.type !== 'array';
}
