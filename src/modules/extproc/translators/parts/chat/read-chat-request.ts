import type { JsonObject } from '../../../codec/json-value.js';
import { Receipt } from '../../receipt.js';
import {
  memberPath,
  optionalBoolean,
  optionalInteger,
  optionalNumber,
  optionalObject,
  optionalString,
  optionalStrings,
  malformed,
  requiredArray,
  requiredObject,
  requiredString,
  unknownWord,
} from '../request-fields.js';
import type { ChatRequest, ResponseFormat, Thinking } from './chat-request.js';
import { readMessage } from './read-message.js';
import { readToolChoice, readTools } from './read-tools.js';

/**
 * Reads the body of `/v1/chat/completions` for a provider that speaks another dialect. Members that it does not know are
 * left alone: they are in `fields` and `ignored`.
 * @throws {MalformedRequestError} 400 when it is not of OpenAI's API
 * @throws {UserFacingError} 422 for what no other provider can take
 * @see spec translators.md section 3
 */
export function readChatRequest(document: JsonObject, isStreaming: boolean): ChatRequest {
  const ignored = new Receipt();
  const messages = requiredArray(document, 'messages', '').map((item, index) =>
    readMessage(item, `messages[${index}]`, ignored),
  );
  const tools = readTools(document);
  return {
    messages,
    isStreaming,
    stop: readStop(document),
    tools,
    ...present({
      ...samplingOf(document),
      toolChoice: readToolChoice(document, tools),
      responseFormat: readResponseFormat(document),
      thinking: readThinking(document),
      reasoningEffort: optionalString(document, 'reasoning_effort', ''),
      guidedChoice: optionalStrings(document, 'guided_choice', ''),
      guidedRegex: optionalString(document, 'guided_regex', ''),
      guidedJson: document['guided_json'] ?? undefined,
      safetySettings: document['safetySettings'] ?? undefined,
      mediaResolution: readMediaResolution(document),
    }),
    fields: document,
    ...(ignored.dropped.length === 0 ? {} : { ignored: ignored.dropped }),
  };
}

const samplingOf = (document: JsonObject) => ({
  maxTokens: readMaxTokens(document),
  temperature: optionalNumber(document, 'temperature', ''),
  topP: optionalNumber(document, 'top_p', ''),
  topK: optionalInteger(document, 'top_k', ''),
  presencePenalty: optionalNumber(document, 'presence_penalty', ''),
  frequencyPenalty: optionalNumber(document, 'frequency_penalty', ''),
  seed: optionalInteger(document, 'seed', ''),
  n: optionalInteger(document, 'n', ''),
  logprobs: optionalBoolean(document, 'logprobs', ''),
  topLogprobs: optionalInteger(document, 'top_logprobs', ''),
  user: optionalString(document, 'user', ''),
  serviceTier: optionalString(document, 'service_tier', ''),
  parallelToolCalls: optionalBoolean(document, 'parallel_tool_calls', ''),
});

function readMaxTokens(document: JsonObject): number | undefined {
  const older = optionalInteger(document, 'max_tokens', '');
  return optionalInteger(document, 'max_completion_tokens', '') ?? older;
}

function readStop(document: JsonObject): readonly string[] {
  const stop = document['stop'];
  if (typeof stop === 'string') return [stop];
  if (stop !== undefined && stop !== null && !Array.isArray(stop)) {
    throw malformed('stop', 'a string or an array of strings', stop);
  }
  return optionalStrings(document, 'stop', '') ?? [];
}

function readResponseFormat(document: JsonObject): ResponseFormat | undefined {
  const path = 'response_format';
  const format = optionalObject(document, path, '');
  if (format === undefined) return undefined;
  const type = format['type'];
  switch (type) {
    case 'text':
    case 'json_object':
      return { type };
    case 'json_schema': {
      const schemaPath = memberPath(path, 'json_schema');
      const schema = requiredObject(format, 'json_schema', path);
      return {
        type,
        ...present({
          name: optionalString(schema, 'name', schemaPath),
          description: optionalString(schema, 'description', schemaPath),
          strict: optionalBoolean(schema, 'strict', schemaPath),
          schema: schema['schema'] ?? undefined,
        }),
      };
    }
    default:
      throw unknownWord(memberPath(path, 'type'), '"text", "json_object" or "json_schema"', type);
  }
}

function readThinking(document: JsonObject): Thinking | undefined {
  const path = 'thinking';
  const thinking = optionalObject(document, path, '');
  if (thinking === undefined) return undefined;
  const display = optionalString(thinking, 'display', path);
  switch (requiredString(thinking, 'type', path)) {
    case 'enabled':
      return {
        type: 'enabled',
        ...present({
          budgetTokens: optionalInteger(thinking, 'budget_tokens', path),
          includeThoughts: optionalBoolean(thinking, 'includeThoughts', path),
          display,
        }),
      };
    case 'disabled':
      return { type: 'disabled' };
    case 'adaptive':
      return { type: 'adaptive', ...present({ display }) };
    default:
      throw unknownWord(memberPath(path, 'type'), '"enabled", "disabled" or "adaptive"', thinking['type']);
  }
}

function readMediaResolution(document: JsonObject): string | undefined {
  const config = optionalObject(document, 'generationConfig', '');
  return config && optionalString(config, 'media_resolution', 'generationConfig');
}

type Present<T> = { readonly [Name in keyof T]?: Exclude<T[Name], undefined> };

/** The members that are there. */
function present<T extends object>(members: T): Present<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Present<T>;
}
