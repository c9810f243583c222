import { describe, expect, it } from '@jest/globals';
import { responseHead, startCell } from '../../../../../test/harness/cell.js';
import { UserFacingError } from '../../../../shared/errors.js';

const start = (body: object, version = 'v2') => {
  const exchange = startCell('embeddings', 'Cohere', {
    body: JSON.stringify({ model: 'embed-v4.0', ...body }),
    version,
  });
  if (exchange.kind !== 'translating') throw new Error('the cell translates');
  return exchange;
};
const sent = (body: object) => {
  const { request } = start(body);
  return { path: request.path, body: Buffer.from(request.body!).toString(), dropped: request.dropped };
};

describe('embeddings → Cohere', () => {
  it.each([
    ['a', {}, '"texts":["a"],"input_type":"search_document","embedding_types":["float"]', []],
    [
      ['a', 'b'],
      { task_type: 'CLASSIFICATION', dimensions: 256, auto_truncate: false },
      '"texts":["a","b"],"input_type":"classification","embedding_types":["float"],"output_dimension":256,"truncate":"NONE"',
      [],
    ],
    [
      [
        { content: ['a', 'b'], task_type: 'CLUSTERING', title: 't' },
        { content: 'c', task_type: 'RETRIEVAL_QUERY' },
      ],
      { auto_truncate: true, title: 'T', user: 'u' },
      '"texts":["a","b","c"],"input_type":"clustering","embedding_types":["float"],"truncate":"END"',
      ['title', 'user', 'input[0].title', 'input[1].task_type'],
    ],
  ])('sends %j with %j', (input, members, expected, dropped) => {
    expect(sent({ input, ...members })).toEqual({
      path: '/v2/embed',
      body: `{"model":"embed-v4.0",${expected}}`,
      dropped,
    });
  });

  it('sends no dimensions to models that have one size', () => {
    expect(sent({ model: 'embed-english-v3.0', input: 'a', dimensions: 5 })).toMatchObject({ dropped: ['dimensions'] });
  });

  it('G33: has the version in front of the path', () => {
    expect(start({ input: 'a' }, '').request.path).toBe('/embed');
  });

  it('refuses tokens and messages', () => {
    expect(() => start({ input: [1] })).toThrow(UserFacingError);
    expect(() => start({ messages: [{ role: 'user', content: 'a' }] })).toThrow(UserFacingError);
  });

  it('reads embeddings and what was billed', () => {
    const answer =
      '{"id":"i","embeddings":{"float":[[0.10,2]]},"texts":["a"],"meta":{"billed_units":{"input_tokens":5.0}}}';
    const { body, usage } = start({ input: 'a' }).whole(responseHead(200), Buffer.from(answer));
    expect(Buffer.from(body!).toString()).toBe(
      '{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.10,2]}],"model":"embed-v4.0",' +
        '"usage":{"prompt_tokens":5,"total_tokens":5}}',
    );
    expect(usage).toEqual({ inputTokens: 5, totalTokens: 5 });
  });

  it.each([
    ['{"message":"no"}', 'no'],
    ['<html>', '<html>'],
    ['', ''],
  ])('wraps the error %j', (text, message) => {
    const { body } = start({ input: 'a' }).error(responseHead(401), Buffer.from(text));
    expect(JSON.parse(Buffer.from(body!).toString())).toEqual({
      type: 'error',
      error: { type: 'CohereBackendError', code: '401', message, param: null },
    });
  });
});
