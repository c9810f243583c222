import type { FinishReason } from '../chat/chat-result.js';
import type { StopReason } from '../messages/message-result.js';

/** What becomes of `stopReason`; null and words that are not known end an answer as well (translators.md G6, G29). */
export function finishReasonOf(stopReason: string | undefined): FinishReason {
  switch (stopReason) {
    case 'max_tokens':
    case 'model_context_window_exceeded':
      return 'length';
    case 'content_filtered':
    case 'guardrail_intervened':
      return 'content_filter';
    case 'tool_use':
      return 'tool_calls';
    default:
      return 'stop';
  }
}

/** @see spec translators.md 11.4 */
export function stopReasonOf(stopReason: string | undefined): StopReason {
  switch (stopReason) {
    case 'max_tokens':
    case 'stop_sequence':
    case 'tool_use':
    case 'model_context_window_exceeded':
      return stopReason;
    default:
      return 'end_turn';
  }
}
