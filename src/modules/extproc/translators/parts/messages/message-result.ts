import type { TokenUsage } from '../../../../../shared/token-usage.js';
import type { JsonObject } from '../../../codec/json-value.js';

/** Why an answer ended. @see spec translators.md 18.1.5 */
export type StopReason =
  'end_turn' | 'max_tokens' | 'stop_sequence' | 'tool_use' | 'pause_turn' | 'refusal' | 'model_context_window_exceeded';

/** A whole answer of the Messages API, whoever gave it. */
export interface MessageResult {
  /** Undefined: the encoder makes one (translators.md G44). */
  readonly id: string | undefined;
  /** Shown to the client. */
  readonly model: string;
  readonly content: readonly ResultBlock[];
  readonly stopReason: StopReason;
  /** The text that ended the answer; undefined when none did or none is known. */
  readonly stopSequence?: string;
  /** Absent when the provider reported none: zeros on the wire. */
  readonly usage?: TokenUsage;
}

export type ResultBlock =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'thinking'; readonly thinking: string; readonly signature: string }
  /** `data` is opaque text. */
  | { readonly type: 'redacted_thinking'; readonly data: string }
  | { readonly type: 'tool_use'; readonly id: string; readonly name: string; readonly input: JsonObject };
