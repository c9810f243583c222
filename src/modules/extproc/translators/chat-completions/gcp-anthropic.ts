import { gcpAnthropicChat } from '../parts/anthropic/backend.js';
import { chatCell } from '../parts/chat/chat-cell.js';

/** @see spec translators.md 5.4 and 5.7 */
export const chatToGCPAnthropic = chatCell(gcpAnthropicChat);
