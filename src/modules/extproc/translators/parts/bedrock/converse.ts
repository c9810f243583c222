import type { JsonObject, JsonValue } from '../../../codec/json-value.js';
import type { CacheControl } from '../chat/chat-request.js';

/*
 * Shapes of the Converse API as far as they are sent. Blobs are base64 text. Aliases, not interfaces, so that they are JSON
 * objects to the compiler. @see https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
 */

export type MediumSource = { readonly bytes: string } | { readonly s3Location: { readonly uri: string } };

export type DocumentSource =
  MediumSource | { readonly text: string } | { readonly content: readonly { readonly text: string }[] };

type Medium = { readonly format: string; readonly source: MediumSource };

export type DocumentContent = {
  readonly format?: string;
  readonly name: string;
  readonly source: DocumentSource;
  readonly context?: string;
};

export type SearchResultContent = {
  readonly source: string;
  readonly title: string;
  readonly content: readonly { readonly text: string }[];
};

/** What may stand in a message and in a tool result as well. */
export type ResultContent =
  | { readonly text: string }
  | { readonly image: Medium }
  | { readonly document: DocumentContent }
  | { readonly video: Medium }
  | { readonly searchResult: SearchResultContent };

export type ConverseBlock =
  | ResultContent
  | { readonly audio: Medium }
  | { readonly reasoningContent: { readonly reasoningText: { readonly text: string; readonly signature?: string } } }
  | { readonly reasoningContent: { readonly redactedContent: string } }
  | { readonly toolUse: { readonly toolUseId: string; readonly name: string; readonly input: JsonObject } }
  | {
      readonly toolResult: {
        readonly toolUseId: string;
        readonly content: readonly ResultContent[];
        readonly status?: 'error';
      };
    };

export type CachePoint = { readonly cachePoint: { readonly type: 'default'; readonly ttl?: '5m' | '1h' } };

export type SystemBlock = { readonly text: string } | CachePoint;

export type ConverseMessage = {
  readonly role: 'user' | 'assistant';
  readonly content: readonly (ConverseBlock | CachePoint)[];
};

export type ToolElement =
  | {
      readonly toolSpec: {
        readonly name: string;
        readonly description?: string;
        readonly inputSchema: { readonly json: JsonValue };
        readonly strict?: true;
      };
    }
  | CachePoint;

/** Where the prompt may be cached up to (translators.md G52). */
export const cachePoint = ({ ttl }: CacheControl): CachePoint => ({
  cachePoint: { type: 'default', ...(ttl === undefined ? {} : { ttl }) },
});

/** Converse refuses blank text (translators.md G19). */
export const isBlank = (text: string): boolean => text.trim() === '';
