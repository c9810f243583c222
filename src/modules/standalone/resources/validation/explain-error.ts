import type { ErrorObject } from 'ajv';
import { listNames, suggest } from '../suggest.js';
import type { JsonPath } from '../json-path.js';
import type { Describe, Finding } from './finding.js';
import { knownPatterns } from './patterns.js';
import { isJsonObject, member } from './structural-schema.js';

/** The part of a compiled schema that messages speak of. */
interface ValueSchema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, ValueSchema>>;
}

/** Says in words what ajv found: what is there, what is expected, what to do. */
export function explainError(error: ErrorObject, path: JsonPath, describe: Describe): Finding {
  const at = (message: string, where: JsonPath = path): Finding => ({ path: where, message, severity: 'error' });
  const found = `found ${describe(path, error.data)}`;
  const schema = error.parentSchema as ValueSchema;
  const { limit } = error.params as { readonly limit?: number };
  switch (error.keyword) {
    case 'required': {
      const name = (error.params as { readonly missingProperty: string }).missingProperty;
      return at(`found nothing; expected ${expectation(member(schema.properties, name) ?? {})}; add it`, [
        ...path,
        name,
      ]);
    }
    case 'type':
      return at(`${found}; expected ${expectation(schema)}${typeAdvice(error.data, schema)}`);
    case 'enum':
      return at(`${found}; expected ${expectation(schema)}${enumAdvice(error.data, schema)}`);
    case 'pattern':
      return at(`${found}; expected ${expectation(schema)}`);
    case 'format':
      return at(`${found}; expected ${FORMATS[schema.format ?? ''] ?? 'another format'}`);
    case 'minLength':
      return at(
        limit === 1
          ? 'found empty text; expected at least 1 character; fill it in, or remove the field'
          : `${found}; expected at least ${limit} characters`,
      );
    case 'maxLength':
      return at(`found text of ${String(error.data).length} characters; expected at most ${limit}; shorten it`);
    case 'minimum':
      return at(`${found}; expected ${limit} or more`);
    case 'maximum':
      return at(`${found}; expected ${limit} or less`);
    case 'minItems':
      return at(`found a list of ${(error.data as unknown[]).length}; expected at least ${limit}; add one`);
    case 'maxItems':
      return at(
        `found a list of ${(error.data as unknown[]).length}; expected at most ${limit}; remove the rest, or move it to another object`,
      );
    case 'minProperties':
      return at(
        `found ${countFields(error.data)}; expected at least ${limit}: ${listNames(Object.keys(schema.properties ?? {}))}; add one`,
      );
    case 'maxProperties':
      return at(`found ${countFields(error.data)}; expected at most ${limit}; remove the rest`);
    default:
      return at(`${found}; ${error.message ?? 'it is not allowed here'}`);
  }
}

function countFields(value: unknown): string {
  const names = Object.keys(isJsonObject(value) ? value : {});
  return names.length === 0 ? 'no field' : `${names.length} fields (${listNames(names)})`;
}

const TYPES: Readonly<Record<string, string>> = {
  object: 'an object',
  array: 'a list',
  string: 'text',
  integer: 'an integer',
  number: 'a number',
  boolean: 'true or false',
};

const FORMATS: Readonly<Record<string, string>> = {
  'date-time': 'a time such as 2026-01-31T12:00:00Z',
  int32: 'an integer of 32 bits',
  int64: 'an integer of 64 bits',
  ip: 'an IP address',
};

function expectation(schema: ValueSchema): string {
  if (schema.enum !== undefined) {
    return schema.enum.length === 1 ? JSON.stringify(schema.enum[0]) : `one of ${listNames(schema.enum.map(String))}`;
  }
  if (schema.pattern !== undefined)
    return member(knownPatterns, schema.pattern) ?? `text that matches ${schema.pattern}`;
  const { type, format } = schema;
  if (type === 'string' && format !== undefined) return FORMATS[format] ?? `the format ${format}`;
  if (typeof type === 'object') return type.map((each) => TYPES[each] ?? each).join(' or ');
  return type === undefined ? 'a value' : (TYPES[type] ?? type);
}

function typeAdvice(value: unknown, schema: ValueSchema): string {
  if (schema.type === 'string' && (typeof value === 'number' || typeof value === 'boolean'))
    return '; put it in quotes';
  if (schema.type === 'array' && !Array.isArray(value)) return '; start each item with "- "';
  if (schema.type === 'object' && Array.isArray(value)) return '; write its fields without "- "';
  if ((schema.type === 'integer' || schema.type === 'boolean') && typeof value === 'string')
    return '; write it without quotes';
  return '';
}

function enumAdvice(value: unknown, schema: ValueSchema): string {
  const near = typeof value === 'string' ? suggest(value, (schema.enum ?? []).map(String)) : undefined;
  return near === undefined || schema.enum?.length === 1 ? '' : `; did you mean ${JSON.stringify(near)}?`;
}
