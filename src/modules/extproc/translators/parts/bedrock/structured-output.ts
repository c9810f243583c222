import type { JsonObject, JsonValue } from '../../../codec/json-value.js';
import type { ClaudeTraits } from '../anthropic/model-class.js';
import { planSchemaAnswer } from '../anthropic/schema-answer.js';
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
  const { name, description } = wish;
  const isConstrainable = takesSchema(model, family, traits);
  const { isNative, schema } = planSchemaAnswer(wish.path, wish.schema, { traits, isConstrainable }, refusal);
  if (!isNative) return { answer: { schema, description } };
  const jsonSchema = {
    // Text here.
    schema: JSON.stringify(schema),
    ...(name ? { name } : {}),
    ...(description ? { description } : {}),
  };
  return { outputConfig: { textFormat: { type: 'json_schema', structure: { jsonSchema } } } };
}

/** Whether the model can be held to a schema, of an answer or of a strict tool. */
export const takesSchema = (model: string, family: ModelFamily, traits: ClaudeTraits): boolean =>
  family === 'claude' ? traits.hasStructuredOutput : isStructuredOpenWeight(model);
