import { objectOf } from '../../../codec/json-value.js';
import type { Translator, TranslatorInput } from '../../translator.js';
import type { ChatBackend } from './chat-backend.js';
import type { ChatRequest } from './chat-request.js';
import { streamOf } from './chat-stream.js';
import { ChunkEncoder } from './chunk-encoder.js';
import { encodeCompletion } from './encode-completion.js';
import { openAIErrorResponse } from './openai-error.js';
import { readChatRequest } from './read-chat-request.js';

/** The cell of `/v1/chat/completions` for a provider that speaks another dialect. */
export const chatCell = (backend: ChatBackend): Translator => ({
  start(input, env) {
    const chat = readChatRequest(input.request.document(), input.request.isStreaming);
    const exchange = backend.start(chat, input, env);
    const { request } = exchange;
    const showsUsage = !env.options.hidesUnaskedUsage || asksForUsage(chat, input);
    return {
      kind: 'translating',
      request: chat.ignored ? { ...request, dropped: [...request.dropped, ...chat.ignored] } : request,
      fallbackModel: exchange.fallbackModel,
      whole(head, body) {
        const result = exchange.whole(head, body);
        return {
          body: encodeCompletion(result, env),
          sets: [{ name: 'content-type', value: 'application/json' }],
          model: result.model,
          ...(result.usage ? { usage: result.usage } : {}),
        };
      },
      stream: (head) => streamOf(exchange, head, new ChunkEncoder(env, input.requestModel, showsUsage)),
      error(head, body) {
        const { sets, ...error } = exchange.error(head, body);
        return openAIErrorResponse({ ...error, status: head.status }, sets);
      },
    };
  },
});

/** Usage that the gateway asked for itself stands in the body as well. */
const asksForUsage = ({ fields }: ChatRequest, { request }: TranslatorInput): boolean =>
  !request.isRewritten && objectOf(fields['stream_options'])['include_usage'] === true;
