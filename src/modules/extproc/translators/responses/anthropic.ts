import { anthropicChat } from '../parts/anthropic/backend.js';
import { responsesCell } from '../parts/responses/responses-cell.js';

/** @see spec translators.md 18.3 and 18.1 */
export const responsesToAnthropic = responsesCell(anthropicChat);
