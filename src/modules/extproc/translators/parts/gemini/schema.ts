import { UserFacingError } from '../../../../../shared/errors.js';
import {
  arrayOf,
  isJsonArray,
  isJsonObject,
  kindOf,
  numberOf,
  objectOf,
  type JsonObject,
  type JsonValue,
} from '../../../codec/json-value.js';
import type { GeminiModel } from './model.js';
import { lookUpReference, SchemaExpansion } from './schema-reference.js';

const DEPTH_MAX = 100;

/** Writes the JSON schemas of one request as its model takes them. */
export class SchemaWriter {
  /** They go as they are. */
  readonly takesJsonSchema: boolean;
  readonly #expansion = new SchemaExpansion();

  constructor({ takesJsonSchema }: Pick<GeminiModel, 'takesJsonSchema'>) {
    this.takesJsonSchema = takesJsonSchema;
  }

  /**
   * A JSON schema as Gemini's own `Schema`, for models that take no JSON schema: references are put in place, the keywords
   * that Gemini does not know are left out.
   * @param path Of the schema in the client's body
   * @throws {UserFacingError} 422 for what has no counterpart (translators.md G10)
   * @see spec translators.md 5.9
   */
  toGeminiSchema(schema: JsonObject, path: string): JsonObject {
    return new SchemaConverter(schema, this.#expansion).convert(schema, { path, depth: 0, references: [] });
  }
}

interface Place {
  readonly path: string;
  readonly depth: number;
  /** Those that led here. */
  readonly references: readonly string[];
}

const isString = (value: JsonValue) => typeof value === 'string';
const isNumber = (value: JsonValue) => numberOf(value) !== undefined;
const isInteger = (value: JsonValue) => Number.isInteger(numberOf(value));
const isStrings = (value: JsonValue) => isJsonArray(value) && value.every(isString);

/** Keywords that keep their value, and what it must be. */
const KEPT: ReadonlyMap<string, readonly [(value: JsonValue) => boolean, string]> = new Map([
  ['default', [() => true, 'anything']],
  ['example', [() => true, 'anything']],
  ['description', [isString, 'a string']],
  ['format', [isString, 'a string']],
  ['pattern', [isString, 'a string']],
  ['title', [isString, 'a string']],
  ['enum', [isStrings, 'an array of strings']],
  ['required', [isStrings, 'an array of strings']],
  ['propertyOrdering', [isStrings, 'an array of strings']],
  ['nullable', [(value) => typeof value === 'boolean', 'a boolean']],
  ['minimum', [isNumber, 'a number']],
  ['maximum', [isNumber, 'a number']],
  ['minItems', [isInteger, 'an integer']],
  ['maxItems', [isInteger, 'an integer']],
  ['minLength', [isInteger, 'an integer']],
  ['maxLength', [isInteger, 'an integer']],
  ['minProperties', [isInteger, 'an integer']],
  ['maxProperties', [isInteger, 'an integer']],
]);

type Member = readonly [string, JsonValue];

class SchemaConverter {
  constructor(
    private readonly root: JsonObject,
    private readonly expansion: SchemaExpansion,
  ) {}

  convert(schema: JsonObject, place: Place): JsonObject {
    if (place.depth > DEPTH_MAX) throw unfit(place.path, `nest at most ${DEPTH_MAX} levels deep`);
    if (place.references.length > 0) this.expansion.addSchema();
    const reference = schema['$ref'];
    if (reference !== undefined) return this.#convertReference(reference, place);
    const only = schema['allOf'];
    if (only !== undefined) return this.#convertAllOf(only, place);
    return Object.fromEntries(
      Object.entries(schema).flatMap(([name, value]) => (value === undefined ? [] : this.#members(name, value, place))),
    );
  }

  #convertReference(reference: JsonValue, { path, depth, references }: Place): JsonObject {
    if (typeof reference !== 'string') throw unfit(`${path}.$ref`, 'be a string', reference);
    if (references.includes(reference)) throw unfit(`${path}.$ref`, 'not lead back to itself');
    const place = { path: `${path}.$ref`, depth: depth + 1, references: [...references, reference] };
    return this.convert(lookUpReference(this.root, reference, place.path), place);
  }

  /** Stands for the whole schema around it. */
  #convertAllOf(value: JsonValue, place: Place): JsonObject {
    const path = `${place.path}.allOf`;
    const [only, ...others] = arrayOf(value);
    if (!isJsonArray(value) || !isJsonObject(only) || others.length > 0) {
      throw unfit(path, 'be an array of exactly one schema', value);
    }
    return this.convert(only, below(place, 'allOf[0]'));
  }

  #members(name: string, value: JsonValue, place: Place): readonly Member[] {
    switch (name) {
      case 'type':
        return typeMembers(value, `${place.path}.type`);
      case 'anyOf':
        return this.#anyOf(value, place);
      case 'items':
        return [[name, this.#child(value, below(place, name))]];
      case 'properties':
        return [[name, this.#properties(value, place)]];
      default: {
        const kept = KEPT.get(name);
        if (kept === undefined) return [];
        const [fits, expected] = kept;
        if (!fits(value)) throw unfit(`${place.path}.${name}`, `be ${expected}`, value);
        if (place.references.length > 0) this.expansion.addValue(value);
        return [[name, value]];
      }
    }
  }

  #properties(value: JsonValue, place: Place): JsonObject {
    if (!isJsonObject(value)) throw unfit(`${place.path}.properties`, 'be an object', value);
    return Object.fromEntries(
      Object.entries(value).map(([name, child]) => {
        if (place.references.length > 0) this.expansion.addValue(name);
        return [name, this.#child(child ?? null, below(place, `properties.${name}`))];
      }),
    );
  }

  #anyOf(value: JsonValue, place: Place): readonly Member[] {
    const path = `${place.path}.anyOf`;
    if (!isJsonArray(value) || value.length === 0) throw unfit(path, 'be an array of schemas, not empty', value);
    const schemas = value.flatMap((item, index) =>
      objectOf(item)['type'] === 'null' ? [] : [this.#child(item, below(place, `anyOf[${index}]`))],
    );
    return [
      ...(schemas.length === 0 ? [] : [['anyOf', schemas] as const]),
      ...(schemas.length === value.length ? [] : [NULLABLE]),
    ];
  }

  #child(value: JsonValue, place: Place): JsonObject {
    if (!isJsonObject(value)) throw unfit(place.path, 'be an object', value);
    return this.convert(value, place);
  }
}

const NULLABLE: Member = ['nullable', true];

/** A list of types is only possible as one type and null. */
function typeMembers(value: JsonValue, path: string): readonly Member[] {
  if (typeof value === 'string') return [['type', value]];
  const types = arrayOf(value);
  const [type, ...others] = types.filter((item) => item !== 'null');
  if (types.length !== 2 || typeof type !== 'string' || others.length > 0) {
    throw unfit(path, 'be a type, or a type and "null"', value);
  }
  return [['type', type], NULLABLE];
}

const below = (place: Place, name: string): Place => ({
  ...place,
  path: `${place.path}.${name}`,
  depth: place.depth + 1,
});

/** Paths get long where schemas are deep. */
const PATH_CHARACTERS_MAX = 200;

function unfit(path: string, must: string, found?: JsonValue): UserFacingError {
  const shown = path.length > PATH_CHARACTERS_MAX ? `${path.slice(0, PATH_CHARACTERS_MAX)}…` : path;
  const what = found === undefined ? '' : `, found ${kindOf(found)}`;
  return new UserFacingError(`the schema member "${shown}" must ${must} for this model${what}`);
}
