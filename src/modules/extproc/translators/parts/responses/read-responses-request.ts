import type { JsonObject, JsonValue } from '../../../codec/json-value.js';
import type { SchemaName } from '../../../../../shared/filter-config/filter-config.js';
import { Receipt } from '../../receipt.js';
import type { ChatMessage, ChatRequest, ResponseFormat } from '../chat/chat-request.js';
import {
  memberPath,
  optionalArray,
  optionalBoolean,
  optionalInteger,
  optionalNumber,
  optionalObject,
  optionalString,
  unknownWord,
} from '../request-fields.js';
import { readInput } from './read-input.js';
import { readToolChoice, readTools } from './read-tools.js';
import { cannotConvert } from './refusals.js';
import { openThinking, thinkingFamilyOf } from './thinking-envelope.js';

export interface ResponsesConversion {
  /** Its `fields` have the names of chat. @see clientPath */
  readonly chat: ChatRequest;
  /** What no backend gets to see, in the client's terms. */
  readonly dropped: readonly string[];
  readonly customTools: ReadonlySet<string>;
  /** True when the client asked for `reasoning.encrypted_content`. */
  readonly wantsEncryptedThinking: boolean;
}

/** Where the chat goes, and what the operator chose. */
export interface ConversionTerms {
  readonly schema: SchemaName;
  /** Off when left out. */
  readonly dropsHostedTools?: boolean;
}

/**
 * Reads the body of `/v1/responses` as a chat. Nothing is kept between requests, so what refers to something kept is refused.
 * @throws {UserFacingError} 422 @throws {MalformedRequestError} 400
 * @see spec translators.md 18.3.1
 */
export function readResponsesRequest(
  document: JsonObject,
  isStreaming: boolean,
  { schema, dropsHostedTools = false }: ConversionTerms,
): ResponsesConversion {
  refuseKeptState(document);
  const receipt = new Receipt();
  const family = thinkingFamilyOf(schema);
  const { tools, customTools } = readTools(
    document,
    { hasWebSearch: schema === 'GCPVertexAI', dropsHostedTools },
    receipt,
  );
  const includes = readIncludes(document, receipt);
  const reasoning = readReasoning(document, receipt);
  const text = readText(document, receipt);
  const messages: ChatMessage[] = [
    ...readInstructions(document),
    ...readInput(document, { openThinking: (encrypted) => openThinking(family, encrypted) }, receipt),
  ];
  const typed = present({
    maxTokens: optionalInteger(document, 'max_output_tokens', ''),
    temperature: optionalNumber(document, 'temperature', ''),
    topP: optionalNumber(document, 'top_p', ''),
    logprobs: includes.logprobs ? true : undefined,
    // Told to nobody unless they are asked for.
    topLogprobs: includes.logprobs ? optionalInteger(document, 'top_logprobs', '') : undefined,
    user: optionalString(document, 'user', ''),
    serviceTier: optionalString(document, 'service_tier', ''),
    parallelToolCalls: optionalBoolean(document, 'parallel_tool_calls', ''),
    toolChoice: readToolChoice(document),
    responseFormat: text.format,
    reasoningEffort: reasoning.effort,
    wantsVisibleThinking: reasoning.isVisible ? true : undefined,
  });
  const fields = chatFields(
    document,
    { reasoning_effort: reasoning.effort, ...text.fields, ...includes.fields },
    receipt,
  );
  return {
    chat: { messages, isStreaming, stop: [], tools, ...typed, fields },
    dropped: receipt.dropped,
    customTools,
    wantsEncryptedThinking: includes.encryptedThinking,
  };
}

function refuseKeptState(document: JsonObject): void {
  const why = 'it keeps no responses';
  const todo = 'Send the whole conversation in "input".';
  for (const name of ['previous_response_id', 'conversation']) {
    if (isGiven(document[name])) throw cannotConvert(name, why, todo);
  }
  if (isGiven(document['prompt']))
    throw cannotConvert('prompt', 'prompts kept at OpenAI are not within its reach', todo);
  if (optionalBoolean(document, 'background', '')) {
    throw cannotConvert('background', why, 'Leave it out, or set it to false.');
  }
  if (optionalBoolean(document, 'store', '')) throw cannotConvert('store', why, 'Leave it out, or set it to false.');
}

const isGiven = (value: JsonValue | undefined) => value !== undefined && value !== null;

function readInstructions(document: JsonObject): readonly ChatMessage[] {
  const path = 'instructions';
  const text = optionalString(document, path, '') ?? '';
  return text === '' ? [] : [{ role: 'system', path, parts: [{ type: 'text', path, text }], isPlain: true }];
}

function readIncludes(document: JsonObject, receipt: Receipt) {
  let encryptedThinking = false;
  let logprobs = false;
  for (const [index, value] of (optionalArray(document, 'include', '') ?? []).entries()) {
    if (value === 'reasoning.encrypted_content') encryptedThinking = true;
    else if (value === 'message.output_text.logprobs') logprobs = true;
    else receipt.drop(`include[${index}]`);
  }
  return { encryptedThinking, logprobs, fields: logprobs ? { logprobs } : { top_logprobs: undefined } };
}

const REASONING_MEMBERS: ReadonlySet<string> = new Set(['effort', 'summary', 'generate_summary']);

function readReasoning(document: JsonObject, receipt: Receipt) {
  const path = 'reasoning';
  const reasoning = optionalObject(document, path, '') ?? {};
  dropOthers(reasoning, REASONING_MEMBERS, path, receipt);
  const summary = optionalString(reasoning, 'summary', path);
  const older = optionalString(reasoning, 'generate_summary', path);
  return { effort: optionalString(reasoning, 'effort', path), isVisible: (summary ?? older) !== undefined };
}

const TEXT_MEMBERS: ReadonlySet<string> = new Set(['format', 'verbosity']);

function readText(document: JsonObject, receipt: Receipt) {
  const path = 'text';
  const text = optionalObject(document, path, '') ?? {};
  dropOthers(text, TEXT_MEMBERS, path, receipt);
  const verbosity = optionalString(text, 'verbosity', path);
  return {
    format: readFormat(text),
    fields: { response_format: text['format'], ...(verbosity === undefined ? {} : { verbosity }) },
  };
}

/** The members of a schema stand beside its type here. */
function readFormat(text: JsonObject): ResponseFormat | undefined {
  const path = 'text.format';
  const format = optionalObject(text, 'format', 'text');
  if (format === undefined) return undefined;
  const type = format['type'];
  switch (type) {
    case 'text':
    case 'json_object':
      return { type };
    case 'json_schema':
      return {
        type,
        ...present({
          name: optionalString(format, 'name', path),
          description: optionalString(format, 'description', path),
          strict: optionalBoolean(format, 'strict', path),
          schema: format['schema'] ?? undefined,
        }),
      };
    default:
      throw unknownWord(memberPath(path, 'type'), '"text", "json_object" or "json_schema"', type);
  }
}

function dropOthers(object: JsonObject, known: ReadonlySet<string>, path: string, receipt: Receipt): void {
  for (const [name, value] of Object.entries(object)) {
    if (!known.has(name) && isGiven(value)) receipt.drop(memberPath(path, name));
  }
}

/** Members that are read here, or are told back only. */
const CONSUMED: ReadonlySet<string> = new Set([
  'model',
  'stream',
  'stream_options',
  'input',
  'instructions',
  'include',
  'reasoning',
  'text',
  'store',
  'background',
  'previous_response_id',
  'conversation',
  'prompt',
]);

/** Members of chat that this API does not have, and for which a backend would look in the typed request. */
const ONLY_OF_CHAT: ReadonlySet<string> = new Set([
  'messages',
  'max_tokens',
  'max_completion_tokens',
  'reasoning_effort',
  'response_format',
  'verbosity',
  'logprobs',
  'stop',
  'n',
  'seed',
  'top_k',
  'presence_penalty',
  'frequency_penalty',
  'thinking',
  'guided_choice',
  'guided_regex',
  'guided_json',
  'safetySettings',
  'generationConfig',
]);

/** What chat would have at the top of its body, for receipts and for members that only one provider knows. */
function chatFields(document: JsonObject, renamed: JsonObject, receipt: Receipt): JsonObject {
  const kept = Object.entries(document).flatMap(([name, value]): [string, JsonValue | undefined][] => {
    if (CONSUMED.has(name) || !isGiven(value)) return [];
    if (name === 'max_output_tokens') return [['max_completion_tokens', value]];
    const isDefault = name === 'truncation' && value === 'disabled';
    if (!ONLY_OF_CHAT.has(name) && name !== 'truncation' && name !== 'max_tool_calls') return [[name, value]];
    if (!isDefault) receipt.drop(name);
    return [];
  });
  return { ...Object.fromEntries(kept), ...renamed };
}

type Present<T> = { readonly [Name in keyof T]?: Exclude<T[Name], undefined> };

/** The members that are there. */
function present<T extends object>(members: T): Present<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Present<T>;
}
