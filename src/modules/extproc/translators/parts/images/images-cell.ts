import type {
  ClientResponse,
  ResponseHead,
  Translator,
  TranslatorEnv,
  TranslatorInput,
  UpstreamRequest,
} from '../../translator.js';
import { encodeImages, type ImageAnswer } from './encode-images.js';
import { readImageRequest, type ImageRequest } from './image-request.js';

/** How images are asked of a provider that does not speak OpenAI's dialect. */
export interface ImagesBackend {
  /** @throws {UserFacingError} 422 */
  start(image: ImageRequest, input: TranslatorInput, env: TranslatorEnv): ImagesExchange;
}

export interface ImagesExchange {
  readonly request: UpstreamRequest;
  /** @throws {UpstreamAnswerError} */
  answer(body: Uint8Array): ImageAnswer;
  /** Never throws. */
  error(head: ResponseHead, body: Uint8Array): ClientResponse;
}

/** The cell of `/v1/images/generations` for a provider. */
export const imagesCell = (backend: ImagesBackend): Translator => ({
  start(input, env) {
    const exchange = backend.start(readImageRequest(input.request.document()), input, env);
    return {
      kind: 'translating',
      request: exchange.request,
      fallbackModel: input.requestModel,
      whole: (_, body) => encodeImages(exchange.answer(body), env.nowSeconds()),
      stream() {
        throw new Error('a request for a stream of images is refused');
      },
      error: (head, body) => exchange.error(head, body),
    };
  },
});
