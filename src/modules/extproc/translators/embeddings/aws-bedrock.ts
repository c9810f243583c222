import { knownAs } from '../../../../shared/translation-options.js';
import { isJsonType } from '../../codec/media-type.js';
import { counterOf, isJsonObjectText } from '../../codec/usage.js';
import { awsError } from '../parts/aws/aws-error.js';
import { escapeModel } from '../parts/aws/model-path.js';
import { openAIErrorResponse } from '../parts/chat/openai-error.js';
import { cohereAnswer, cohereEmbedBody } from '../parts/embeddings/cohere-embed.js';
import { embeddingsCell } from '../parts/embeddings/embeddings-cell.js';
import type { EmbeddingAnswer } from '../parts/embeddings/encode-embeddings.js';
import { titanAnswer, titanBody } from '../parts/embeddings/titan.js';
import type { ClientResponse, ResponseHead, Translator } from '../translator.js';

/** Models of Cohere by their name, all others as Titan. @see spec translators.md 7.4 and 18.5 */
export const embeddingsToAWSBedrock: Translator = embeddingsCell({
  start(embedding, { requestModel }, { options }) {
    const model = knownAs(requestModel, options);
    // Behind a geography, or at the end of an ARN.
    const isCohere = model.includes('cohere.embed-');
    const { body, dropped } = isCohere ? cohereEmbedBody(embedding, cohereModel(model)) : titanBody(embedding);
    return {
      request: {
        path: `/model/${escapeModel(requestModel)}/invoke`,
        sets: [],
        body: Buffer.from(JSON.stringify(body)),
        dropped,
      },
      answer: isCohere ? bedrockCohereAnswer : (_, answer) => titanAnswer(answer),
      error: embeddingError,
    };
  },
});

/** The fourth generation came with other words. */
const cohereModel = (model: string) =>
  model.includes('cohere.embed-v4')
    ? ({ takesDimensions: true, cutsEnd: 'RIGHT' } as const)
    : ({ takesDimensions: false, cutsEnd: 'END' } as const);

/** The count stands in a header only. */
function bedrockCohereAnswer({ headers }: ResponseHead, answer: Uint8Array): EmbeddingAnswer {
  const count = headers.get('x-amzn-bedrock-input-token-count');
  return { ...cohereAnswer(answer), inputTokens: count ? counterOf(Number(count)) : undefined };
}

/** JSON without AWS's error header does not come from AWS and goes through. */
function embeddingError(head: ResponseHead, body: Uint8Array): ClientResponse {
  const { headers } = head;
  const isForeign = isJsonType(headers.get('content-type')) && !headers.has('x-amzn-errortype');
  if (isForeign && isJsonObjectText(body)) return {};
  return openAIErrorResponse(awsError(head, body));
}
