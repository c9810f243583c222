import type { UserFacingError } from '../../../../../shared/errors.js';
import { isJsonObject, kindOf, type JsonObject, type JsonValue } from '../../../codec/json-value.js';
import type { ClaudeTraits } from './model-class.js';
import { closeObjects, schemaObstacle } from './schema-limits.js';

/*
 * An answer that must follow a schema, wherever Claude is served: the model is held to the schema itself, or to a tool whose
 * input is the answer. @see spec translators.md 18.1.3, "Structured output schema limits", and 18.4.2, "Fallback"
 */

export interface SchemaModel {
  readonly traits: ClaudeTraits;
  /** The model can be held to a schema. */
  readonly isConstrainable: boolean;
}

/** `isNative`: the schema is closed, for the model's own structured output; else it is for a tool. */
export interface SchemaAnswer {
  readonly isNative: boolean;
  readonly schema: JsonObject;
}

/**
 * @param path Of the schema in the client's body
 * @param refuse Makes the error for the client, in the words of the backend
 * @throws {UserFacingError} 422 when the schema is none, or when neither way is open
 */
export function planSchemaAnswer(
  path: string,
  schema: JsonValue | undefined,
  { traits, isConstrainable }: SchemaModel,
  refuse: (path: string, found: string, expected: string) => UserFacingError,
): SchemaAnswer {
  if (!isJsonObject(schema)) throw refuse(path, kindOf(schema), 'a JSON schema, which is an object');
  const obstacle = schemaObstacle(schema);
  if (isConstrainable && obstacle === undefined) return { isNative: true, schema: closeObjects(schema) };
  // A model that always thinks cannot be made to call a tool.
  if (traits.thinking === 'adaptive' && !traits.canStopThinking) {
    throw refuse(path, obstacle ?? 'a schema', 'a schema without it, or a model that can be made to call a tool');
  }
  return { isNative: false, schema: { ...schema, type: schema['type'] ?? 'object' } };
}

/** @param description Of the format, by the client */
export const answerToolDescription = (description: string | undefined): string =>
  `Gives the answer to the user: its input is the whole answer.${description ? ` ${description}` : ''}`;

/** `json`, or a name behind it that no other tool has. */
export function answerToolName(taken: ReadonlySet<string | undefined>): string {
  let name = 'json';
  while (taken.has(name)) name += '_';
  return name;
}
