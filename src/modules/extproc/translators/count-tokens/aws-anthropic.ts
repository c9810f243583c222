import { bedrockCountTokens } from '../parts/messages/bedrock-count.js';

export const countTokensToAWSAnthropic = bedrockCountTokens;
