import type { JsonObject } from '../../../codec/json-value.js';
import type { Receipt } from '../../receipt.js';
import type { ChatRequest } from '../chat/chat-request.js';
import type { Block } from './block.js';
import type { ClaudeTraits } from './model-class.js';
import { refusal } from './refusal.js';
import { answerToolDescription, answerToolName, planSchemaAnswer } from './schema-answer.js';

/** How an answer in JSON is asked for: as the model's own format, as the input of a tool, or not. */
export interface JsonAnswerPlan {
  /** `output_config.format`. */
  readonly format?: JsonObject;
  /** For models, and for schemas, without it. @see spec translators.md 18.1.3 and G30 */
  readonly answerTool?: Block;
}

const NOT_ASKED: JsonAnswerPlan = {};
const SCHEMA_PATH = 'response_format.json_schema.schema';

/** @throws {UserFacingError} 422 when the schema is none, or one that this model cannot be held to */
export function planJsonAnswer(chat: ChatRequest, traits: ClaudeTraits, receipt: Receipt): JsonAnswerPlan {
  const wanted = chat.responseFormat;
  if (wanted === undefined || wanted.type === 'text') return NOT_ASKED;
  if (wanted.type === 'json_object') {
    // Claude knows no JSON mode; a tool of any shape gets an empty object more often than an answer.
    receipt.drop('response_format');
    return NOT_ASKED;
  }
  const { description } = wanted;
  const model = { traits, isConstrainable: traits.hasStructuredOutput };
  const { isNative, schema } = planSchemaAnswer(SCHEMA_PATH, wanted.schema, model, refusal);
  if (isNative) {
    if (description) receipt.drop('response_format.json_schema.description');
    return { format: { type: 'json_schema', schema } };
  }
  return {
    answerTool: {
      name: answerToolName(new Set(chat.tools.map((tool) => tool.function?.name))),
      description: answerToolDescription(description),
      input_schema: schema,
    },
  };
}
