import { errorTypesBy, passedError } from '../parts/messages/anthropic-error.js';
import { vertexVersion } from '../parts/messages/anthropic-version.js';
import { countObserver } from '../parts/messages/observed-answer.js';
import { editedBody } from '../parts/messages/raw-edits.js';
import { claudeOnVertexPath, withoutFloatingVersion } from '../parts/messages/vertex-path.js';
import type { Translator } from '../translator.js';

/** Vertex counts for all models of Claude at one path; the model stands in the body. @see spec translators.md section 12 */
export const countTokensToGCPAnthropic: Translator = {
  start(input, env) {
    const sets = {
      model: JSON.stringify(withoutFloatingVersion(input.requestModel)),
      anthropic_version: JSON.stringify(vertexVersion(input)),
    };
    return {
      kind: 'observing',
      request: {
        path: claudeOnVertexPath('count-tokens', 'rawPredict'),
        sets: [],
        body: editedBody(input.request.body, [], sets),
        dropped: [],
      },
      fallbackModel: undefined,
      observe: countObserver,
      error: (head, answer) => passedError(head, answer, errorTypesBy(env.options)),
    };
  },
};
