import { isIP } from 'node:net';
import { Ajv, type ErrorObject, type SchemaObject } from 'ajv';
import formats from 'ajv-formats';
import type { JsonPath } from '../json-path.js';
import { re2 } from './cel-rules.js';
import { explainError } from './explain-error.js';
import type { Describe, Finding } from './finding.js';
import { isJsonObject, type StructuralSchema } from './structural-schema.js';

/** Errors of one object: one wrong list can have a million. */
const ERRORS_SHOWN = 20;

const SETTINGS = {
  allErrors: true,
  verbose: true,
  allowUnionTypes: true,
  ownProperties: true,
  // Our own schemas, made below: to check each one against the meta-schema would be half the time of a start.
  validateSchema: false,
  meta: false,
} as const;

/**
 * Compiles the checks of types, ranges, patterns and required members.
 * Patterns run on an RE2 engine: same meaning as in the API server, and no pattern can be made to backtrack.
 */
export function compileValueChecks(
  schema: StructuralSchema,
): (value: unknown, describe: Describe) => readonly Finding[] {
  const regExp = Object.assign((pattern: string) => Object.assign(re2(pattern), { toString: () => pattern }), {
    code: 're2',
  });
  const ajv = new Ajv({ ...SETTINGS, code: { regExp } });
  formats.default(ajv, ['date-time', 'int32', 'int64']);
  ajv.addFormat('ip', (text: string) => isIP(text) !== 0);
  const validate = ajv.compile(toJsonSchema(schema));
  return (value, describe) => {
    if (validate(value)) return [];
    const all: readonly ErrorObject[] = validate.errors ?? [];
    // What is of the wrong type fits no other condition either; one message is enough.
    const mistyped = new Set(all.filter(({ keyword }) => keyword === 'type').map(({ instancePath }) => instancePath));
    const errors = all.filter(({ keyword, instancePath }) => keyword === 'type' || !mistyped.has(instancePath));
    return errors
      .slice(0, ERRORS_SHOWN)
      .map((error) => explainError(error, pathOf(error.instancePath, value), describe));
  };
}

/** The part of a structural schema that says which values are allowed. Unknown members are not its concern. */
function toJsonSchema(schema: StructuralSchema): SchemaObject {
  const { enum: allowed, format, pattern, minLength, maxLength, minimum, maximum, minItems, maxItems } = schema;
  const { required, minProperties, maxProperties, items, properties, additionalProperties, nullable } = schema;
  const type = schema['x-kubernetes-int-or-string'] === true ? ['integer', 'string'] : schema.type;
  const plain = {
    type,
    nullable,
    enum: allowed,
    format,
    pattern,
    minLength,
    maxLength,
    minimum,
    maximum,
    minItems,
    maxItems,
    required,
    minProperties,
    maxProperties,
    items: items && toJsonSchema(items),
    properties:
      properties && Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, toJsonSchema(inner)])),
    additionalProperties: additionalProperties && toJsonSchema(additionalProperties),
  };
  return Object.fromEntries(Object.entries(plain).filter(([, setting]) => setting !== undefined));
}

/** Segments of a JSON pointer (RFC 6901) into `value`; list positions become numbers. */
function pathOf(pointer: string, value: unknown): JsonPath {
  let inner = value;
  return pointer
    .split('/')
    .slice(1)
    .map((segment) => {
      const name = segment.replaceAll('~1', '/').replaceAll('~0', '~');
      const key = Array.isArray(inner) ? Number(name) : name;
      inner = Array.isArray(inner) ? (inner as unknown[])[Number(name)] : isJsonObject(inner) ? inner[name] : undefined;
      return key;
    });
}
