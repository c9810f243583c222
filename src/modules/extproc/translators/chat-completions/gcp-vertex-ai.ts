import { chatCell } from '../parts/chat/chat-cell.js';
import { geminiBackend } from '../parts/gemini/chat-backend.js';

/** @see spec translators.md 5.8 */
export const chatToGCPVertexAI = chatCell(geminiBackend);
