import { readCount } from '../parts/anthropic/count-body.js';
import { awsError } from '../parts/aws/aws-error.js';
import { bedrockBaseModel, escapeModel } from '../parts/aws/model-path.js';
import { converseCount } from '../parts/bedrock/count-body.js';
import { inputTokensCell } from '../parts/responses/input-tokens-cell.js';

/** Bedrock's CountTokens of a part of a Converse request. @see spec translators.md 18.3.7 and section 13 */
export const inputTokensToAWSBedrock = inputTokensCell({
  request: (counted, { requestModel, knownModel }, receipt) => ({
    path: `/model/${escapeModel(bedrockBaseModel(requestModel))}/count-tokens`,
    body: { input: { converse: converseCount(counted, knownModel, receipt) } },
  }),
  readCount: (answer) => readCount(answer, 'inputTokens'),
  error: awsError,
});
