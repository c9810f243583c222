import { knownAs } from '../../../../shared/translation-options.js';
import { isJsonType } from '../../codec/media-type.js';
import { counterOf, isJsonObjectText } from '../../codec/usage.js';
import { awsError } from '../parts/aws/aws-error.js';
import { escapeModel } from '../parts/aws/model-path.js';
import { openAIErrorResponse } from '../parts/chat/openai-error.js';
import { cohereAnswer, cohereEmbedBody, type CohereEmbedModel } from '../parts/embeddings/cohere-embed.js';
import type { EmbeddingRequest } from '../parts/embeddings/embedding-request.js';
import { embeddingsCell } from '../parts/embeddings/embeddings-cell.js';
import type { EmbeddingAnswer } from '../parts/embeddings/encode-embeddings.js';
import { novaAnswer, novaEmbedBody } from '../parts/embeddings/nova.js';
import { titanAnswer, titanBody } from '../parts/embeddings/titan.js';
import type { ClientResponse, ResponseHead, Translator } from '../translator.js';

/** Models of Cohere and Amazon's Nova by their name, all others as Titan. @see spec translators.md 7.4, 18.5 and G33 */
export const embeddingsToAWSBedrock: Translator = embeddingsCell({
  start(embedding, { requestModel }, { options }) {
    const family = familyOf(knownAs(requestModel, options));
    const { body, dropped } = family.body(embedding);
    return {
      request: {
        path: `/model/${escapeModel(requestModel)}/invoke`,
        sets: [],
        body: Buffer.from(JSON.stringify(body)),
        dropped,
      },
      answer: family.answer,
      error: embeddingError,
    };
  },
});

interface Family {
  readonly body: (embedding: EmbeddingRequest) => { readonly body: object; readonly dropped: readonly string[] };
  readonly answer: (head: ResponseHead, body: Uint8Array) => EmbeddingAnswer;
}

const TITAN: Family = { body: titanBody, answer: (_, body) => titanAnswer(body) };
const NOVA: Family = { body: novaEmbedBody, answer: withCountOfHeader(novaAnswer) };
const COHERE: Family = cohereFamily({ takesDimensions: false, cutsEnd: 'END' });
/** The fourth generation came with other words. */
const COHERE_V4: Family = cohereFamily({ takesDimensions: true, cutsEnd: 'RIGHT' });

/** The name stands behind a geography, or at the end of an ARN. */
function familyOf(model: string): Family {
  if (model.includes('cohere.embed-v4')) return COHERE_V4;
  if (model.includes('cohere.embed-')) return COHERE;
  return model.includes('amazon.nova-') ? NOVA : TITAN;
}

function cohereFamily(model: CohereEmbedModel): Family {
  return { body: (embedding) => cohereEmbedBody(embedding, model), answer: withCountOfHeader(cohereAnswer) };
}

/** For answers without a count: it stands in a header only. */
function withCountOfHeader(read: (body: Uint8Array) => EmbeddingAnswer): Family['answer'] {
  return ({ headers }, body) => {
    const count = headers.get('x-amzn-bedrock-input-token-count');
    return { ...read(body), inputTokens: count ? counterOf(Number(count)) : undefined };
  };
}

/** JSON without AWS's error header does not come from AWS and goes through. */
function embeddingError(head: ResponseHead, body: Uint8Array): ClientResponse {
  const { headers } = head;
  const isForeign = isJsonType(headers.get('content-type')) && !headers.has('x-amzn-errortype');
  if (isForeign && isJsonObjectText(body)) return {};
  return openAIErrorResponse(awsError(head, body));
}
