import { countMembers, readCount } from '../parts/anthropic/count-body.js';
import { awsError } from '../parts/aws/aws-error.js';
import { anthropicBaseModel, escapeModel } from '../parts/aws/model-path.js';
import { bedrockVersion } from '../parts/messages/anthropic-version.js';
import { inputTokensCell } from '../parts/responses/input-tokens-cell.js';

/** Bedrock's CountTokens of the body of an InvokeModel request. @see spec translators.md 18.3.7 and section 13 */
export const inputTokensToAWSAnthropic = inputTokensCell({
  request(counted, input, receipt) {
    // What an InvokeModel request must have and a count does not.
    const invoked = { anthropic_version: bedrockVersion(input), max_tokens: 1, ...countMembers(counted, receipt) };
    const body = Buffer.from(JSON.stringify(invoked)).toString('base64');
    return {
      path: `/model/${escapeModel(anthropicBaseModel(input.requestModel))}/count-tokens`,
      body: { input: { invokeModel: { body } } },
    };
  },
  readCount: (answer) => readCount(answer, 'inputTokens'),
  error: awsError,
});
