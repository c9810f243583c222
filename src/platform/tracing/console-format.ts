/**
 * Attributes, times and scopes in the JSON that Go's stdout exporters write, the form that users of the reference read.
 * @see spec observability.md section 2.1, `console`
 */
import type { Attributes, AttributeValue, HrTime } from '@opentelemetry/api';

interface GoAttribute {
  readonly Key: string;
  readonly Value: { readonly Type: string; readonly Value: unknown };
}

export const goAttributes = (attributes: Attributes): readonly GoAttribute[] =>
  Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [{ Key: key, Value: { Type: typeOf(value), Value: value } }],
  );

function typeOf(value: AttributeValue): string {
  if (Array.isArray(value)) {
    const type = value.length === 0 ? 'STRING' : typeOf(value.find((item) => item !== null) ?? '');
    return `${type}SLICE`;
  }
  switch (typeof value) {
    case 'number':
      return Number.isInteger(value) ? 'INT64' : 'FLOAT64';
    case 'boolean':
      return 'BOOL';
    default:
      return 'STRING';
  }
}

/** RFC 3339 with nanoseconds. */
export function goTime([seconds, nanoseconds]: HrTime): string {
  const date = new Date(seconds * 1000).toISOString().slice(0, -'.000Z'.length);
  return `${date}.${String(nanoseconds).padStart(9, '0')}Z`;
}

export const goScope = (scope: { name: string; version?: string; schemaUrl?: string }) => ({
  Name: scope.name,
  Version: scope.version ?? '',
  SchemaURL: scope.schemaUrl ?? '',
});
