import type { FinishReason } from '../chat/chat-result.js';
import type { StopReason } from '../messages/message-result.js';

/** Of a candidate whose prompt turned out to be blocked when it was begun already. */
export const BLOCKED = 'PROHIBITED_CONTENT';

/** Any text: what Gemini adds one day is an error. @see spec translators.md 5.8, "finishReason" */
export function toFinishReason(reason: string, hasCalls: boolean): FinishReason {
  switch (reason) {
    case 'STOP':
      return hasCalls ? 'tool_calls' : 'stop';
    case 'MAX_TOKENS':
      return 'length';
    case 'SAFETY':
    case 'BLOCKLIST':
    case 'PROHIBITED_CONTENT':
    case 'SPII':
    case 'IMAGE_SAFETY':
    case 'IMAGE_PROHIBITED_CONTENT':
      return 'content_filter';
    case 'RECITATION':
    case 'IMAGE_RECITATION':
      return 'recitation';
    case 'MALFORMED_FUNCTION_CALL':
      return 'malformed_function_call';
    case 'UNEXPECTED_TOOL_CALL':
      return 'unexpected_tool_call';
    case 'LANGUAGE':
      return 'language';
    case 'NO_IMAGE':
      return 'no_image';
    default:
      return 'error';
  }
}

/** Undefined for an answer that went wrong: without content it is a failure. @see spec translators.md 18.2.6 */
export function toStopReason(reason: string, hasCalls: boolean): StopReason | undefined {
  switch (reason) {
    case 'STOP':
      return hasCalls ? 'tool_use' : 'end_turn';
    case 'MAX_TOKENS':
      return 'max_tokens';
    case 'SAFETY':
    case 'BLOCKLIST':
    case 'PROHIBITED_CONTENT':
    case 'SPII':
    case 'RECITATION':
    case 'LANGUAGE':
    case 'IMAGE_SAFETY':
    case 'IMAGE_PROHIBITED_CONTENT':
    case 'IMAGE_RECITATION':
      return 'refusal';
    default:
      return undefined;
  }
}
