import { UserFacingError } from '../../../../../shared/errors.js';
import { isJsonArray, isJsonObject, numberOf, type JsonObject, type JsonValue } from '../../../codec/json-value.js';
import { MalformedRequestError } from '../../../request-error.js';
import type { Receipt } from '../../receipt.js';
import type { UserPart } from '../chat/chat-request.js';
import { dropUnhandledFields } from '../chat/handled-fields.js';
import { readChatRequest } from '../chat/read-chat-request.js';
import {
  malformed,
  memberPath,
  optionalBoolean,
  optionalInteger,
  optionalString,
  requiredString,
  unknownWord,
} from '../request-fields.js';

/** A request of `/v1/embeddings` for a provider that speaks another dialect. @see spec translators.md section 7 */
export interface EmbeddingRequest {
  readonly input: EmbeddingInput;
  /** Not `float`: little-endian float32 values in base64 (translators.md G24). */
  readonly isBase64: boolean;
  /** Positive. */
  readonly dimensions?: number;
  readonly autoTruncate?: boolean;
  readonly taskType?: string;
  readonly title?: string;
  /** The body's members, for receipts. */
  readonly fields: JsonObject;
}

export type EmbeddingInput =
  /** Objects with several contents are flattened. `hasObjects`: an item was more than its text. */
  | { readonly kind: 'texts'; readonly texts: readonly EmbeddingText[]; readonly hasObjects: boolean }
  /** Token numbers, which only OpenAI's own models know. */
  | { readonly kind: 'tokens' }
  /** Parts of all user messages; `dropped` has the paths of what else there is, ready for the receipt. */
  | { readonly kind: 'messages'; readonly parts: readonly UserPart[]; readonly dropped: readonly string[] };

export interface EmbeddingText {
  readonly path: string;
  readonly text: string;
  readonly taskType?: string;
  readonly title?: string;
}

/** @throws {MalformedRequestError} 400 */
export function readEmbeddingRequest(document: JsonObject): EmbeddingRequest {
  const dimensions = optionalInteger(document, 'dimensions', '');
  const autoTruncate = optionalBoolean(document, 'auto_truncate', '');
  const taskType = optionalString(document, 'task_type', '');
  const title = optionalString(document, 'title', '');
  return {
    input: readInput(document),
    isBase64: readIsBase64(document),
    ...(dimensions !== undefined && dimensions > 0 ? { dimensions } : {}),
    ...(autoTruncate === undefined ? {} : { autoTruncate }),
    ...(taskType ? { taskType } : {}),
    ...(title ? { title } : {}),
    fields: document,
  };
}

/** Members that every backend answers for. */
const KNOWN = ['input', 'messages', 'encoding_format'];

/** Puts the members that a provider does not get into the receipt; empty texts and zero dimensions are no loss. */
export function dropUnhandledMembers({ fields }: EmbeddingRequest, handled: readonly string[], receipt: Receipt): void {
  const empty = ['dimensions', 'task_type', 'title'].filter(
    (name) => fields[name] === '' || numberOf(fields[name]) === 0,
  );
  dropUnhandledFields(fields, new Set([...KNOWN, ...handled, ...empty]), receipt);
  // No size of a vector, so that nobody is sent it.
  if ((numberOf(fields['dimensions']) ?? 0) < 0) receipt.drop('dimensions');
}

function readIsBase64(document: JsonObject): boolean {
  const format = optionalString(document, 'encoding_format', '') ?? 'float';
  if (format === 'float' || format === 'base64') return format === 'base64';
  throw unknownWord('encoding_format', '"float" or "base64"', format);
}

function readInput(document: JsonObject): EmbeddingInput {
  const input = document['input'] ?? null;
  if ((document['messages'] ?? null) === null) return inputOf(input);
  if (input !== null) {
    throw new MalformedRequestError('malformed request: "input" and "messages" exclude each other');
  }
  const { messages, ignored = [] } = readChatRequest({ messages: document['messages'] }, false);
  const dropped = messages.flatMap(({ role, path, name }) => {
    if (role !== 'user') return [path];
    return name === undefined ? [] : [memberPath(path, 'name')];
  });
  return {
    kind: 'messages',
    parts: messages.flatMap((message) => (message.role === 'user' ? message.parts : [])),
    dropped: [...dropped, ...ignored],
  };
}

const EXPECTED = 'a string, an array of strings, token numbers, or objects with "content"';

function inputOf(input: JsonValue): EmbeddingInput {
  if (input === null) return { kind: 'texts', texts: [], hasObjects: false };
  if (!isJsonArray(input)) return textsOf([[input, 'input']]);
  if (input.length > 0 && input.every(isTokens)) return { kind: 'tokens' };
  return textsOf(input.map((item, index) => [item, `input[${index}]`]));
}

const isTokens = (value: JsonValue): boolean =>
  numberOf(value) !== undefined || (isJsonArray(value) && value.every((token) => numberOf(token) !== undefined));

function textsOf(items: readonly (readonly [JsonValue, string])[]): EmbeddingInput {
  return {
    kind: 'texts',
    texts: items.flatMap(([item, path]) => (isJsonObject(item) ? objectTexts(item, path) : plainText(item, path))),
    hasObjects: items.some(([item]) => isJsonObject(item)),
  };
}

function plainText(item: JsonValue, path: string): EmbeddingText {
  if (typeof item !== 'string') throw malformed(path, EXPECTED, item);
  return { path, text: item };
}

function objectTexts(item: JsonObject, path: string): readonly EmbeddingText[] {
  const contentPath = memberPath(path, 'content');
  const content = item['content'];
  const taskType = optionalString(item, 'task_type', path);
  const title = optionalString(item, 'title', path);
  const texts = isJsonArray(content) ? content : [requiredString(item, 'content', path)];
  if (texts.length === 0) throw new MalformedRequestError(`malformed request: "${contentPath}" must not be empty`);
  return texts.map((text) => {
    if (typeof text !== 'string') throw malformed(contentPath, 'a string or an array of strings', content);
    if (text === '') throw new MalformedRequestError(`malformed request: "${contentPath}" must not be empty`);
    return { path, text, ...(taskType ? { taskType } : {}), ...(title ? { title } : {}) };
  });
}

/** The texts, for providers that take nothing else. @throws {UserFacingError} 422 */
export function textsOnly({ input }: EmbeddingRequest): readonly EmbeddingText[] {
  switch (input.kind) {
    case 'texts':
      return input.texts;
    case 'tokens':
      throw new UserFacingError('"input" holds token numbers, which this backend cannot read: send the text');
    case 'messages':
      throw new UserFacingError('"messages" cannot be embedded by this model: send texts as "input"');
  }
}

/** The one text, for providers that embed one at a time. @throws {UserFacingError} 422 */
export function onlyText(embedding: EmbeddingRequest): string {
  if (embedding.input.kind === 'texts' && embedding.input.hasObjects) {
    throw new UserFacingError('"input" holds objects, which this model cannot take: send a string');
  }
  const [first, ...more] = textsOnly(embedding);
  if (first !== undefined && more.length === 0) return first.text;
  throw new UserFacingError(
    `"input" must be one text for this model, found ${more.length === 0 ? 'none' : more.length + 1}: send one request for each`,
  );
}
