import { UserFacingError } from '../../../../../shared/errors.js';
import { isJsonObject, kindOf, type JsonValue } from '../../../codec/json-value.js';
import type { Receipt } from '../../receipt.js';
import type { ChatRequest, ResponseFormat } from '../chat/chat-request.js';
import type { SchemaWriter } from './schema.js';
import type { TextTrimming } from './text-trimmer.js';
import type { GenerationConfig } from './wire.js';

/** How an answer is constrained, and what must be taken off its text. */
export interface AnswerFormat {
  readonly config: GenerationConfig;
  readonly trimming: TextTrimming;
}

const JSON_TYPE = 'application/json';

/** @throws {UserFacingError} 422 for more than one constraint, and for a schema that does not fit @see spec translators.md 5.8 */
export function toAnswerFormat(chat: ChatRequest, schemas: SchemaWriter, receipt: Receipt): AnswerFormat {
  const { responseFormat, guidedChoice, guidedRegex, guidedJson } = chat;
  const formats: AnswerFormat[] = [];
  if (responseFormat) formats.push({ config: ofResponseFormat(responseFormat, schemas, receipt), trimming: 'none' });
  if (guidedChoice && guidedChoice.length > 0) {
    const responseSchema = { type: 'STRING', enum: guidedChoice };
    formats.push({ config: { responseMimeType: 'text/x.enum', responseSchema }, trimming: 'white-space' });
  }
  if (guidedRegex) {
    const responseSchema = { type: 'STRING', pattern: guidedRegex };
    formats.push({ config: { responseMimeType: JSON_TYPE, responseSchema }, trimming: 'quotes' });
  }
  if (guidedJson !== undefined) {
    formats.push({ config: { responseMimeType: JSON_TYPE, responseJsonSchema: guidedJson }, trimming: 'none' });
  }
  const [format, ...others] = formats;
  if (others.length > 0) {
    throw new UserFacingError(
      'only one of "response_format", "guided_choice", "guided_regex" and "guided_json" can be used at a time: leave the others out',
    );
  }
  return format ?? { config: {}, trimming: 'none' };
}

function ofResponseFormat(format: ResponseFormat, schemas: SchemaWriter, receipt: Receipt): GenerationConfig {
  switch (format.type) {
    case 'text':
      return { responseMimeType: 'text/plain' };
    case 'json_object':
      return { responseMimeType: JSON_TYPE };
    case 'json_schema':
      if (format.description) receipt.drop('response_format.json_schema.description');
      return jsonSchemaFormat(format.schema, 'response_format.json_schema.schema', schemas);
  }
}

/** @param path Of the schema in the client's body @throws {UserFacingError} 422 when it is no object or does not fit */
export function jsonSchemaFormat(schema: JsonValue | undefined, path: string, schemas: SchemaWriter): GenerationConfig {
  if (!isJsonObject(schema))
    throw new UserFacingError(`"${path}" must be a JSON schema object, found ${kindOf(schema)}`);
  return {
    responseMimeType: JSON_TYPE,
    ...(schemas.takesJsonSchema
      ? { responseJsonSchema: schema }
      : { responseSchema: schemas.toGeminiSchema(schema, path) }),
  };
}
