import { UserFacingError } from '../../../../../shared/errors.js';
import { isJsonObject, objectOf, type JsonObject, type JsonValue } from '../../../codec/json-value.js';
import {
  malformed,
  memberPath,
  objectItem,
  optionalArray,
  optionalBoolean,
  optionalObject,
  optionalString,
  requiredString,
  shownWord,
} from '../request-fields.js';
import type { ChatTool, FunctionDefinition, ToolChoice } from './chat-request.js';
import { cacheControlOf } from './read-cache-control.js';

export function readTools(document: JsonObject): readonly ChatTool[] {
  return (optionalArray(document, 'tools', '') ?? []).map((item, index) => {
    const path = `tools[${index}]`;
    const raw = objectItem(item, path);
    const definition = optionalObject(raw, 'function', path);
    return {
      path,
      type: optionalString(raw, 'type', path) ?? '',
      function: definition && readFunction(definition, memberPath(path, 'function')),
      raw,
    };
  });
}

function readFunction(definition: JsonObject, path: string): FunctionDefinition {
  const description = optionalString(definition, 'description', path);
  const strict = optionalBoolean(definition, 'strict', path);
  const parameters = definition['parameters'] ?? undefined;
  return {
    name: requiredString(definition, 'name', path),
    ...(description === undefined ? {} : { description }),
    ...(strict === undefined ? {} : { strict }),
    ...(parameters === undefined ? {} : { parameters }),
    ...cacheControlOf(definition, path),
  };
}

/**
 * `any` is `required`; a custom tool is the function that stands for it (translators.md G53); another word is the function of
 * that name in `tools` (5.3).
 * @throws {UserFacingError} 422 for a choice that is neither a word of the list nor names a tool
 */
export function readToolChoice(document: JsonObject, tools: readonly ChatTool[]): ToolChoice | undefined {
  const choice = document['tool_choice'];
  if (choice === undefined || choice === null) return undefined;
  if (typeof choice === 'string') return wordChoice(choice, tools);
  if (!isJsonObject(choice)) throw malformed('tool_choice', 'a string or an object', choice);
  switch (choice['type']) {
    case 'function':
    case 'custom':
      return { kind: 'function', name: namedTool(choice, 'tool_choice') };
    case 'allowed_tools':
      return allowedTools(objectOf(choice['allowed_tools']));
    default:
      throw new UserFacingError(
        `"tool_choice.type" must be "function", "custom" or "allowed_tools" for this backend, found ${shownWord(choice['type'])}`,
      );
  }
}

function wordChoice(word: string, tools: readonly ChatTool[]): ToolChoice {
  switch (word) {
    case 'auto':
    case 'none':
    case 'required':
      return { kind: word };
    case 'any':
      return { kind: 'required' };
    default:
      if (tools.some((tool) => tool.function?.name === word)) return { kind: 'function', name: word, isWord: true };
      throw new UserFacingError(
        `"tool_choice" must be "auto", "none", "required" or an object that names a tool, found ${shownWord(word)}`,
      );
  }
}

function allowedTools(allowed: JsonObject): ToolChoice {
  const path = 'tool_choice.allowed_tools';
  const mode = allowed['mode'] ?? 'auto';
  if (mode !== 'auto' && mode !== 'required') {
    throw new UserFacingError(`"${path}.mode" must be "auto" or "required", found ${shownWord(mode)}`);
  }
  const tools = optionalArray(allowed, 'tools', path) ?? [];
  if (tools.length === 0) throw new UserFacingError(`"${path}.tools" must name at least one tool`);
  return { kind: 'allowed', mode, names: tools.map((tool, index) => namedTool(tool, `${path}.tools[${index}]`)) };
}

/** The name in `{type, function: {name}}` or `{type, custom: {name}}`; never empty. */
function namedTool(value: JsonValue, path: string): string {
  const tool = objectOf(value);
  const member = tool['type'] === 'custom' ? 'custom' : 'function';
  const name = objectOf(tool[member])['name'];
  if (typeof name === 'string' && name !== '') return name;
  throw new UserFacingError(`"${path}.${member}.name" must be the name of a tool, found ${shownWord(name)}`);
}
