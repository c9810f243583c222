import type { JsonPath } from '../json-path.js';
import { isJsonObject, member, type StructuralSchema } from './structural-schema.js';

/** Visits every value that a schema describes, parents first. */
export function walkSchema(
  value: unknown,
  schema: StructuralSchema,
  visitor: (value: unknown, schema: StructuralSchema, path: JsonPath) => void,
  path: JsonPath = [],
): void {
  visitor(value, schema, path);
  if (Array.isArray(value) && schema.items !== undefined) {
    for (const [index, item] of value.entries()) walkSchema(item, schema.items, visitor, [...path, index]);
  } else if (isJsonObject(value)) {
    for (const [name, inner] of Object.entries(value)) {
      const property = member(schema.properties, name) ?? schema.additionalProperties;
      if (property !== undefined) walkSchema(inner, property, visitor, [...path, name]);
    }
  }
}

/** All schemas inside a schema, itself first. */
export function* subschemas(schema: StructuralSchema): Generator<StructuralSchema> {
  yield schema;
  if (schema.items !== undefined) yield* subschemas(schema.items);
  if (schema.additionalProperties !== undefined) yield* subschemas(schema.additionalProperties);
  for (const property of Object.values(schema.properties ?? {})) yield* subschemas(property);
}
