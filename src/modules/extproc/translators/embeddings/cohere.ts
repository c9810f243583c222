import { posix } from 'node:path';
import { objectOf, parseJsonLeniently, stringOf } from '../../codec/json-value.js';
import { openAIErrorResponse } from '../parts/chat/openai-error.js';
import { cohereAnswer, cohereEmbedBody } from '../parts/embeddings/cohere-embed.js';
import { embeddingsCell } from '../parts/embeddings/embeddings-cell.js';
import type { ClientResponse, ResponseHead, Translator } from '../translator.js';

/** @see spec translators.md 18.5 */
export const embeddingsToCohere: Translator = embeddingsCell({
  start(embedding, { requestModel, schema }) {
    const takesDimensions = requestModel.includes('v4');
    const { body, dropped } = cohereEmbedBody(embedding, { takesDimensions, cutsEnd: 'END' });
    return {
      request: {
        path: posix.join('/', schema.version ?? '', 'embed'),
        sets: [],
        body: Buffer.from(JSON.stringify({ model: requestModel, ...body })),
        dropped,
      },
      answer: (_, answer) => cohereAnswer(answer),
      error: cohereError,
    };
  },
});

/** `{"message": …}`, or whatever else came. */
function cohereError({ status }: ResponseHead, body: Uint8Array): ClientResponse {
  const message = stringOf(objectOf(parseJsonLeniently(body))['message']);
  return openAIErrorResponse({
    type: 'CohereBackendError',
    message: message ?? Buffer.from(body).toString('utf8'),
    status,
  });
}
