import { knownAs } from '../../../../shared/translation-options.js';
import { readCount } from '../parts/anthropic/count-body.js';
import { awsError } from '../parts/aws/aws-error.js';
import { bedrockBaseModel, escapeModel } from '../parts/aws/model-path.js';
import { converseCount } from '../parts/bedrock/count-body.js';
import { openAIErrorResponse } from '../parts/chat/openai-error.js';
import { encodeTokenizeAnswer } from '../parts/tokenize/tokenize-answer.js';
import { readTokenizeRequest } from '../parts/tokenize/tokenize-request.js';
import { Receipt } from '../receipt.js';
import type { Translator } from '../translator.js';

/**
 * Bedrock's CountTokens takes a part of a Converse request, and the plain model without the geography of an inference
 * profile. @see spec translators.md section 13
 */
export const tokenizeToAWSBedrock: Translator = {
  start(input, env) {
    const { requestModel } = input;
    const receipt = new Receipt();
    const request = readTokenizeRequest(input.request.document());
    const converse = converseCount(request, knownAs(requestModel, env.options), receipt);
    return {
      kind: 'translating',
      request: {
        path: `/model/${escapeModel(bedrockBaseModel(requestModel))}/count-tokens`,
        sets: [],
        body: Buffer.from(JSON.stringify({ input: { converse } })),
        dropped: receipt.dropped,
      },
      fallbackModel: requestModel,
      whole: (_, answer) => encodeTokenizeAnswer(readCount(answer, 'inputTokens')),
      stream: () => {
        throw new Error('token counting does not stream');
      },
      error: (head, answer) => openAIErrorResponse(awsError(head, answer)),
    };
  },
};
