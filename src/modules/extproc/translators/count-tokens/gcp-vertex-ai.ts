import { knownAs } from '../../../../shared/translation-options.js';
import { readTotalTokens } from '../parts/gemini/count.js';
import { geminiMessageError } from '../parts/gemini/message-error.js';
import { toGeminiMessages } from '../parts/gemini/message-request.js';
import { modelPath, parseGeminiModel } from '../parts/gemini/model.js';
import { readMessagesRequest } from '../parts/messages/read-messages-request.js';
import { Receipt } from '../receipt.js';
import type { Translator } from '../translator.js';

/** @see spec translators.md 18.2.8 */
export const countTokensToGCPVertexAI: Translator = {
  start({ request, requestModel }, env) {
    const receipt = new Receipt();
    const messages = readMessagesRequest(request.document());
    // How a tool is chosen counts no tokens, and `countTokens` does not take it.
    const { toolConfig: _, ...counted } = toGeminiMessages(
      messages,
      parseGeminiModel(knownAs(requestModel, env.options)),
      receipt,
    );
    return {
      kind: 'translating',
      request: {
        path: modelPath(requestModel, 'countTokens'),
        sets: [],
        body: Buffer.from(JSON.stringify(counted)),
        dropped: receipt.dropped,
      },
      fallbackModel: undefined,
      whole(_head, answer) {
        const inputTokens = readTotalTokens(answer);
        return {
          body: Buffer.from(JSON.stringify({ input_tokens: inputTokens })),
          sets: [{ name: 'content-type', value: 'application/json' }],
          usage: { inputTokens },
        };
      },
      stream() {
        throw new Error('token counting does not stream');
      },
      error: geminiMessageError,
    };
  },
};
