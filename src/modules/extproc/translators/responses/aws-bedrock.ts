import { bedrockChat } from '../parts/bedrock/backend.js';
import { responsesCell } from '../parts/responses/responses-cell.js';

/** @see spec translators.md 18.3 and 5.3 */
export const responsesToAWSBedrock = responsesCell(bedrockChat);
