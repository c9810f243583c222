import {
  arrayOf,
  isJsonArray,
  isJsonObject,
  numberOf,
  type JsonObject,
  type JsonValue,
} from '../../../codec/json-value.js';

/** Deeper schemas are not looked at; OpenAI's own bound is 10 levels. */
const DEPTH_MAX = 64;

const NUMERIC_LIMITS = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'];
const LENGTH_LIMITS = ['minLength', 'maxLength', 'maxItems', 'minProperties', 'maxProperties'];
const LIMITS: readonly string[] = [...NUMERIC_LIMITS, ...LENGTH_LIMITS];

/** Members that hold one schema, a list of them, and a schema under each name. */
const ONE = ['items', 'additionalItems', 'contains', 'not', 'if', 'then', 'else'];
const LISTS = ['anyOf', 'allOf', 'oneOf', 'prefixItems', 'items'];
const MAPS = ['properties', '$defs', 'definitions', 'patternProperties'];

/**
 * Why Claude's structured output refuses a schema, as words for a message; undefined when nothing is known against it. It
 * knows no limits of numbers and lengths, no recursion, no references to elsewhere and no open objects.
 * @see spec translators.md 18.1.3
 */
export function schemaObstacle(schema: JsonObject): string | undefined {
  return new ObstacleSearch(schema).visit(schema, [], 0);
}

class ObstacleSearch {
  /** References whose targets were looked at. */
  readonly #seen = new Set<string>();

  constructor(private readonly root: JsonObject) {}

  /** @param references That lead here */
  visit(value: JsonValue | undefined, references: readonly string[], depth: number): string | undefined {
    if (!isJsonObject(value)) return undefined;
    if (depth > DEPTH_MAX) return `more than ${DEPTH_MAX} levels`;
    const limit = LIMITS.find((name) => value[name] !== undefined);
    if (limit !== undefined) return `"${limit}"`;
    if ((numberOf(value['minItems']) ?? 0) > 1) return '"minItems" above 1';
    const open = value['additionalProperties'];
    if (open !== undefined && open !== false) return '"additionalProperties" other than false';
    for (const child of childrenOf(value)) {
      const obstacle = this.visit(child, references, depth + 1);
      if (obstacle !== undefined) return obstacle;
    }
    const reference = value['$ref'];
    return typeof reference === 'string' ? this.#follow(reference, references, depth) : undefined;
  }

  #follow(reference: string, references: readonly string[], depth: number): string | undefined {
    if (!reference.startsWith('#')) return 'a "$ref" to another document';
    if (reference === '#' || references.includes(reference)) return 'a recursive "$ref"';
    if (this.#seen.has(reference)) return undefined;
    this.#seen.add(reference);
    return this.visit(this.#target(reference), [...references, reference], depth + 1);
  }

  #target(reference: string): JsonValue | undefined {
    let target: JsonValue | undefined = this.root;
    for (const step of reference.split('/').slice(1)) {
      const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
      if (isJsonArray(target)) target = target[Number(name)];
      else target = isJsonObject(target) && Object.hasOwn(target, name) ? target[name] : undefined;
    }
    return target;
  }
}

const childrenOf = (schema: JsonObject): readonly (JsonValue | undefined)[] => [
  ...ONE.map((name) => schema[name]),
  ...LISTS.flatMap((name) => arrayOf(schema[name])),
  ...MAPS.flatMap((name) => (isJsonObject(schema[name]) ? Object.values(schema[name]) : [])),
];

/** The schema with `additionalProperties: false` wherever an object says nothing about it: Claude wants it said. */
export function closeObjects(schema: JsonObject): JsonObject {
  const members = Object.entries(schema).map(([name, value]): [string, JsonValue | undefined] => {
    if (LISTS.includes(name) && isJsonArray(value)) return [name, value.map(closedValue)];
    if (ONE.includes(name)) return [name, closedValue(value)];
    if (MAPS.includes(name) && isJsonObject(value)) {
      return [name, Object.fromEntries(Object.entries(value).map(([key, child]) => [key, closedValue(child)]))];
    }
    return [name, value];
  });
  const closed = Object.fromEntries(members);
  return isOpenObject(schema) ? { ...closed, additionalProperties: false } : closed;
}

const closedValue = <T extends JsonValue | undefined>(value: T): T | JsonObject =>
  isJsonObject(value) ? closeObjects(value) : value;

function isOpenObject(schema: JsonObject): boolean {
  if (schema['additionalProperties'] !== undefined) return false;
  const { type } = schema;
  return type === 'object' || (isJsonArray(type) && type.includes('object')) || isJsonObject(schema['properties']);
}
