import { knownAs } from '../../../../shared/translation-options.js';
import { geminiMessageError } from '../parts/gemini/message-error.js';
import { toMessageResult } from '../parts/gemini/message-answer.js';
import { toGeminiMessages } from '../parts/gemini/message-request.js';
import { GeminiMessageStream } from '../parts/gemini/message-stream.js';
import { generatePath, parseGeminiModel } from '../parts/gemini/model.js';
import { messageResponse } from '../parts/messages/encode-message.js';
import { messageStream } from '../parts/messages/message-stream.js';
import { readMessagesRequest } from '../parts/messages/read-messages-request.js';
import { Receipt } from '../receipt.js';
import type { Translator } from '../translator.js';

/** @see spec translators.md 18.2 */
export const messagesToGCPVertexAI: Translator = {
  start({ request, requestModel }, env) {
    const receipt = new Receipt();
    const messages = readMessagesRequest(request.document());
    const body = toGeminiMessages(messages, parseGeminiModel(knownAs(requestModel, env.options)), receipt);
    return {
      kind: 'translating',
      request: {
        path: generatePath(requestModel, messages.isStreaming),
        sets: [],
        body: Buffer.from(JSON.stringify(body)),
        dropped: receipt.dropped,
      },
      fallbackModel: requestModel,
      whole: (_, answer) => messageResponse(toMessageResult(answer, requestModel, env), env),
      stream: () => messageStream(env, requestModel, (writer) => new GeminiMessageStream(writer, env)),
      error: geminiMessageError,
    };
  },
};
