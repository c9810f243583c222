import { isJsonObject, kindOf, type JsonObject, type JsonValue } from '../../../codec/json-value.js';
import { closeObjects, schemaObstacle } from '../anthropic/schema-limits.js';
import type { ClaudeTraits } from '../anthropic/model-class.js';
import { refusal } from './media.js';
import { isStructuredOpenWeight, type ModelFamily } from './model-family.js';
import type { AnswerFormat } from './tools.js';

/** An answer that must follow a schema. */
export interface SchemaWish {
  /** Where the schema stands in the client's body. */
  readonly path: string;
  /** Any JSON. */
  readonly schema: JsonValue | undefined;
  readonly name?: string | undefined;
  readonly description?: string | undefined;
}

/** How an answer in JSON is asked for: in Converse's own way, or as the input of a tool. */
export type SchemaPlan = { readonly outputConfig: JsonObject } | { readonly answer: AnswerFormat };

export interface SchemaContext {
  readonly model: string;
  readonly family: ModelFamily;
  readonly traits: ClaudeTraits;
}

/**
 * Models, and schemas, that Converse cannot constrain get a tool that must be called (translators.md G29).
 * @throws {UserFacingError} 422 when the schema is none, or when neither way is open
 * @see spec translators.md 18.4.2
 */
export function planSchema(wish: SchemaWish, { model, family, traits }: SchemaContext): SchemaPlan {
  const { path, schema } = wish;
  if (!isJsonObject(schema)) throw refusal(path, kindOf(schema), 'a JSON schema, which is an object');
  const obstacle = schemaObstacle(schema);
  if (isConstrainable(model, family, traits) && obstacle === undefined)
    return { outputConfig: outputConfig(wish, schema) };
  if (traits.thinking === 'adaptive' && !traits.canStopThinking) {
    throw refusal(path, obstacle ?? 'a schema', 'a schema without it, or a model that can be made to call a tool');
  }
  return { answer: { schema, description: wish.description } };
}

/** Whether the model can be held to a schema, of an answer or of a strict tool. */
export const isConstrainable = (model: string, family: ModelFamily, traits: ClaudeTraits): boolean =>
  family === 'claude' ? traits.hasStructuredOutput : isStructuredOpenWeight(model);

/** The schema is text here. */
const outputConfig = ({ name, description }: SchemaWish, schema: JsonObject): JsonObject => ({
  textFormat: {
    type: 'json_schema',
    structure: {
      jsonSchema: {
        schema: JSON.stringify(closeObjects(schema)),
        ...(name ? { name } : {}),
        ...(description ? { description } : {}),
      },
    },
  },
});
