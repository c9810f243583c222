import { describe, expect, it } from '@jest/globals';
import { playStream, responseHead, startCell } from '../../../../../test/harness/cell.js';

const start = (body = '{"model":"m","prompt":"a"}', modelNameOverride = '') =>
  startCell('tokenize', 'OpenAI', { body, modelNameOverride, prefix: 'other/v9' });
const bodyOf = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString();

describe('tokenize → OpenAI', () => {
  it.each(['{"model":"m","prompt":"a"}', '{"model":"m","messages":[]}'])(
    'both variants go on as they are: %s',
    (body) => {
      const { request, fallbackModel } = start(body);
      expect({ request, fallbackModel }).toEqual({
        request: { path: '/tokenize', sets: [], dropped: [] },
        fallbackModel: 'm',
      });
    },
  );

  it('override', () => {
    const { request, fallbackModel } = start('{"model":"m","prompt":"a"}', 'other');
    expect([bodyOf(request.body), fallbackModel]).toEqual(['{"model":"other","prompt":"a"}', 'other']);
  });

  it.each([
    ['response', '{"count":3,"max_model_len":9,"tokens":[1,2,3]}', { usage: { inputTokens: 3 } }],
    ['no count', '{"tokens":[]}', {}],
    ['invalid', '{"count":', {}],
    ['empty', '', {}],
  ])('G39: meters the %s', (_, answer, facts) => {
    expect(playStream(start(), [Buffer.from(answer)]).facts).toEqual(facts);
  });

  it.each([
    [
      'errors wrapped',
      { 'content-type': 'text/plain' },
      'no',
      '{"type":"error","error":{"type":"OpenAIBackendError","code":"400","message":"no"}}',
    ],
    ['errors kept', { 'content-type': 'application/json' }, '{"error":{}}', undefined],
  ])('%s', (_, headers, body, expected) => {
    expect(bodyOf(start().error(responseHead(400, headers), Buffer.from(body)).body)).toBe(expected);
  });
});
