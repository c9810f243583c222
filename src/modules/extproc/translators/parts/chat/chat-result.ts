import type { TokenUsage } from '../../../../../shared/token-usage.js';
import type { JsonValue } from '../../../codec/json-value.js';
import type { ThinkingBlock } from './chat-request.js';

/** `finish_reason` towards OpenAI clients; the last six come from Gemini. @see spec translators.md 5.8 */
export type FinishReason =
  | 'stop'
  | 'length'
  | 'tool_calls'
  | 'content_filter'
  | 'recitation'
  | 'malformed_function_call'
  | 'unexpected_tool_call'
  | 'language'
  | 'no_image'
  | 'error';

/** A whole chat answer, whoever gave it. Encoded as a chat completion or as a response object. */
export interface ChatResult {
  /** Undefined: the encoder makes one. */
  readonly id: string | undefined;
  /** Undefined: now. Unix seconds. */
  readonly created?: number;
  /** Shown to the client. */
  readonly model: string;
  readonly serviceTier?: string;
  readonly choices: readonly ChatChoice[];
  /** Absent when the provider reported none. */
  readonly usage?: TokenUsage;
}

export interface ChatChoice {
  readonly index: number;
  /** All text blocks joined; undefined when there was none. */
  readonly content: string | undefined;
  readonly refusal?: string;
  /** All thinking text joined. */
  readonly reasoning?: string;
  readonly thinkingBlocks: readonly ThinkingBlock[];
  readonly toolCalls: readonly ResultToolCall[];
  /** OpenAI `url_citation` annotations, ready to be written. */
  readonly annotations?: readonly JsonValue[];
  /** Images that the model made, as `{type:"image_url",image_url:{url:"data:…"}}`. */
  readonly images?: readonly JsonValue[];
  readonly finishReason: FinishReason;
  readonly logprobs?: JsonValue;
  /** More members of `message`, e.g. `safety_ratings` and `grounding_metadata` of Gemini. */
  readonly extras?: Readonly<Record<string, JsonValue>>;
}

export interface ResultToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON text. */
  readonly arguments: string;
}

/**
 * One thing that a streamed chat answer says. `choice` is the index of the choice. The order is the provider's; a reader
 * never sends `tool-arguments` for an index that no `tool-call` opened.
 */
export type ChatEvent =
  /** What the provider tells about the answer; before anything else, at most once. */
  | { readonly kind: 'start'; readonly id?: string; readonly model?: string; readonly serviceTier?: string }
  /** The provider began a message: becomes a chunk with the role. Without it the role goes with the first content. */
  | { readonly kind: 'role'; readonly choice: number }
  | { readonly kind: 'text'; readonly choice: number; readonly text: string }
  | { readonly kind: 'reasoning'; readonly choice: number; readonly text: string }
  /** A signature (with or without text, which was sent as `reasoning` already and is not repeated) or redacted thinking. */
  | { readonly kind: 'thinking-block'; readonly choice: number; readonly block: ThinkingBlock }
  | { readonly kind: 'refusal'; readonly choice: number; readonly text: string }
  /** Opens tool call `index` (0, 1, … per choice); `arguments` holds what is known already, maybe all of it or ''. */
  | {
      readonly kind: 'tool-call';
      readonly choice: number;
      readonly index: number;
      readonly id: string;
      readonly name: string;
      readonly arguments: string;
    }
  | { readonly kind: 'tool-arguments'; readonly choice: number; readonly index: number; readonly text: string }
  | { readonly kind: 'annotations'; readonly choice: number; readonly annotations: readonly JsonValue[] }
  | { readonly kind: 'images'; readonly choice: number; readonly images: readonly JsonValue[] }
  | { readonly kind: 'logprobs'; readonly choice: number; readonly logprobs: JsonValue }
  /** More members of `delta`. */
  | { readonly kind: 'extras'; readonly choice: number; readonly extras: Readonly<Record<string, JsonValue>> }
  | { readonly kind: 'finish'; readonly choice: number; readonly reason: FinishReason }
  /** Final usage, at most once. */
  | { readonly kind: 'usage'; readonly usage: TokenUsage; readonly serviceTier?: string }
  /** The provider said that it is still there. */
  | { readonly kind: 'keep-alive' }
  /** The stream failed; nothing but `done` follows. `usage` is what was known of it, put in on the way to an encoder. */
  | { readonly kind: 'error'; readonly error: ProviderError; readonly usage?: TokenUsage }
  /** The answer is complete as the provider marks it; nothing follows. A reader sends it at `end()` at the latest. */
  | { readonly kind: 'done' };

/** An error of a provider, as clients of OpenAI's dialect get it; `code` on the wire is the HTTP status. */
export interface ProviderError {
  readonly type: string;
  readonly message: string;
  /** HTTP status that the error stands for; of an error inside of a stream the one that it would have had. */
  readonly status: number;
}
