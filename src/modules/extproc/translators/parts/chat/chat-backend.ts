import type { HeaderSet } from '../../../header-set.js';
import type { ResponseHead, ResponseWatch, TranslatorEnv, TranslatorInput, UpstreamRequest } from '../../translator.js';
import type { ChatRequest } from './chat-request.js';
import type { ChatEvent, ChatResult, ProviderError } from './chat-result.js';

/**
 * How a chat reaches a provider that does not speak OpenAI's dialect. The chat and the responses cells of a schema are made
 * of one of these. Pure, as a translator is.
 */
export interface ChatBackend {
  /** @throws {UserFacingError} 422 @throws {MalformedRequestError} 400 */
  start(chat: ChatRequest, input: TranslatorInput, env: TranslatorEnv): ChatExchange;
}

export interface ChatExchange {
  /** `dropped` in the paths of the chat request's parts. */
  readonly request: UpstreamRequest;
  /** As in Exchange. */
  readonly fallbackModel: string | undefined;
  /** @throws {UpstreamAnswerError} */
  whole(head: ResponseHead, body: Uint8Array): ChatResult;
  stream(head: ResponseHead, emit: (event: ChatEvent) => void): ChatStreamReader;
  /** The provider's error; `sets` e.g. a `retry-after` found in the body. Never throws. */
  error(head: ResponseHead, body: Uint8Array): ProviderError & { readonly sets?: readonly HeaderSet[] };
}

/** Provider bytes in, chat events out. Any cut gives the same events. */
export interface ChatStreamReader extends ResponseWatch {
  push(chunk: Uint8Array): void;
  /** Emits what is missing for a complete stream, `done` included. */
  end(): void;
}
