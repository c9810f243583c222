import { knownAs } from '../../../../shared/translation-options.js';
import { openAIErrorResponse } from '../parts/chat/openai-error.js';
import { readTotalTokens } from '../parts/gemini/count.js';
import { toCountRequest } from '../parts/gemini/count-request.js';
import { geminiError } from '../parts/gemini/error.js';
import { modelPath, parseGeminiModel } from '../parts/gemini/model.js';
import { encodeTokenizeAnswer } from '../parts/tokenize/tokenize-answer.js';
import { readTokenizeRequest } from '../parts/tokenize/tokenize-request.js';
import { Receipt } from '../receipt.js';
import type { Translator } from '../translator.js';

/** @see spec translators.md section 13 */
export const tokenizeToGCPVertexAI: Translator = {
  start({ request, requestModel }, env) {
    const receipt = new Receipt();
    const tokenize = readTokenizeRequest(request.document());
    const body = toCountRequest(tokenize, parseGeminiModel(knownAs(requestModel, env.options)), receipt);
    return {
      kind: 'translating',
      request: {
        path: modelPath(requestModel, 'countTokens'),
        sets: [],
        body: Buffer.from(JSON.stringify(body)),
        dropped: receipt.dropped,
      },
      fallbackModel: requestModel,
      whole: (_, answer) => encodeTokenizeAnswer(readTotalTokens(answer)),
      stream() {
        throw new Error('token counting does not stream');
      },
      error(head, answer) {
        const { sets, ...error } = geminiError(head, answer);
        return openAIErrorResponse(error, sets);
      },
    };
  },
};
