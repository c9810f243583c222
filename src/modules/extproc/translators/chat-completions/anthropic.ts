import { anthropicChat } from '../parts/anthropic/backend.js';
import { chatCell } from '../parts/chat/chat-cell.js';

/** @see spec translators.md 18.1 */
export const chatToAnthropic = chatCell(anthropicChat);
