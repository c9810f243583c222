import { describe, expect, it } from '@jest/globals';
import { playStream, responseHead, startCell, type CellCall } from '../../../../../test/harness/cell.js';

const BODY = '{"model": "rerank-v3.5","query":"q","documents":["a"],"top_n":1}';
const start = (more: Partial<CellCall> = {}) => startCell('rerank', 'Cohere', { body: BODY, version: 'v2', ...more });
const bodyOf = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString();
const factsOf = (answer: string) => playStream(start(), [Buffer.from(answer)]).facts;

describe('rerank → Cohere', () => {
  it('body: the bytes of the client go on', () => {
    const { kind, request, fallbackModel } = start();
    expect({ kind, request, fallbackModel }).toEqual({
      kind: 'observing',
      request: { path: '/v2/rerank', sets: [], dropped: [] },
      fallbackModel: 'rerank-v3.5',
    });
  });

  it('override', () => {
    const { request, fallbackModel } = start({ modelNameOverride: 'other' });
    expect(bodyOf(request.body)).toBe('{"model": "other","query":"q","documents":["a"],"top_n":1}');
    expect(fallbackModel).toBe('other');
  });

  it.each([
    ['', '/rerank'],
    ['v1', '/v1/rerank'],
    ['/v2/', '/v2/rerank'],
  ])('path for version %j', (version, path) => {
    expect(start({ version }).request.path).toBe(path);
  });

  it.each([
    [
      'G26: the searches that are billed',
      '{"results":[],"meta":{"billed_units":{"search_units":2}}}',
      { searchUnits: 2 },
    ],
    ['usage input-only', '{"results":[],"meta":{"tokens":{"input_tokens":7.9}}}', { inputTokens: 7, totalTokens: 7 }],
    [
      'usage with output',
      '{"meta":{"tokens":{"input_tokens":7,"output_tokens":2}}}',
      { inputTokens: 7, outputTokens: 2, totalTokens: 9 },
    ],
    ['no tokens', '{"results":[],"meta":{"billed_units":{"classifications":1}}}', undefined],
    ['tokens of another kind', '{"meta":{"tokens":[1]}}', undefined],
    ['meta of another kind', '{"meta":"a"}', undefined],
    ['invalid', '{"meta":', undefined],
    ['nothing', '', undefined],
  ])('%s', (_, answer, usage) => {
    expect(factsOf(answer)).toEqual(usage === undefined ? {} : { usage });
  });

  it.each([
    ['text error wrapped', { 'content-type': 'text/plain' }, 'no "way"', '{"message":"no \\"way\\""}'],
    ['JSON kept', { 'content-type': 'application/json' }, '{"message":"no"}', undefined],
    ['missing content type kept', {}, 'no', undefined],
  ])('%s', (_, headers, body, expected) => {
    const answer = start().error(responseHead(400, headers), Buffer.from(body));
    expect(bodyOf(answer.body)).toBe(expected);
  });
});
