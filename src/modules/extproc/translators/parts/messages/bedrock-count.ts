import { scanObject } from '../../../codec/json-scan.js';
import type { ClientResponse, Translator, TranslatorInput } from '../../translator.js';
import { readCount } from '../anthropic/count-body.js';
import { anthropicBaseModel, escapeModel } from '../aws/model-path.js';
import { errorTypesBy } from './anthropic-error.js';
import { bedrockVersion } from './anthropic-version.js';
import { awsAnthropicError } from './aws-error.js';
import { bedrockBetas } from './bedrock-betas.js';
import { editedBody } from './raw-edits.js';

/**
 * Bedrock's CountTokens for Claude, the same for both of its schemas: it takes the body of an InvokeModel request and the
 * plain model, without the geography of an inference profile. @see spec translators.md section 12
 */
export const bedrockCountTokens: Translator = {
  start(input, env) {
    const body = invokeModelBody(input).toString('base64');
    return {
      kind: 'translating',
      request: {
        path: `/model/${escapeModel(anthropicBaseModel(input.requestModel))}/count-tokens`,
        sets: [],
        body: Buffer.from(JSON.stringify({ input: { invokeModel: { body } } })),
        dropped: [],
      },
      fallbackModel: undefined,
      whole: (_, answer) => countResponse(answer),
      stream: () => {
        throw new Error('token counting does not stream');
      },
      error: (head, answer) => awsAnthropicError(head, answer, errorTypesBy(env.options)),
    };
  },
};

function invokeModelBody(input: TranslatorInput): Buffer {
  const { body } = input.request;
  const edited = editedBody(body, ['model', 'stream'], {
    anthropic_version: JSON.stringify(bedrockVersion(input)),
    // What an InvokeModel request must have and a count does not.
    ...(scanObject(body, ['max_tokens']).has('max_tokens') ? {} : { max_tokens: '1' }),
    ...bedrockBetas(input),
  });
  return Buffer.from(edited.buffer, edited.byteOffset, edited.length);
}

function countResponse(answer: Uint8Array): ClientResponse {
  const inputTokens = readCount(answer, 'inputTokens');
  return {
    body: Buffer.from(JSON.stringify({ input_tokens: inputTokens })),
    sets: [{ name: 'content-type', value: 'application/json' }],
    usage: { inputTokens },
  };
}
