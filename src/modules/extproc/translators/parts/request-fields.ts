import {
  isJsonArray,
  isJsonObject,
  kindOf,
  numberOf,
  type JsonObject,
  type JsonValue,
} from '../../codec/json-value.js';
import { MalformedRequestError } from '../../request-error.js';

/*
 * Readers of a client's body. `path` is where `object` stands in it, '' for the body itself, so that an error names the
 * member: `malformed request: "messages[0].name" must be a string, found a number`. A null reads as absent. All throw
 * MalformedRequestError (400).
 */

/** Path of a member: `messages[0]` and `name` give `messages[0].name`. */
export const memberPath = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`);

export function malformed(path: string, expected: string, found: JsonValue | undefined): MalformedRequestError {
  return new MalformedRequestError(`malformed request: "${path}" must be ${expected}, found ${kindOf(found)}`);
}

const WORD = /^[\w.-]{1,40}$/;

/** As {@link malformed}, for a value out of a list of words: a short word of the client is named, anything else only by its kind. */
export function unknownWord(path: string, expected: string, found: JsonValue | undefined): MalformedRequestError {
  return new MalformedRequestError(`malformed request: "${path}" must be ${expected}, found ${shownWord(found)}`);
}

/** A short word in quotes, or what kind of value it is. */
export const shownWord = (value: JsonValue | undefined): string =>
  typeof value === 'string' && WORD.test(value) ? `"${value}"` : kindOf(value);

type Member<T> = (object: JsonObject, key: string, path: string) => T;

function optional<T>(expected: string, read: (value: JsonValue) => T | undefined): Member<T | undefined> {
  return (object, key, path) => {
    const value = object[key];
    if (value === undefined || value === null) return undefined;
    const result = read(value);
    if (result === undefined) throw malformed(memberPath(path, key), expected, value);
    return result;
  };
}

function required<T>(expected: string, read: (value: JsonValue) => T | undefined): Member<T> {
  return (object, key, path) => {
    const value = object[key];
    const result = value === undefined ? undefined : read(value);
    if (result === undefined) throw malformed(memberPath(path, key), expected, value);
    return result;
  };
}

const asString = (value: JsonValue) => (typeof value === 'string' ? value : undefined);
const asBoolean = (value: JsonValue) => (typeof value === 'boolean' ? value : undefined);
const asObject = (value: JsonValue) => (isJsonObject(value) ? value : undefined);
const asArray = (value: JsonValue): readonly JsonValue[] | undefined => (isJsonArray(value) ? value : undefined);
const asStrings = (value: JsonValue) =>
  isJsonArray(value) && value.every((item) => typeof item === 'string') ? value : undefined;

function asInteger(value: JsonValue): number | undefined {
  const number = numberOf(value);
  return Number.isInteger(number) ? number : undefined;
}

const anyNumber = optional('a number', numberOf);

export const optionalString = optional('a string', asString);
export const optionalNumber: Member<number | undefined> = (object, key, path) => {
  const number = anyNumber(object, key, path);
  // Sent on as a value it would read `null`.
  if (number === undefined || Number.isFinite(number)) return number;
  throw new MalformedRequestError(
    `malformed request: "${memberPath(path, key)}" must be a number below 1.8e308, found a larger one`,
  );
};
/** `1.0` is one. Above 2^53 the nearest one that JavaScript knows. */
export const optionalInteger = optional('an integer', asInteger);
export const optionalBoolean = optional('a boolean', asBoolean);
export const optionalObject = optional('an object', asObject);
export const optionalArray = optional('an array', asArray);
export const optionalStrings = optional('an array of strings', asStrings);

export const requiredString = required('a string', asString);
export const requiredObject = required('an object', asObject);
export const requiredArray = required('an array', asArray);

/** An item of an array that must hold objects; `path` is the item's own. */
export function objectItem(item: JsonValue, path: string): JsonObject {
  if (isJsonObject(item)) return item;
  throw malformed(path, 'an object', item);
}
