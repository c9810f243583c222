import { knownAs } from '../../../../shared/translation-options.js';
import { awsError } from '../parts/aws/aws-error.js';
import { escapeModel } from '../parts/aws/model-path.js';
import { openAIErrorResponse } from '../parts/chat/openai-error.js';
import { amazonImageAnswer, amazonImageBody } from '../parts/images/amazon-images.js';
import { imagesCell } from '../parts/images/images-cell.js';
import { stabilityAnswer, stabilityBody } from '../parts/images/stability.js';
import type { Translator } from '../translator.js';

/** Models of Stability AI by their name, all others as Amazon's own. @see spec translators.md G33 */
export const imagesGenerationsToAWSBedrock: Translator = imagesCell({
  start(image, { requestModel }, { options }) {
    // Behind a geography, or at the end of an ARN.
    const isStability = knownAs(requestModel, options).includes('stability.');
    const { body, dropped } = isStability ? stabilityBody(image) : amazonImageBody(image);
    return {
      request: {
        path: `/model/${escapeModel(requestModel)}/invoke`,
        sets: [],
        body: Buffer.from(JSON.stringify(body)),
        dropped,
      },
      answer: isStability ? stabilityAnswer : amazonImageAnswer,
      error: (head, answer) => openAIErrorResponse(awsError(head, answer)),
    };
  },
});
