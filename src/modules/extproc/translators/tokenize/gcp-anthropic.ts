import { countMembers, readCount } from '../parts/anthropic/count-body.js';
import { claudeError } from '../parts/anthropic/provider-error.js';
import { vertexVersion } from '../parts/messages/anthropic-version.js';
import { claudeOnVertexPath, withoutFloatingVersion } from '../parts/messages/vertex-path.js';
import { openAIErrorResponse } from '../parts/chat/openai-error.js';
import { encodeTokenizeAnswer } from '../parts/tokenize/tokenize-answer.js';
import { readTokenizeRequest } from '../parts/tokenize/tokenize-request.js';
import { Receipt } from '../receipt.js';
import type { Translator } from '../translator.js';

/** Vertex counts for all models of Claude at one path; the model stands in the body. @see spec translators.md section 13 */
export const tokenizeToGCPAnthropic: Translator = {
  start(input) {
    const receipt = new Receipt();
    const model = withoutFloatingVersion(input.requestModel);
    const counted = countMembers(readTokenizeRequest(input.request.document()), receipt);
    const body = { model, anthropic_version: vertexVersion(input), ...counted };
    return {
      kind: 'translating',
      request: {
        path: claudeOnVertexPath('count-tokens', 'rawPredict'),
        sets: [],
        body: Buffer.from(JSON.stringify(body)),
        dropped: receipt.dropped,
      },
      fallbackModel: model,
      whole: (_, answer) => encodeTokenizeAnswer(readCount(answer, 'input_tokens')),
      stream: () => {
        throw new Error('token counting does not stream');
      },
      error: (head, answer) => openAIErrorResponse(claudeError(head, answer, 'GCPAnthropicBackendError')),
    };
  },
};
