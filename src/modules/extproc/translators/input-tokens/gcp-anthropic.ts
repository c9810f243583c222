import { countMembers, readCount } from '../parts/anthropic/count-body.js';
import { claudeError } from '../parts/anthropic/provider-error.js';
import { vertexVersion } from '../parts/messages/anthropic-version.js';
import { claudeOnVertexPath, withoutFloatingVersion } from '../parts/messages/vertex-path.js';
import { inputTokensCell } from '../parts/responses/input-tokens-cell.js';

/** Vertex counts for all models of Claude at one path; the model stands in the body. @see spec translators.md 18.3.7 and section 13 */
export const inputTokensToGCPAnthropic = inputTokensCell({
  request: (counted, input, receipt) => ({
    path: claudeOnVertexPath('count-tokens', 'rawPredict'),
    body: {
      model: withoutFloatingVersion(input.requestModel),
      anthropic_version: vertexVersion(input),
      ...countMembers(counted, receipt),
    },
  }),
  readCount: (answer) => readCount(answer, 'input_tokens'),
  error: (head, answer) => claudeError(head, answer, 'GCPAnthropicBackendError'),
});
