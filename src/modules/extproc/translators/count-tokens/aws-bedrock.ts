import { bedrockCountTokens } from '../parts/messages/bedrock-count.js';

/** Counts for Claude alone: what the client sends is Anthropic's body. */
export const countTokensToAWSBedrock = bedrockCountTokens;
