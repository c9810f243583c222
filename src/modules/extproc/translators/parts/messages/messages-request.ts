import type { JsonObject, JsonValue } from '../../../codec/json-value.js';
import type { CacheControl } from '../chat/chat-request.js';

/**
 * A request of Anthropic's Messages API (or of its token counting) as the converters to other providers read it. Every part
 * knows where it stands in the client's body (`path`), for errors and receipts.
 * @see spec translators.md section 11 and 18.1.2
 */
export interface MessagesRequest {
  readonly isStreaming: boolean;
  /** Empty when there is none. */
  readonly system: readonly SystemBlock[];
  readonly messages: readonly InputMessage[];
  /** Undefined when the client left it out (0 in the reference). */
  readonly maxTokens?: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  /** Empty: none. */
  readonly stopSequences: readonly string[];
  readonly tools: readonly MessageTool[];
  readonly toolChoice?: MessageToolChoice;
  readonly thinking?: MessageThinking;
  readonly outputConfig: OutputConfig;
  /** `metadata.user_id`. */
  readonly userId?: string;
  /** Top-level members of the body as the client wrote them, for receipts. @see dropUnhandledFields */
  readonly fields: JsonObject;
}

/** A text block of `system`; a plain string is one block with the path `system`. */
export type SystemBlock = TextBlock;

export interface InputMessage {
  readonly path: string;
  /** `user`, `assistant`, `system` or whatever the client wrote. */
  readonly role: string;
  /** In the client's order; empty when the content was null, missing or an empty list. */
  readonly content: readonly ContentBlock[];
}

export type ContentBlock =
  | TextBlock
  | ImageBlock
  | DocumentBlock
  | SearchResultBlock
  | ThinkingInputBlock
  | RedactedThinkingBlock
  | ToolUseBlock
  | ToolResultBlock
  | UnknownBlock;

interface BlockBase {
  readonly path: string;
  readonly cacheControl?: CacheControl;
}

export interface TextBlock extends BlockBase {
  readonly type: 'text';
  /** May be blank. */
  readonly text: string;
}

export interface ImageBlock extends BlockBase {
  readonly type: 'image';
  readonly source: MediaSource;
}

export interface DocumentBlock extends BlockBase {
  readonly type: 'document';
  readonly source: MediaSource | TextSource | ContentSource;
  readonly title?: string;
  readonly context?: string;
}

export type MediaSource =
  /** `data` is base64 as the client wrote it. */
  | { readonly type: 'base64'; readonly mediaType: string; readonly data: string }
  | { readonly type: 'url'; readonly url: string }
  | { readonly type: 'file'; readonly fileId: string }
  | { readonly type: 'unknown'; readonly name: string };

/** Plain text. */
export interface TextSource {
  readonly type: 'text';
  readonly text: string;
}

export interface ContentSource {
  readonly type: 'content';
  readonly content: readonly ContentBlock[];
}

export interface SearchResultBlock extends BlockBase {
  readonly type: 'search_result';
  /** Where it was found, mostly an address. */
  readonly source: string;
  readonly title: string;
  readonly content: readonly ContentBlock[];
}

export interface ThinkingInputBlock extends BlockBase {
  readonly type: 'thinking';
  /** Empty when the thinking was omitted. */
  readonly thinking: string;
  readonly signature?: string;
}

export interface RedactedThinkingBlock extends BlockBase {
  readonly type: 'redacted_thinking';
  /** Opaque text, to be replayed unchanged (translators.md G5). */
  readonly data: string;
}

export interface ToolUseBlock extends BlockBase {
  readonly type: 'tool_use';
  readonly id: string;
  readonly name: string;
  readonly input: JsonObject;
}

export interface ToolResultBlock extends BlockBase {
  readonly type: 'tool_result';
  readonly toolUseId: string;
  /** A plain string is one text block; empty for no content. */
  readonly content: readonly ContentBlock[];
  readonly isError: boolean;
}

/** A type that no other provider knows: server tools and their results, uploads, and what is newer than this gateway. */
export interface UnknownBlock extends BlockBase {
  readonly type: 'unknown';
  /** The `type` that the client wrote. */
  readonly name: string;
}

export type MessageTool =
  | {
      readonly kind: 'custom';
      readonly path: string;
      readonly name: string;
      readonly description?: string;
      /** JSON schema, any JSON; undefined when absent or null. */
      readonly inputSchema?: JsonValue;
      readonly strict?: boolean;
      readonly cacheControl?: CacheControl;
    }
  /** Defined by Anthropic: `bash_20250124`, `web_search_20250305`, … */
  | { readonly kind: 'typed'; readonly path: string; readonly type: string; readonly name: string };

export type MessageToolChoice = {
  /** Undefined when the client left it out. */
  readonly disableParallelToolUse?: boolean;
} & (
  | { readonly kind: 'auto' | 'any' | 'none' }
  | { readonly kind: 'tool'; readonly name: string }
  /** A type that the gateway does not know: to be left out and told. */
  | { readonly kind: 'unknown'; readonly type: string }
);

export type MessageThinking =
  | { readonly type: 'enabled'; readonly budgetTokens?: number; readonly display?: string }
  | { readonly type: 'adaptive'; readonly display?: string }
  | { readonly type: 'disabled' }
  /** A type that the gateway does not know: to be left out and told. */
  | { readonly type: 'unknown'; readonly name: string };

export interface OutputConfig {
  /** As the client wrote it: low, medium, high, xhigh, max or anything else. */
  readonly effort?: string;
  /** Structured output; `path` is `output_config.format` or the older `output_format`. */
  readonly format?: { readonly path: string; readonly schema: JsonValue };
}
