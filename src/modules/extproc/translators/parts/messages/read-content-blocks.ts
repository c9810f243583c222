import type { JsonObject } from '../../../codec/json-value.js';
import type { CacheControl } from '../chat/chat-request.js';
import {
  malformed,
  memberPath,
  objectItem,
  optionalArray,
  optionalBoolean,
  optionalObject,
  optionalString,
  requiredObject,
  requiredString,
  unknownWord,
} from '../request-fields.js';
import type { ContentBlock, DocumentBlock, MediaSource, TextBlock } from './messages-request.js';

/** `content` of a message, of a tool result and of a document: a string, which is one text block, or blocks. */
export function readContent(parent: JsonObject, key: string, parentPath: string): readonly ContentBlock[] {
  const content = parent[key];
  const path = memberPath(parentPath, key);
  if (typeof content === 'string') return [{ type: 'text', path, text: content }];
  if (content !== undefined && content !== null && !Array.isArray(content)) {
    throw malformed(path, 'a string or an array of content blocks', content);
  }
  return objectsOf(parent, key, parentPath).map(({ object, path }) => readBlock(object, path));
}

/** `system`: a string, or text blocks. */
export function readSystem(body: JsonObject): readonly TextBlock[] {
  return readContent(body, 'system', '').map((block) => {
    if (block.type === 'text') return block;
    const type = block.type === 'unknown' ? block.name : block.type;
    throw unknownWord(`${block.path}.type`, '"text"', type);
  });
}

/** A marker of type `ephemeral`; others read as absent. */
export function readCacheControl(parent: JsonObject, path: string): { readonly cacheControl?: CacheControl } {
  const marker = optionalUnion(parent, 'cache_control', path);
  if (marker?.type !== 'ephemeral') return {};
  const ttl = optionalString(marker.object, 'ttl', marker.path);
  return { cacheControl: ttl === '5m' || ttl === '1h' ? { ttl } : {} };
}

/** An object that says by its `type` what it is, and where it stands. */
interface UnionMember {
  readonly type: string;
  readonly object: JsonObject;
  readonly path: string;
}

/** @throws {MalformedRequestError} also when there is an object without a `type` */
export function optionalUnion(parent: JsonObject, key: string, parentPath: string): UnionMember | undefined {
  const object = optionalObject(parent, key, parentPath);
  const path = memberPath(parentPath, key);
  return object && { type: requiredString(object, 'type', path), object, path };
}

/** The objects of an array; none when it is absent or null. */
export function objectsOf(parent: JsonObject, key: string, parentPath: string) {
  return (optionalArray(parent, key, parentPath) ?? []).map((item, index) => {
    const path = `${memberPath(parentPath, key)}[${index}]`;
    return { object: objectItem(item, path), path };
  });
}

function readBlock(block: JsonObject, path: string): ContentBlock {
  const type = requiredString(block, 'type', path);
  const base = { path, ...readCacheControl(block, path) };
  switch (type) {
    case 'text':
      checkCitations(block, path);
      return { ...base, type, text: requiredString(block, 'text', path) };
    case 'image':
      return { ...base, type, source: readMediaSource(block, path) };
    case 'document':
      return { ...base, type, source: readDocumentSource(block, path), ...readTitles(block, path) };
    case 'search_result':
      return {
        ...base,
        type,
        source: optionalString(block, 'source', path) ?? '',
        title: optionalString(block, 'title', path) ?? '',
        content: readContent(block, 'content', path),
      };
    case 'thinking': {
      const signature = optionalString(block, 'signature', path);
      const thinking = optionalString(block, 'thinking', path) ?? '';
      return { ...base, type, thinking, ...(signature ? { signature } : {}) };
    }
    case 'redacted_thinking':
      return { ...base, type, data: requiredString(block, 'data', path) };
    case 'tool_use': {
      const input = optionalObject(block, 'input', path) ?? {};
      return { ...base, type, id: requiredString(block, 'id', path), name: requiredString(block, 'name', path), input };
    }
    case 'tool_result':
      return {
        ...base,
        type,
        toolUseId: requiredString(block, 'tool_use_id', path),
        content: readContent(block, 'content', path),
        isError: optionalBoolean(block, 'is_error', path) ?? false,
      };
    default:
      return { ...base, type: 'unknown', name: type };
  }
}

/** No other provider takes citations, but each of them must have a type. */
function checkCitations(text: JsonObject, path: string): void {
  for (const citation of objectsOf(text, 'citations', path)) requiredString(citation.object, 'type', citation.path);
}

function readTitles(block: JsonObject, path: string): { title?: string; context?: string } {
  const title = optionalString(block, 'title', path);
  const context = optionalString(block, 'context', path);
  return { ...(title ? { title } : {}), ...(context ? { context } : {}) };
}

function readMediaSource(block: JsonObject, blockPath: string): MediaSource {
  const object = requiredObject(block, 'source', blockPath);
  const path = memberPath(blockPath, 'source');
  const type = requiredString(object, 'type', path);
  switch (type) {
    case 'base64': {
      const mediaType = optionalString(object, 'media_type', path) ?? '';
      return { type, mediaType, data: requiredString(object, 'data', path) };
    }
    case 'url':
      return { type, url: requiredString(object, 'url', path) };
    case 'file':
      return { type, fileId: requiredString(object, 'file_id', path) };
    default:
      return { type: 'unknown', name: type };
  }
}

function readDocumentSource(block: JsonObject, blockPath: string): DocumentBlock['source'] {
  const source = optionalUnion(block, 'source', blockPath);
  switch (source?.type) {
    case 'text':
      return { type: 'text', text: requiredString(source.object, 'data', source.path) };
    case 'content':
      return { type: 'content', content: readContent(source.object, 'content', source.path) };
    default:
      return readMediaSource(block, blockPath);
  }
}
