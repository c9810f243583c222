import { bedrockChat } from '../parts/bedrock/backend.js';
import { chatCell } from '../parts/chat/chat-cell.js';

/** @see spec translators.md 5.3 */
export const chatToAWSBedrock = chatCell(bedrockChat);
