import { knownAs } from '../../../../../shared/translation-options.js';
import { Receipt } from '../../receipt.js';
import type { ChatBackend } from '../chat/chat-backend.js';
import { toGeminiChat } from './chat-request.js';
import { geminiError } from './error.js';
import { generatePath, parseGeminiModel } from './model.js';
import { toChatResult } from './result.js';
import { GeminiChatStream } from './stream.js';

/** Chats with Gemini on Vertex AI. @see spec translators.md 5.8 */
export const geminiBackend: ChatBackend = {
  start(chat, { requestModel }, env) {
    const receipt = new Receipt();
    const { request, trimming } = toGeminiChat(chat, parseGeminiModel(knownAs(requestModel, env.options)), receipt);
    return {
      request: {
        path: generatePath(requestModel, chat.isStreaming),
        sets: [],
        body: Buffer.from(JSON.stringify(request)),
        dropped: receipt.dropped,
      },
      fallbackModel: requestModel,
      whole: (_, body) => toChatResult(body, requestModel, trimming, env),
      stream: (_, emit) => new GeminiChatStream(trimming, env, emit),
      error: geminiError,
    };
  },
};
