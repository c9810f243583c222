import type {
  ClientResponse,
  ResponseHead,
  Translator,
  TranslatorEnv,
  TranslatorInput,
  UpstreamRequest,
} from '../../translator.js';
import { readEmbeddingRequest, type EmbeddingRequest } from './embedding-request.js';
import { encodeEmbeddings, type EmbeddingAnswer } from './encode-embeddings.js';

/** How embeddings are asked of a provider that does not speak OpenAI's dialect. */
export interface EmbeddingsBackend {
  /** @throws {UserFacingError} 422 */
  start(embedding: EmbeddingRequest, input: TranslatorInput, env: TranslatorEnv): EmbeddingsExchange;
}

export interface EmbeddingsExchange {
  readonly request: UpstreamRequest;
  /** @throws {UpstreamAnswerError} */
  answer(head: ResponseHead, body: Uint8Array): EmbeddingAnswer;
  /** Never throws. */
  error(head: ResponseHead, body: Uint8Array): ClientResponse;
}

/** The cell of `/v1/embeddings` for a provider; the client sees the model that it asked for. */
export const embeddingsCell = (backend: EmbeddingsBackend): Translator => ({
  start(input, env) {
    const embedding = readEmbeddingRequest(input.request.document());
    const exchange = backend.start(embedding, input, env);
    return {
      kind: 'translating',
      request: exchange.request,
      fallbackModel: input.requestModel,
      whole: (head, body) =>
        encodeEmbeddings(body, exchange.answer(head, body), embedding.isBase64, input.requestModel),
      stream: () => {
        throw new Error('embeddings do not stream');
      },
      error: (head, body) => exchange.error(head, body),
    };
  },
});
