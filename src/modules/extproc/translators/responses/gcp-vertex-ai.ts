import { geminiBackend } from '../parts/gemini/chat-backend.js';
import { responsesCell } from '../parts/responses/responses-cell.js';

/** @see spec translators.md 18.3 and 5.8 */
export const responsesToGCPVertexAI = responsesCell(geminiBackend);
