import { isJsonObject, kindOf, type JsonObject } from '../../../codec/json-value.js';
import type { Receipt } from '../../receipt.js';
import type { ChatRequest } from '../chat/chat-request.js';
import type { Block } from './block.js';
import type { ClaudeTraits } from './model-class.js';
import { refusal } from './refusal.js';
import { closeObjects, schemaObstacle } from './schema-limits.js';

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
  const { schema, description } = wanted;
  if (!isJsonObject(schema)) throw refusal(SCHEMA_PATH, kindOf(schema), 'a JSON schema, which is an object');
  const obstacle = schemaObstacle(schema);
  if (traits.hasStructuredOutput && obstacle === undefined) {
    if (description) receipt.drop('response_format.json_schema.description');
    return { format: { type: 'json_schema', schema: closeObjects(schema) } };
  }
  if (traits.thinking === 'adaptive' && !traits.canStopThinking) {
    throw refusal(SCHEMA_PATH, obstacle!, 'a schema without it, or a model that can be made to call a tool');
  }
  return {
    answerTool: {
      name: answerToolName(chat),
      description: toolDescription(description),
      input_schema: toolSchema(schema),
    },
  };
}

const toolDescription = (description: string | undefined) =>
  `Gives the answer to the user: its input is the whole answer.${description ? ` ${description}` : ''}`;

const toolSchema = (schema: JsonObject): JsonObject => ({ ...schema, type: schema['type'] ?? 'object' });

/** `json`, or a name behind it that none of the client's tools has. */
function answerToolName({ tools }: ChatRequest): string {
  const taken = new Set(tools.map((tool) => tool.function?.name));
  let name = 'json';
  while (taken.has(name)) name += '_';
  return name;
}
