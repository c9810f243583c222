import { describe, expect, it } from '@jest/globals';
import { fixedEnv, startCell } from '../../../../../test/harness/cell.js';

const sent = (model: string, knownModels: ReadonlyMap<string, string> = new Map()) => {
  const body = JSON.stringify({ model, prompt: 'a cat' });
  const { request } = startCell('images-generations', 'AWSBedrock', { body }, fixedEnv({ knownModels }));
  return { path: request.path, body: JSON.parse(Buffer.from(request.body!).toString()) as object };
};

const AMAZON = { taskType: 'TEXT_IMAGE', textToImageParams: { text: 'a cat' } };
const STABILITY = { prompt: 'a cat', mode: 'text-to-image' };

describe('images-generations → AWSBedrock (G33)', () => {
  it.each([
    ['amazon.nova-canvas-v1:0', AMAZON],
    ['us.amazon.nova-canvas-v1:0', AMAZON],
    ['amazon.titan-image-generator-v1', AMAZON],
    ['arn:aws:bedrock:us-east-1::foundation-model/amazon.titan-image-generator-v2:0', AMAZON],
    ['arn:aws:bedrock:us-east-1:1:application-inference-profile/abc', AMAZON],
    ['stability.sd3-5-large-v1:0', STABILITY],
    ['us.stability.stable-image-core-v1:1', STABILITY],
    ['arn:aws:bedrock:us-west-2:1:inference-profile/us.stability.stable-image-ultra-v1:1', STABILITY],
  ])('speaks the format of %s', (model, expected) => {
    expect(sent(model).body).toMatchObject(expected);
  });

  it('G30: speaks the format of the model that the operator says a profile stands for', () => {
    const known = new Map([['profile/abc', 'stability.sd3-5-large-v1:0']]);
    expect(sent('application-inference-profile/abc', known)).toEqual({
      path: '/model/application-inference-profile%2Fabc/invoke',
      body: STABILITY,
    });
  });
});
