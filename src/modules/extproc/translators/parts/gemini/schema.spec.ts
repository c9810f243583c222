import { describe, expect, it } from '@jest/globals';
import { UserFacingError } from '../../../../../shared/errors.js';
import type { JsonObject, JsonValue } from '../../../codec/json-value.js';
import { SchemaWriter } from './schema.js';

const convert = (schema: JsonObject, writer = new SchemaWriter({ takesJsonSchema: false })) =>
  writer.toGeminiSchema(schema, 'schema');
const text = { type: 'string' };

/** Small, but a reference more makes it twice as large when they are put in place. */
function doubling(levels: number): JsonObject {
  const $defs: Record<string, JsonValue> = { A0: text };
  for (let level = 1; level <= levels; level++) {
    const ref = { $ref: `#/$defs/A${level - 1}` };
    $defs[`A${level}`] = { properties: { a: ref, b: ref } };
  }
  return { $defs, $ref: `#/$defs/A${levels}` };
}

describe('SchemaWriter', () => {
  it.each<[string, JsonObject, JsonValue]>([
    ['an empty schema', {}, {}],
    ['a primitive, no refs', { type: 'integer', minimum: 1, maximum: 5 }, { type: 'integer', minimum: 1, maximum: 5 }],
    [
      'keywords that Gemini does not know',
      { ...text, $schema: 's', const: 'x', oneOf: [text], not: {}, examples: [1], additionalProperties: false },
      text,
    ],
    [
      'all keywords that it knows',
      {
        type: 'array',
        title: 't',
        description: 'd',
        default: [1],
        example: { a: 1 },
        nullable: true,
        minItems: 1,
        maxItems: 2,
        items: { ...text, pattern: 'a', format: 'uri', minLength: 1, maxLength: 2, enum: ['a'] },
      },
      {
        type: 'array',
        title: 't',
        description: 'd',
        default: [1],
        example: { a: 1 },
        nullable: true,
        minItems: 1,
        maxItems: 2,
        items: { ...text, pattern: 'a', format: 'uri', minLength: 1, maxLength: 2, enum: ['a'] },
      },
    ],
    ['a type list with null', { type: ['string', 'null'] }, { ...text, nullable: true }],
    ['a type list with null first', { type: ['null', 'string'] }, { ...text, nullable: true }],
    [
      'anyOf of three objects',
      { anyOf: [text, { type: 'object', properties: { a: text } }, { type: 'integer' }] },
      { anyOf: [text, { type: 'object', properties: { a: text } }, { type: 'integer' }] },
    ],
    ['anyOf with null', { anyOf: [text, { type: 'null' }] }, { anyOf: [text], nullable: true }],
    ['allOf of one, which replaces what is around', { title: 'lost', allOf: [text] }, text],
    ['a good ref', { $defs: { A: text }, properties: { a: { $ref: '#/$defs/A' } } }, { properties: { a: text } }],
    [
      'refs in a list',
      { $defs: { A: text }, anyOf: [{ $ref: '#/$defs/A' }, { type: 'integer' }] },
      { anyOf: [text, { type: 'integer' }] },
    ],
    ['siblings of a ref', { $defs: { A: text }, items: { $ref: '#/$defs/A', description: 'd' } }, { items: text }],
    [
      'a ref to a property, and the container again at depth',
      { properties: { a: text, b: { $ref: '#/properties/a' }, c: { properties: { d: text } } } },
      { properties: { a: text, b: text, c: { properties: { d: text } } } },
    ],
    ['an escaped ref', { $defs: { 'a/b~c d': text }, items: { $ref: '#/$defs/a~1b~0c%20d' } }, { items: text }],
    ['a ref in what is left out', { not: { $ref: 'nowhere' } }, {}],
    [
      'a property with the name of a keyword',
      { properties: { $ref: text, oneOf: text } },
      { properties: { $ref: text, oneOf: text } },
    ],
    [
      'nested properties',
      { properties: { a: { properties: { b: { items: text } } } } },
      { properties: { a: { properties: { b: { items: text } } } } },
    ],
  ])('converts %s', (_, schema, expected) => {
    expect(convert(schema)).toEqual(expected);
  });

  it.each<[string, JsonObject, string]>([
    [
      'a bad prefix',
      { $ref: 'other.json' },
      'the schema reference "schema.$ref" must begin with "#/": only definitions of the same schema can be used',
    ],
    [
      'an empty path',
      { $ref: '#/' },
      'the schema reference "schema.$ref" must have no component that is empty, broken or leads upwards',
    ],
    [
      'an empty component',
      { $ref: '#/a//b' },
      'the schema reference "schema.$ref" must have no component that is empty, broken or leads upwards',
    ],
    [
      'a component that leads upwards',
      { $ref: '#/a/../b' },
      'the schema reference "schema.$ref" must have no component that is empty, broken or leads upwards',
    ],
    [
      'a broken escape',
      { $ref: '#/%zz' },
      'the schema reference "schema.$ref" must have no component that is empty, broken or leads upwards',
    ],
    [
      'a missing key',
      { $ref: '#/$defs/A' },
      'the schema reference "schema.$ref" must lead to a definition that is there',
    ],
    [
      'a key of all objects',
      { $ref: '#/constructor' },
      'the schema reference "schema.$ref" must lead to a definition that is there',
    ],
    [
      'a non-object intermediate',
      { title: 'x', $ref: '#/title/a' },
      'the schema reference "schema.$ref" must lead through objects',
    ],
    ['no schema', { title: 'x', $ref: '#/title' }, 'the schema reference "schema.$ref" must lead to a schema object'],
    ['no string', { $ref: 1 }, 'the schema member "schema.$ref" must be a string for this model, found a number'],
    [
      'itself',
      { $defs: { A: { items: { $ref: '#/$defs/A' } } }, $ref: '#/$defs/A' },
      'the schema member "schema.$ref.items.$ref" must not lead back to itself for this model',
    ],
    [
      'a ref as array item',
      { anyOf: [{ $ref: '#/anyOf/0' }] },
      'the schema reference "schema.anyOf[0].$ref" must lead through objects',
    ],
  ])('G10: refuses with 422 a reference to %s', (_, schema, message) => {
    expect(() => convert(schema)).toThrow(UserFacingError);
    expect(() => convert(schema)).toThrow(message);
  });

  it.each<[string, JsonObject, string]>([
    ['bad items', { items: [text] }, '"schema.items" must be an object for this model, found an array'],
    ['bad properties', { properties: [] }, '"schema.properties" must be an object for this model, found an array'],
    [
      'a bad property',
      { properties: { a: true } },
      '"schema.properties.a" must be an object for this model, found a boolean',
    ],
    ['a bad type', { type: 1 }, '"schema.type" must be a type, or a type and "null" for this model, found a number'],
    [
      'a type list of wrong length',
      { type: ['a', 'b', 'null'] },
      '"schema.type" must be a type, or a type and "null" for this model, found an array',
    ],
    ['a type list without null', { type: ['a', 'b'] }, '"schema.type" must be a type'],
    [
      'allOf of wrong type',
      { allOf: {} },
      '"schema.allOf" must be an array of exactly one schema for this model, found an object',
    ],
    ['empty allOf', { allOf: [] }, '"schema.allOf" must be an array of exactly one schema'],
    ['allOf of too many', { allOf: [text, text] }, '"schema.allOf" must be an array of exactly one schema'],
    ['a bad item of allOf', { allOf: ['x'] }, '"schema.allOf" must be an array of exactly one schema'],
    [
      'anyOf of wrong type',
      { anyOf: {} },
      '"schema.anyOf" must be an array of schemas, not empty for this model, found an object',
    ],
    ['empty anyOf', { anyOf: [] }, '"schema.anyOf" must be an array of schemas, not empty'],
    ['a bad item of anyOf', { anyOf: [text, 1] }, '"schema.anyOf[1]" must be an object for this model, found a number'],
    ['an enum of numbers', { enum: [1] }, '"schema.enum" must be an array of strings for this model, found an array'],
    [
      'values that do not fit',
      { minItems: 'x' },
      '"schema.minItems" must be an integer for this model, found a string',
    ],
  ])('G10: refuses with 422 %s', (_, schema, message) => {
    expect(() => convert(schema)).toThrow(UserFacingError);
    expect(() => convert(schema)).toThrow(message);
  });

  it.each<[string, JsonObject]>([
    ['empty', {}],
    ['nested', { properties: { a: { properties: { b: text } } } }],
    ['with lists', { anyOf: [text, { enum: ['a'] }], required: ['a'], default: [{ b: [1] }] }],
    ['with plain values', { title: 't', minimum: 1, nullable: true, default: null }],
    ['with references', { $defs: { A: text }, properties: { a: { $ref: '#/$defs/A' } } }],
  ])('leaves the schema of the client as it was: %s', (_, schema) => {
    const before = JSON.stringify(schema);
    convert(schema);
    expect(JSON.stringify(schema)).toBe(before);
  });

  it('refuses a schema deeper than 100 levels and names no endless path', () => {
    let schema: JsonObject = text;
    for (let depth = 0; depth < 101; depth++) schema = { items: schema };
    expect(() => convert(schema)).toThrow(
      /^the schema member "schema\.items.{1,200}…" must nest at most 100 levels deep/,
    );
  });

  it('refuses references that would blow up', () => {
    expect(() => convert(doubling(30))).toThrow(
      new UserFacingError(
        'the references of all schemas together must stand for at most 20000 schemas for this model: define schemas with fewer',
      ),
    );
  });

  it('refuses references of many schemas that would blow up together', () => {
    const writer = new SchemaWriter({ takesJsonSchema: false });
    const convertMany = (count: number) => {
      for (let times = 0; times < count; times++) convert(doubling(10), writer);
    };
    expect(() => convertMany(3)).not.toThrow();
    expect(() => convertMany(10)).toThrow('must stand for at most 20000 schemas');
  });

  it.each([
    ['a text', { ...text, description: 'y'.repeat(100_000) }],
    ['an enum', { ...text, enum: ['y'.repeat(50_000), 'z'.repeat(50_000)] }],
    ['a name', { properties: { ['y'.repeat(100_000)]: text } }],
  ])('refuses references that repeat %s too often', (_, long) => {
    const naming = (count: number): JsonObject => ({
      $defs: { long },
      properties: Object.fromEntries(
        Array.from({ length: count }, (_member, at) => [`p${at}`, { $ref: '#/$defs/long' }]),
      ),
    });
    expect(() => convert(naming(40))).not.toThrow();
    expect(() => convert(naming(50))).toThrow('must stand for at most 4194304 characters');
  });

  it('keeps a property named __proto__', () => {
    const schema = JSON.parse('{"properties":{"__proto__":{"type":"string"}}}') as JsonObject;
    expect(JSON.stringify(convert(schema))).toBe('{"properties":{"__proto__":{"type":"string"}}}');
  });
});
