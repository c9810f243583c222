import { knownAs } from '../../../../shared/translation-options.js';
import { openAIErrorResponse } from '../parts/chat/openai-error.js';
import { embeddingsCell } from '../parts/embeddings/embeddings-cell.js';
import { embedContentAnswer, embedContentRequest, takesContent } from '../parts/embeddings/vertex-embed-content.js';
import { predictAnswer, predictRequest } from '../parts/embeddings/vertex-predict.js';
import { geminiError } from '../parts/gemini/error.js';
import type { Translator } from '../translator.js';

/** The model decides which of the two methods is called. @see spec translators.md 7.3 */
export const embeddingsToGCPVertexAI: Translator = embeddingsCell({
  start(embedding, { requestModel }, env) {
    const knownModel = knownAs(requestModel, env.options);
    const isContent = takesContent(knownModel);
    return {
      request: isContent
        ? embedContentRequest(embedding, { requestModel, knownModel })
        : predictRequest(embedding, requestModel),
      answer: (_, answer) => (isContent ? embedContentAnswer(answer) : predictAnswer(answer)),
      error(head, body) {
        const { sets, ...error } = geminiError(head, body);
        return openAIErrorResponse(error, sets);
      },
    };
  },
});
