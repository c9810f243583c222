import { isJsonArray, type JsonObject, type JsonValue } from '../../../codec/json-value.js';
import type { AssistantPart, FilePart, ImagePart, TextPart, UserPart } from '../chat/chat-request.js';
import { cacheControlOf } from '../chat/read-cache-control.js';
import {
  malformed,
  memberPath,
  objectItem,
  optionalString,
  requiredObject,
  requiredString,
  unknownWord,
} from '../request-fields.js';
import { storedFile } from './refusals.js';

export interface Content<Part> {
  readonly parts: readonly Part[];
  /** True when the content was one string. */
  readonly isPlain: boolean;
}

type PartReader<Part> = (part: JsonObject, path: string) => Part;

/** The string or the parts of a member. @throws {MalformedRequestError} for anything else, null and absence included */
function readContent<Part>(
  object: JsonObject,
  key: string,
  path: string,
  readPart: PartReader<Part>,
): Content<Part | TextPart> {
  const contentPath = memberPath(path, key);
  const content = object[key];
  if (typeof content === 'string') {
    return { parts: content === '' ? [] : [{ type: 'text', path: contentPath, text: content }], isPlain: true };
  }
  if (!isJsonArray(content)) throw malformed(contentPath, 'a string or an array of parts', content);
  return {
    parts: content.map((item, index) => {
      const partPath = `${contentPath}[${index}]`;
      return readPart(objectItem(item, partPath), partPath);
    }),
    isPlain: false,
  };
}

export const readUserContent = (item: JsonObject, path: string): Content<UserPart> =>
  readContent(item, 'content', path, userPart);

export const readTextContent = (item: JsonObject, path: string): Content<TextPart> =>
  readContent(item, 'content', path, (part, partPath) => {
    if (isText(part['type'])) return textPart(part, partPath);
    throw unknownWord(memberPath(partPath, 'type'), '"input_text"', part['type']);
  });

export const readAssistantContent = (item: JsonObject, path: string): Content<AssistantPart> =>
  readContent<AssistantPart>(item, 'content', path, (part, partPath) => {
    if (isText(part['type'])) return textPart(part, partPath);
    if (part['type'] !== 'refusal') {
      throw unknownWord(memberPath(partPath, 'type'), '"output_text" or "refusal"', part['type']);
    }
    return { type: 'refusal', path: partPath, refusal: requiredString(part, 'refusal', partPath) };
  });

/** What a tool gave back. */
export const readToolOutput = (item: JsonObject, path: string): Content<TextPart | ImagePart | FilePart> =>
  readContent(item, 'output', path, (part, partPath) => {
    const read = userPart(part, partPath);
    if (read.type === 'text' || read.type === 'image_url' || read.type === 'file') return read;
    throw unknownWord(
      memberPath(partPath, 'type'),
      '"input_text", "input_image" or "input_file" in the output of a tool',
      part['type'],
    );
  });

/** The API itself tells the texts of clients and models apart; nothing here depends on it. */
const isText = (type: JsonValue | undefined) => type === 'input_text' || type === 'output_text' || type === 'text';

const textPart = (part: JsonObject, path: string): TextPart => ({
  type: 'text',
  path,
  text: requiredString(part, 'text', path),
  ...cacheControlOf(part, path),
});

function userPart(part: JsonObject, path: string): UserPart {
  const type = part['type'];
  if (isText(type)) return textPart(part, path);
  switch (type) {
    case 'input_image':
      return imagePart(part, path);
    case 'input_file':
      return filePart(part, path);
    case 'input_audio': {
      const audio = requiredObject(part, type, path);
      const audioPath = memberPath(path, type);
      const data = requiredString(audio, 'data', audioPath);
      return { type, path, ...cacheControlOf(part, path), data, format: requiredString(audio, 'format', audioPath) };
    }
    default:
      throw unknownWord(memberPath(path, 'type'), '"input_text", "input_image", "input_file" or "input_audio"', type);
  }
}

function imagePart(part: JsonObject, path: string): ImagePart {
  refuseFileId(part, path);
  const detail = optionalString(part, 'detail', path);
  return {
    type: 'image_url',
    path,
    ...cacheControlOf(part, path),
    url: requiredString(part, 'image_url', path),
    // Chat has no word for the size as it is.
    ...(detail === undefined ? {} : { detail: detail === 'original' ? 'high' : detail }),
  };
}

function filePart(part: JsonObject, path: string): FilePart {
  refuseFileId(part, path);
  const fileData = optionalString(part, 'file_data', path);
  const fileUrl = optionalString(part, 'file_url', path);
  const filename = optionalString(part, 'filename', path);
  if (fileData === undefined && fileUrl === undefined)
    throw malformed(path, 'a file with "file_data" or "file_url"', part);
  return {
    type: 'file',
    path,
    ...cacheControlOf(part, path),
    ...(fileData === undefined ? {} : { fileData }),
    ...(fileUrl === undefined ? {} : { fileUrl }),
    ...(filename === undefined ? {} : { filename }),
  };
}

function refuseFileId(part: JsonObject, path: string): void {
  if ((part['file_id'] ?? null) !== null) throw storedFile(memberPath(path, 'file_id'));
}
