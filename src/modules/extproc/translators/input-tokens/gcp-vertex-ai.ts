import { readTotalTokens } from '../parts/gemini/count.js';
import { toCountRequest } from '../parts/gemini/count-request.js';
import { geminiError } from '../parts/gemini/error.js';
import { modelPath, parseGeminiModel } from '../parts/gemini/model.js';
import { inputTokensCell } from '../parts/responses/input-tokens-cell.js';

/** @see spec translators.md 18.3.7 and section 13 */
export const inputTokensToGCPVertexAI = inputTokensCell({
  request: (counted, { requestModel, knownModel }, receipt) => ({
    path: modelPath(requestModel, 'countTokens'),
    body: toCountRequest(counted, parseGeminiModel(knownModel), receipt),
  }),
  readCount: readTotalTokens,
  error: geminiError,
});
