import type { JsonObject, JsonValue } from '../../../codec/json-value.js';
import {
  memberPath,
  objectItem,
  optionalString,
  requiredObject,
  requiredString,
  unknownWord,
} from '../request-fields.js';
import type { AssistantPart, FilePart, TextPart, UserPart } from './chat-request.js';
import { cacheControlOf } from './read-cache-control.js';

/** A part without a type is text if it has one. */
export function readTextPart(item: JsonValue, path: string): TextPart {
  const part = objectItem(item, path);
  const type = part['type'];
  if (type !== undefined && type !== 'text') throw unknownWord(memberPath(path, 'type'), '"text"', type);
  return textPart(part, path);
}

const textPart = (part: JsonObject, path: string): TextPart => ({
  type: 'text',
  path,
  text: requiredString(part, 'text', path),
  ...cacheControlOf(part, path),
});

const USER_TYPES = '"text", "image_url", "input_audio", "audio_url", "video_url" or "file"';

export function readUserPart(item: JsonValue, path: string): UserPart {
  const part = objectItem(item, path);
  const type = part['type'];
  const base = { path, ...cacheControlOf(part, path) };
  switch (type) {
    case 'text':
      return textPart(part, path);
    case 'image_url': {
      const image = requiredObject(part, type, path);
      const imagePath = memberPath(path, type);
      const detail = optionalString(image, 'detail', imagePath);
      return {
        type,
        ...base,
        url: requiredString(image, 'url', imagePath),
        ...(detail === undefined ? {} : { detail }),
      };
    }
    case 'input_audio': {
      const audio = requiredObject(part, type, path);
      const audioPath = memberPath(path, type);
      const data = requiredString(audio, 'data', audioPath);
      return { type, ...base, data, format: requiredString(audio, 'format', audioPath) };
    }
    case 'audio_url':
    case 'video_url':
      return { type, ...base, url: requiredString(requiredObject(part, type, path), 'url', memberPath(path, type)) };
    case 'file':
      return { ...base, ...readFile(requiredObject(part, type, path), memberPath(path, type)) };
    default:
      throw unknownWord(memberPath(path, 'type'), USER_TYPES, type);
  }
}

function readFile(file: JsonObject, path: string): Omit<FilePart, 'path'> {
  const fileData = optionalString(file, 'file_data', path);
  const fileId = optionalString(file, 'file_id', path);
  const filename = optionalString(file, 'filename', path);
  return {
    type: 'file',
    ...(fileData === undefined ? {} : { fileData }),
    ...(fileId === undefined ? {} : { fileId }),
    ...(filename === undefined ? {} : { filename }),
  };
}

/** Types are the backend's to judge. */
export function readAssistantPart(item: JsonValue, path: string): AssistantPart {
  const part = objectItem(item, path);
  const type = optionalString(part, 'type', path) ?? '';
  const text = optionalString(part, 'text', path);
  const base = { path, ...cacheControlOf(part, path) };
  switch (type) {
    case 'text':
      return { type, ...base, text: text ?? '' };
    case 'refusal':
      return { type, ...base, refusal: optionalString(part, 'refusal', path) ?? '' };
    case 'thinking':
      return { type, ...base, text, signature: optionalString(part, 'signature', path) };
    case 'redacted_thinking':
      return { type, ...base, data: optionalString(part, 'redactedContent', path) };
    default:
      return { type: 'unknown', ...base, name: type };
  }
}
