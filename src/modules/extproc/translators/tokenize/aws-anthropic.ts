import { countMembers, readCount } from '../parts/anthropic/count-body.js';
import { awsError } from '../parts/aws/aws-error.js';
import { anthropicBaseModel, escapeModel } from '../parts/aws/model-path.js';
import { openAIErrorResponse } from '../parts/chat/openai-error.js';
import { bedrockVersion } from '../parts/messages/anthropic-version.js';
import { encodeTokenizeAnswer } from '../parts/tokenize/tokenize-answer.js';
import { readTokenizeRequest } from '../parts/tokenize/tokenize-request.js';
import { Receipt } from '../receipt.js';
import type { Translator } from '../translator.js';

/**
 * Bedrock's CountTokens takes the body of an InvokeModel request, and the plain model without the geography of an inference
 * profile. @see spec translators.md section 13
 */
export const tokenizeToAWSAnthropic: Translator = {
  start(input) {
    const receipt = new Receipt();
    const counted = countMembers(readTokenizeRequest(input.request.document()), receipt);
    // What an InvokeModel request must have and a count does not.
    const invoked = { anthropic_version: bedrockVersion(input), max_tokens: 1, ...counted };
    const body = Buffer.from(JSON.stringify(invoked)).toString('base64');
    return {
      kind: 'translating',
      request: {
        path: `/model/${escapeModel(anthropicBaseModel(input.requestModel))}/count-tokens`,
        sets: [],
        body: Buffer.from(JSON.stringify({ input: { invokeModel: { body } } })),
        dropped: receipt.dropped,
      },
      fallbackModel: input.requestModel,
      whole: (_, answer) => encodeTokenizeAnswer(readCount(answer, 'inputTokens')),
      stream: () => {
        throw new Error('token counting does not stream');
      },
      error: (head, answer) => openAIErrorResponse(awsError(head, answer)),
    };
  },
};
