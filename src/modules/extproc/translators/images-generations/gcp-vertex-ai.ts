import { knownAs } from '../../../../shared/translation-options.js';
import { openAIErrorResponse } from '../parts/chat/openai-error.js';
import { geminiError } from '../parts/gemini/error.js';
import { geminiImageAnswer, geminiImageRequest } from '../parts/images/gemini-images.js';
import { imagenAnswer, imagenRequest } from '../parts/images/imagen.js';
import { imagesCell } from '../parts/images/images-cell.js';
import type { Translator } from '../translator.js';

/** Models of Gemini by their name, all others as Imagen. @see spec translators.md G33 */
export const imagesGenerationsToGCPVertexAI: Translator = imagesCell({
  start(image, { requestModel }, { options }) {
    const knownModel = knownAs(requestModel, options);
    const isGemini = knownModel.includes('gemini');
    return {
      request: isGemini ? geminiImageRequest(image, requestModel, knownModel) : imagenRequest(image, requestModel),
      answer: isGemini ? geminiImageAnswer : imagenAnswer,
      error(head, body) {
        const { sets, ...error } = geminiError(head, body);
        return openAIErrorResponse(error, sets);
      },
    };
  },
});
