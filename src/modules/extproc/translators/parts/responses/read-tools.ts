import { isJsonObject, objectOf, stringOf, type JsonObject, type JsonValue } from '../../../codec/json-value.js';
import { MalformedRequestError } from '../../../request-error.js';
import type { Receipt } from '../../receipt.js';
import type { ChatTool, FunctionDefinition, ToolChoice } from '../chat/chat-request.js';
import { cacheControlOf } from '../chat/read-cache-control.js';
import {
  malformed,
  memberPath,
  objectItem,
  optionalArray,
  optionalBoolean,
  optionalString,
  requiredArray,
  requiredString,
  shownWord,
  unknownWord,
} from '../request-fields.js';
import { cannotConvert } from './refusals.js';

/** What tells providers apart when a request is read. */
export interface ToolTerms {
  /** True when the provider searches the web by a tool of its own (Gemini). */
  readonly hasWebSearch: boolean;
  /** The operator wants tools that only OpenAI runs left out instead of refused. */
  readonly dropsHostedTools: boolean;
}

export interface ReadTools {
  readonly tools: readonly ChatTool[];
  /** Names of the tools of type `custom`. */
  readonly customTools: ReadonlySet<string>;
}

/** @throws {UserFacingError} 422 for a tool that only OpenAI runs @see spec translators.md 18.3.3 */
export function readTools(document: JsonObject, terms: ToolTerms, receipt: Receipt): ReadTools {
  const customTools = new Set<string>();
  const hosted = (path: string, type: JsonValue): [] => {
    if (!terms.dropsHostedTools) throw unsupported(path, type);
    receipt.drop(path);
    return [];
  };
  const tools = (optionalArray(document, 'tools', '') ?? []).flatMap((item, index): ChatTool | [] => {
    const path = `tools[${index}]`;
    const raw = objectItem(item, path);
    const type = requiredString(raw, 'type', path);
    switch (type) {
      case 'function':
        return { path, type, function: readFunction(raw, path), raw };
      case 'custom': {
        const definition = readCustom(raw, path, receipt);
        customTools.add(definition.name);
        return { path, type: 'function', function: definition, raw };
      }
      case 'web_search':
      case 'web_search_2025_08_26':
      case 'web_search_preview':
      case 'web_search_preview_2025_03_11':
        return terms.hasWebSearch ? webSearch(raw, path, receipt) : hosted(path, type);
      case 'local_shell':
      case 'shell':
      case 'apply_patch':
        throw untaught(path, type);
      default:
        return hosted(path, type);
    }
  });
  return { tools, customTools };
}

const unsupported = (path: string, type: JsonValue) =>
  cannotConvert(
    memberPath(path, 'type'),
    `a tool of the type ${shownWord(type)} is run by OpenAI only`,
    'Leave the tool out, or give the model a tool of the type "function" or "custom".',
  );

/** Tools that clients run, but whose form only models of OpenAI were taught. */
const untaught = (path: string, type: string) =>
  cannotConvert(
    memberPath(path, 'type'),
    `only models of OpenAI know the tool ${shownWord(type)} without a definition`,
    'Give the model a tool of the type "function" or "custom" in its place, with a name, a description and what it takes.',
  );

/** The API takes `strict` for true unless told otherwise; providers get it only when the client wrote it. */
function readFunction(raw: JsonObject, path: string): FunctionDefinition {
  const description = optionalString(raw, 'description', path);
  const parameters = raw['parameters'] ?? undefined;
  return {
    name: requiredString(raw, 'name', path),
    ...(description === undefined ? {} : { description }),
    ...(optionalBoolean(raw, 'strict', path) === true ? { strict: true } : {}),
    ...(parameters === undefined ? {} : { parameters }),
    ...cacheControlOf(raw, path),
  };
}

const CUSTOM_PARAMETERS: JsonObject = {
  type: 'object',
  properties: { input: { type: 'string' } },
  required: ['input'],
  additionalProperties: false,
};

/** A tool that takes any text becomes a function with one argument; a grammar is told, not enforced. */
function readCustom(raw: JsonObject, path: string, receipt: Receipt): FunctionDefinition {
  const format = objectOf(raw['format']);
  const definition = format['type'] === 'grammar' ? stringOf(format['definition']) : undefined;
  if (definition !== undefined) receipt.drop(memberPath(path, 'format'));
  const syntax = stringOf(format['syntax']);
  const grammar =
    definition === undefined ? [] : [`The input must follow this ${syntax ? `${syntax} ` : ''}grammar:\n${definition}`];
  const description = [optionalString(raw, 'description', path) ?? '', ...grammar].filter((text) => text !== '');
  return {
    name: requiredString(raw, 'name', path),
    ...(description.length === 0 ? {} : { description: description.join('\n\n') }),
    parameters: CUSTOM_PARAMETERS,
    ...cacheControlOf(raw, path),
  };
}

function webSearch(raw: JsonObject, path: string, receipt: Receipt): ChatTool {
  for (const [name, value] of Object.entries(raw)) {
    if (name !== 'type' && value !== null) receipt.drop(memberPath(path, name));
  }
  return { path, type: 'google_search', function: undefined, raw: { type: 'google_search' } };
}

/** @throws {UserFacingError} 422 for a choice of a tool that only OpenAI runs */
export function readToolChoice(document: JsonObject): ToolChoice | undefined {
  const choice = document['tool_choice'];
  if (choice === undefined || choice === null) return undefined;
  if (choice === 'auto' || choice === 'none' || choice === 'required') return { kind: choice };
  const expected = '"auto", "none", "required" or an object';
  if (typeof choice === 'string') throw unknownWord('tool_choice', expected, choice);
  if (!isJsonObject(choice)) throw malformed('tool_choice', expected, choice);
  switch (choice['type']) {
    case 'function':
    case 'custom':
      return { kind: 'function', name: toolName(choice, 'tool_choice') };
    case 'allowed_tools':
      return allowedTools(choice);
    default:
      throw unsupported('tool_choice', choice['type'] ?? null);
  }
}

function allowedTools(choice: JsonObject): ToolChoice {
  const path = 'tool_choice';
  const mode = requiredString(choice, 'mode', path);
  if (mode !== 'auto' && mode !== 'required') throw unknownWord(`${path}.mode`, '"auto" or "required"', mode);
  const names = requiredArray(choice, 'tools', path).map((item, index) => {
    const toolPath = `${path}.tools[${index}]`;
    const tool = objectItem(item, toolPath);
    const type = requiredString(tool, 'type', toolPath);
    if (type !== 'function' && type !== 'custom') throw unsupported(toolPath, type);
    return toolName(tool, toolPath);
  });
  if (names.length === 0) {
    throw new MalformedRequestError(
      `malformed request: "${path}.tools" must be an array of at least one tool, found an array without items`,
    );
  }
  return { kind: 'allowed', mode, names };
}

function toolName(tool: JsonObject, path: string): string {
  const name = requiredString(tool, 'name', path);
  if (name !== '') return name;
  throw malformed(memberPath(path, 'name'), 'the name of a tool', name);
}
