import { UserFacingError } from '../../../../../shared/errors.js';
import { isJsonObject, parseJsonLeniently, type JsonObject } from '../../../codec/json-value.js';
import type { Receipt } from '../../receipt.js';
import type { ContentBlock, DocumentBlock, ImageBlock, ToolResultBlock } from './messages-request.js';

/** A part of a user message of chat completions. */
export type ChatContentPart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image_url'; readonly image_url: { readonly url: string } }
  | { readonly type: 'file'; readonly file: { readonly filename: string; readonly file_data: string } };

/**
 * What OpenAI can show a model of a user's or a tool's blocks. Blocks that only Anthropic knows are told in the receipt.
 * @throws {UserFacingError} for media that only Anthropic can fetch: without them the question would be another one
 */
export const toContentParts = (blocks: readonly ContentBlock[], receipt: Receipt): ChatContentPart[] =>
  blocks.flatMap((block) => toParts(block, receipt));

function toParts(block: ContentBlock, receipt: Receipt): ChatContentPart[] {
  dropCacheControl(block, receipt);
  switch (block.type) {
    case 'text':
      return textPart(block.text);
    case 'image':
      return [{ type: 'image_url', image_url: { url: imageUrl(block) } }];
    case 'document':
      return documentParts(block, receipt);
    case 'search_result': {
      const texts = block.content.map((inner) => (inner.type === 'text' ? inner.text : ''));
      return textPart([block.title, block.source, ...texts].filter((text) => text !== '').join('\n'));
    }
    case 'thinking':
    case 'redacted_thinking':
    case 'tool_use':
    case 'tool_result':
    case 'unknown':
      receipt.drop(block.path);
      return [];
  }
}

/** OpenAI caches without being asked. */
export function dropCacheControl({ path, cacheControl }: ContentBlock, receipt: Receipt): void {
  if (cacheControl) receipt.drop(`${path}.cache_control`);
}

const textPart = (text: string): ChatContentPart[] => (text === '' ? [] : [{ type: 'text', text }]);

function imageUrl({ source, path }: ImageBlock): string {
  switch (source.type) {
    case 'base64':
      return `data:${source.mediaType};base64,${source.data}`;
    case 'url':
      return source.url;
    case 'file':
    case 'unknown':
      throw unreachable(path, 'an image', source, '"base64" or "url"');
  }
}

function documentParts(block: DocumentBlock, receipt: Receipt): ChatContentPart[] {
  const { source, title, context, path } = block;
  switch (source.type) {
    case 'text':
      return textPart([title, context, source.text].filter(Boolean).join('\n'));
    case 'content':
      return [...textPart([title, context].filter(Boolean).join('\n')), ...toContentParts(source.content, receipt)];
    case 'base64': {
      const file_data = `data:${source.mediaType || 'application/pdf'};base64,${source.data}`;
      return [...textPart(context ?? ''), { type: 'file', file: { filename: title ?? 'document.pdf', file_data } }];
    }
    case 'url':
    case 'file':
    case 'unknown':
      throw unreachable(path, 'a document', source, '"base64", "text" or "content"');
  }
}

function unreachable(path: string, what: string, source: { readonly type: string }, expected: string): UserFacingError {
  const found = source.type === 'unknown' ? 'one that the gateway does not know' : `"${source.type}"`;
  return new UserFacingError(
    `"${path}.source" is ${what} that a backend of schema OpenAI cannot get: its type must be ${expected}, found ${found}; send the data itself`,
  );
}

/** A tool's result as text, and the media that can only follow in a user message (translators.md G20). */
export function toToolText(block: ToolResultBlock, receipt: Receipt) {
  dropCacheControl(block, receipt);
  const parts = toContentParts(block.content, receipt);
  const text = parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
  return { text: block.isError ? errorText(text) : text, media: parts.filter((part) => part.type !== 'text') };
}

/** OpenAI has no flag for a failed call: it is told as the object that cells for Anthropic read as one. */
function errorText(text: string): string {
  const value = parseJsonLeniently(Buffer.from(text));
  const isError = isJsonObject(value) && hasError(value);
  return isError ? text : JSON.stringify({ error: text });
}

const hasError = (value: JsonObject) => value['error'] !== undefined;
