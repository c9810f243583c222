import type { FinishReason } from '../chat/chat-result.js';

/** Unknown, new and missing reasons are a plain end (translators.md G6). @see spec translators.md 18.1.5 */
export function finishReasonOf(stopReason: string | undefined): FinishReason {
  switch (stopReason) {
    case 'max_tokens':
    case 'model_context_window_exceeded':
      return 'length';
    case 'tool_use':
      return 'tool_calls';
    case 'refusal':
      return 'content_filter';
    default:
      return 'stop';
  }
}
