import { errorTypesBy, passedError } from '../parts/messages/anthropic-error.js';
import { AnthropicStreamObserver, AnthropicWholeObserver } from '../parts/anthropic/observe.js';
import { vertexVersion } from '../parts/messages/anthropic-version.js';
import { editedBody } from '../parts/messages/raw-edits.js';
import { claudeOnVertexPath } from '../parts/messages/vertex-path.js';
import type { Translator } from '../translator.js';

/** Claude on Vertex AI: the model stands in the path, the version in the body. @see spec translators.md 11.2 */
export const messagesToGCPAnthropic: Translator = {
  start(input, env) {
    const { request, requestModel } = input;
    const body = editedBody(request.body, ['model'], { anthropic_version: JSON.stringify(vertexVersion(input)) });
    return {
      kind: 'observing',
      request: {
        path: claudeOnVertexPath(requestModel, request.isStreaming ? 'streamRawPredict' : 'rawPredict'),
        sets: [],
        body,
        dropped: [],
      },
      fallbackModel: undefined,
      observe: (isStream) => (isStream ? new AnthropicStreamObserver() : new AnthropicWholeObserver()),
      error: (head, answer) => passedError(head, answer, errorTypesBy(env.options)),
    };
  },
};
