import { UserFacingError } from '../../../../../shared/errors.js';
import { isJsonObject, kindOf, parseJson, type JsonObject, type JsonValue } from '../../../codec/json-value.js';
import type { ToolCall } from './chat-request.js';

/**
 * The arguments of a call, for providers that take an object. Blank text and `null` are `{}`; numbers keep their text
 * (translators.md G16, G36).
 * @throws {UserFacingError} 422 when they are no JSON object
 */
export function parseToolArguments(call: ToolCall): JsonObject {
  const text = call.arguments.trim();
  if (text === '' || text === 'null') return {};
  const value = valueOf(text);
  if (isJsonObject(value)) return value;
  const found = value === undefined ? 'text that is not JSON' : kindOf(value);
  throw new UserFacingError(
    `the arguments of the tool call "${call.path}" must be the text of a JSON object, found ${found}: send the arguments back as the model gave them`,
  );
}

function valueOf(text: string): JsonValue | undefined {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
