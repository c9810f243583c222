import { awsAnthropicChat } from '../parts/anthropic/backend.js';
import { responsesCell } from '../parts/responses/responses-cell.js';

/** @see spec translators.md 18.3 and 5.4 and 5.6 */
export const responsesToAWSAnthropic = responsesCell(awsAnthropicChat);
