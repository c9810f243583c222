import type { JsonObject, JsonValue } from '../../../codec/json-value.js';

/**
 * A chat request as all providers' converters read it: the common middle of `/v1/chat/completions` and of `/v1/responses`
 * by conversion. Every part knows where it stands in the client's body (`path`), for errors and receipts.
 * @see spec translators.md section 3
 */
export interface ChatRequest {
  readonly messages: readonly ChatMessage[];
  readonly isStreaming: boolean;
  /** `max_completion_tokens`, else `max_tokens`. */
  readonly maxTokens?: number;
  readonly temperature?: number;
  readonly topP?: number;
  /** Extension `top_k`. */
  readonly topK?: number;
  readonly presencePenalty?: number;
  readonly frequencyPenalty?: number;
  readonly seed?: number;
  readonly n?: number;
  readonly logprobs?: boolean;
  readonly topLogprobs?: number;
  /** Empty: none asked for. */
  readonly stop: readonly string[];
  readonly user?: string;
  readonly serviceTier?: string;
  readonly parallelToolCalls?: boolean;
  readonly tools: readonly ChatTool[];
  readonly toolChoice?: ToolChoice;
  readonly responseFormat?: ResponseFormat;
  readonly thinking?: Thinking;
  /** As the client wrote it: none, minimal, low, medium, high, xhigh, max or anything else. */
  readonly reasoningEffort?: string;
  /** True when the client asked to see the thinking (`reasoning.summary` of Responses). */
  readonly wantsVisibleThinking?: boolean;
  readonly guidedChoice?: readonly string[];
  readonly guidedRegex?: string;
  /** Any JSON. */
  readonly guidedJson?: JsonValue;
  /** Gemini's `safetySettings`, verbatim. */
  readonly safetySettings?: JsonValue;
  /** Gemini's `generationConfig.media_resolution`. */
  readonly mediaResolution?: string;
  /**
   * Top-level members of the body by the client's names, for members that only one provider knows and for receipts.
   * Of a Responses request: those members that conversion did not consume.
   */
  readonly fields: JsonObject;
  /** Paths below the top level that the reader knows no meaning for: dropped whatever the provider. Bounded. @see Receipt */
  readonly ignored?: readonly string[];
}

export type ChatMessage = SystemMessage | UserMessage | AssistantMessage | ToolMessage;

export interface SystemMessage {
  readonly role: 'system' | 'developer';
  readonly path: string;
  readonly parts: readonly TextPart[];
  /** True when the content was one string. */
  readonly isPlain: boolean;
  readonly name?: string;
}

export interface UserMessage {
  readonly role: 'user';
  readonly path: string;
  /** Empty when the content was null, missing or empty. */
  readonly parts: readonly UserPart[];
  readonly isPlain: boolean;
  readonly name?: string;
}

export interface AssistantMessage {
  readonly role: 'assistant';
  readonly path: string;
  /** In the client's order; unknown part types too. */
  readonly parts: readonly AssistantPart[];
  readonly isPlain: boolean;
  readonly toolCalls: readonly ToolCall[];
  /** Replay of thinking, from the message's `thinking_blocks` (translators.md G4). */
  readonly thinkingBlocks: readonly ThinkingBlock[];
  readonly refusal?: string;
  /** True when the message has `audio`, which no translated provider takes. */
  readonly hasAudio: boolean;
  readonly name?: string;
}

export interface ToolMessage {
  readonly role: 'tool';
  readonly path: string;
  readonly toolCallId: string;
  /** Text; images and files only from Responses' `function_call_output`. */
  readonly parts: readonly (TextPart | ImagePart | FilePart)[];
  /** True when the content was one string. */
  readonly isPlain: boolean;
  /** Marker on the message itself. */
  readonly cacheControl?: CacheControl;
  readonly name?: string;
}

/** A marker of type `ephemeral`; other types read as absent. */
export interface CacheControl {
  readonly ttl?: '5m' | '1h';
}

interface PartBase {
  readonly path: string;
  readonly cacheControl?: CacheControl;
}

export interface TextPart extends PartBase {
  readonly type: 'text';
  readonly text: string;
}

export interface ImagePart extends PartBase {
  readonly type: 'image_url';
  /** A `data:` URI, or the address of an image. */
  readonly url: string;
  readonly detail?: string;
}

export interface AudioPart extends PartBase {
  readonly type: 'input_audio';
  /** Base64. */
  readonly data: string;
  /** `wav`, `mp3`, … */
  readonly format: string;
}

/** Extensions of the gateway. */
export interface MediaUrlPart extends PartBase {
  readonly type: 'audio_url' | 'video_url';
  readonly url: string;
}

export interface FilePart extends PartBase {
  readonly type: 'file';
  /** A `data:` URI or bare base64. */
  readonly fileData?: string;
  /** From Responses' `file_url`. */
  readonly fileUrl?: string;
  readonly fileId?: string;
  readonly filename?: string;
}

export type UserPart = TextPart | ImagePart | AudioPart | MediaUrlPart | FilePart;

export type AssistantPart =
  | TextPart
  | (PartBase & { readonly type: 'refusal'; readonly refusal: string })
  | (PartBase & {
      readonly type: 'thinking';
      readonly text: string | undefined;
      readonly signature: string | undefined;
    })
  /** `data` is opaque text, as the provider gave it (translators.md G5). */
  | (PartBase & { readonly type: 'redacted_thinking'; readonly data: string | undefined })
  /** A type that the gateway does not know. */
  | (PartBase & { readonly type: 'unknown'; readonly name: string });

export type ThinkingBlock =
  | { readonly type: 'thinking'; readonly thinking?: string; readonly signature?: string }
  | { readonly type: 'redacted_thinking'; readonly data: string };

export interface ToolCall {
  readonly path: string;
  /** Undefined when the client left it out. */
  readonly id: string | undefined;
  readonly name: string;
  /** JSON text as the client sent it; not checked. @see parseToolArguments */
  readonly arguments: string;
  readonly cacheControl?: CacheControl;
}

export interface ChatTool {
  readonly path: string;
  /** `function`, `google_search`, `enterprise_search`, … */
  readonly type: string;
  /** Undefined for other types, or when the definition is missing. */
  readonly function: FunctionDefinition | undefined;
  /** The tool as the client wrote it. */
  readonly raw: JsonObject;
}

export interface FunctionDefinition {
  readonly name: string;
  readonly description?: string;
  readonly strict?: boolean;
  /** JSON schema, any JSON; undefined when absent or null. */
  readonly parameters?: JsonValue;
  readonly cacheControl?: CacheControl;
}

/** `allowed` lists the names of functions that the model may use; the mode is theirs (translators.md G53). */
export type ToolChoice =
  | { readonly kind: 'auto' | 'none' | 'required' }
  | {
      readonly kind: 'function';
      readonly name: string;
      /** The name stood in the place of `auto` and its like, not in an object. */
      readonly isWord?: true;
    }
  | { readonly kind: 'allowed'; readonly mode: 'auto' | 'required'; readonly names: readonly string[] };

export type ResponseFormat =
  | { readonly type: 'text' }
  | { readonly type: 'json_object' }
  | {
      readonly type: 'json_schema';
      readonly name?: string;
      readonly description?: string;
      readonly strict?: boolean;
      /** Any JSON; undefined when absent. */
      readonly schema?: JsonValue;
    };

export type Thinking =
  | {
      readonly type: 'enabled';
      readonly budgetTokens?: number;
      readonly includeThoughts?: boolean;
      readonly display?: string;
    }
  | { readonly type: 'disabled' }
  | { readonly type: 'adaptive'; readonly display?: string };
