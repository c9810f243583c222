import { countMembers, readCount } from '../parts/anthropic/count-body.js';
import { claudeError } from '../parts/anthropic/provider-error.js';
import { versionHeader } from '../parts/messages/anthropic-version.js';
import { prefixedPath } from '../parts/openai/passthrough.js';
import { inputTokensCell } from '../parts/responses/input-tokens-cell.js';

/** @see spec translators.md 18.3.7 and section 12 */
export const inputTokensToAnthropic = inputTokensCell({
  request: (counted, input, receipt) => ({
    path: prefixedPath(input.schema.prefix, 'messages/count_tokens'),
    sets: versionHeader(input),
    body: { model: input.requestModel, ...countMembers(counted, receipt) },
  }),
  readCount: (answer) => readCount(answer, 'input_tokens'),
  error: (head, answer) => claudeError(head, answer, 'AnthropicBackendError'),
});
