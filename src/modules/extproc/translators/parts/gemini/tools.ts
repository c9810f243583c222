import { UserFacingError } from '../../../../../shared/errors.js';
import {
  isJsonObject,
  kindOf,
  objectOf,
  stringOf,
  type JsonObject,
  type JsonValue,
} from '../../../codec/json-value.js';
import type { Receipt } from '../../receipt.js';
import { allowedTools } from '../chat/allowed-tools.js';
import type { ChatRequest, ChatTool, ToolChoice } from '../chat/chat-request.js';
import { shownWord } from '../request-fields.js';
import { withoutUndefined } from './generation-config.js';
import type { SchemaWriter } from './schema.js';
import type { FunctionDeclaration, GeminiTool, GeminiToolConfig } from './wire.js';

/**
 * All functions as one element behind the other tools; undefined when there are none. A choice that allows some functions
 * leaves everything else out (translators.md G53).
 * @throws {UserFacingError} 422 for tools that Gemini does not have @see spec translators.md 5.8, "Tools"
 */
export function toTools(
  chat: Pick<ChatRequest, 'tools' | 'toolChoice'>,
  schemas: SchemaWriter,
  receipt: Receipt,
): readonly GeminiTool[] | undefined {
  const found: GeminiTool[] = [];
  const functionDeclarations: FunctionDeclaration[] = [];
  for (const tool of allowedTools(chat)) {
    switch (tool.type) {
      case 'function': {
        const declaration = toDeclaration(tool, schemas, receipt);
        if (declaration) functionDeclarations.push(declaration);
        break;
      }
      case 'google_search':
        found.push({
          googleSearch: toGoogleSearch(objectOf(tool.raw['google_search']), `${tool.path}.google_search`, receipt),
        });
        break;
      case 'enterprise_search':
        found.push({ enterpriseWebSearch: {} });
        break;
      default:
        throw new UserFacingError(
          `"${tool.path}.type" must be "function", "google_search" or "enterprise_search" for this backend, found ${shownWord(tool.type)}`,
        );
    }
  }
  return withFunctions(found, functionDeclarations);
}

/** Undefined when there are none at all. */
export function withFunctions(
  tools: readonly GeminiTool[],
  functionDeclarations: readonly FunctionDeclaration[],
): readonly GeminiTool[] | undefined {
  const all = functionDeclarations.length === 0 ? tools : [...tools, { functionDeclarations }];
  return all.length === 0 ? undefined : all;
}

function toDeclaration(tool: ChatTool, schemas: SchemaWriter, receipt: Receipt): FunctionDeclaration | undefined {
  const { function: definition, path } = tool;
  if (definition === undefined) {
    receipt.drop(path);
    return undefined;
  }
  if (definition.strict === true) receipt.drop(`${path}.function.strict`);
  if (definition.cacheControl) receipt.drop(`${path}.function.cache_control`);
  return {
    name: definition.name,
    ...(definition.description === undefined ? {} : { description: definition.description }),
    ...toParameters(definition.parameters, `${path}.function.parameters`, schemas),
  };
}

/** None for a function that takes nothing. @param path In the client's body @throws {UserFacingError} 422 */
export function toParameters(
  parameters: JsonValue | undefined,
  path: string,
  schemas: SchemaWriter,
): Pick<FunctionDeclaration, 'parameters' | 'parametersJsonSchema'> {
  if (parameters === undefined) return {};
  if (!isJsonObject(parameters)) {
    throw new UserFacingError(`"${path}" must be a JSON schema object, found ${kindOf(parameters)}`);
  }
  if (Object.keys(parameters).length === 0) return {};
  if (schemas.takesJsonSchema) return { parametersJsonSchema: parameters };
  const schema = schemas.toGeminiSchema(parameters, path);
  // Gemini's own schema refuses an object without properties.
  return Object.keys(objectOf(schema['properties'])).length === 0 && /^object$/i.test(stringOf(schema['type']) ?? '')
    ? {}
    : { parameters: schema };
}

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i;

function toGoogleSearch(search: JsonObject, path: string, receipt: Receipt): JsonObject {
  const range = objectOf(search['time_range_filter']);
  const time = (name: 'start_time' | 'end_time') => {
    const value = range[name];
    if (value === undefined || value === null || value === '') return undefined;
    if (typeof value === 'string' && RFC3339.test(value) && !Number.isNaN(Date.parse(value))) return value;
    receipt.drop(`${path}.time_range_filter.${name}`);
    return undefined;
  };
  const timeRangeFilter = withoutUndefined({ startTime: time('start_time'), endTime: time('end_time') });
  return withoutUndefined({
    excludeDomains: search['exclude_domains'] ?? undefined,
    blockingConfidence: search['blocking_confidence'] ?? undefined,
    timeRangeFilter: Object.keys(timeRangeFilter).length === 0 ? undefined : timeRangeFilter,
  });
}

/** Sent even without tools, as in the reference. */
export function toToolConfig(choice: ToolChoice): GeminiToolConfig {
  switch (choice.kind) {
    case 'auto':
      return { functionCallingConfig: { mode: 'AUTO' } };
    case 'none':
      return { functionCallingConfig: { mode: 'NONE' } };
    case 'required':
      return { functionCallingConfig: { mode: 'ANY' } };
    case 'function':
      return { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: [choice.name] } };
    case 'allowed':
      return { functionCallingConfig: { mode: choice.mode === 'required' ? 'ANY' : 'AUTO' } };
  }
}
