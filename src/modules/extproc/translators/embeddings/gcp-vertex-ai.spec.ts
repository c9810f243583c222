import { describe, expect, it } from '@jest/globals';
import { responseHead, startCell } from '../../../../../test/harness/cell.js';
import { UserFacingError } from '../../../../shared/errors.js';
import { takesContent } from '../parts/embeddings/vertex-embed-content.js';
import { UpstreamAnswerError } from '../translator.js';

const PREDICT = 'text-embedding-005';
const CONTENT = 'gemini-embedding-2-preview';

const start = (model: string, body: object, modelNameOverride = '') => {
  const exchange = startCell('embeddings', 'GCPVertexAI', {
    body: JSON.stringify({ model, ...body }),
    modelNameOverride,
  });
  if (exchange.kind !== 'translating') throw new Error('the cell translates');
  return exchange;
};
const sent = (model: string, body: object) => {
  const { request } = start(model, body);
  return { body: JSON.parse(Buffer.from(request.body!).toString()) as object, dropped: request.dropped };
};
const answered = (model: string, answer: unknown, body: object = { input: 'a' }) => {
  const text = typeof answer === 'string' ? answer : JSON.stringify(answer, undefined, 1);
  const { body: bytes, usage } = start(model, body).whole(responseHead(200), Buffer.from(text));
  return { list: JSON.parse(Buffer.from(bytes!).toString()) as object, usage };
};

describe('embeddings → GCPVertexAI: endpoint detection', () => {
  it.each([
    ['text-embedding-005', false],
    ['text-multilingual-embedding-002', false],
    ['gemini-embedding-001', false],
    ['gemini-embedding-2-preview', true],
    ['gemini-embedding-001-x', true],
    ['my-gemini', true],
    ['', false],
  ])('%s', (model, expected) => {
    expect(takesContent(model)).toBe(expected);
  });

  it('path of each, also by override to 2-preview', () => {
    expect(start('gemini-embedding-001', { input: 'a' }).request.path).toBe(
      'publishers/google/models/gemini-embedding-001:predict',
    );
    expect(start('gemini-embedding-001', { input: 'a' }, CONTENT).request.path).toBe(
      'publishers/google/models/gemini-embedding-2-preview:embedContent',
    );
  });
});

describe('embeddings → GCPVertexAI: predict request', () => {
  it.each<[string, object, object, readonly string[]]>([
    ['string', { input: 'a' }, { instances: [{ content: 'a' }], parameters: {} }, []],
    ['strings', { input: ['a', 'b'] }, { instances: [{ content: 'a' }, { content: 'b' }], parameters: {} }, []],
    [
      'object with task',
      { input: { content: 'a', task_type: 'RETRIEVAL_DOCUMENT', title: 't' } },
      { instances: [{ content: 'a', task_type: 'RETRIEVAL_DOCUMENT', title: 't' }], parameters: {} },
      [],
    ],
    [
      'array of objects, no title when other task',
      {
        input: [
          { content: ['a', 'b'], task_type: 'CLUSTERING', title: 't' },
          { content: 'c', title: 't' },
        ],
      },
      {
        instances: [
          { content: 'a', task_type: 'CLUSTERING' },
          { content: 'b', task_type: 'CLUSTERING' },
          { content: 'c' },
        ],
        parameters: {},
      },
      ['input[0].title', 'input[1].title'],
    ],
    [
      'global task wins',
      { input: [{ content: 'a', task_type: 'CLUSTERING' }], task_type: 'RETRIEVAL_QUERY', title: 'T' },
      { instances: [{ content: 'a', task_type: 'RETRIEVAL_QUERY', title: 'T' }], parameters: {} },
      ['input[0].task_type'],
    ],
    [
      'dimensions',
      { input: 'a', dimensions: 256 },
      { instances: [{ content: 'a' }], parameters: { outputDimensionality: 256 } },
      [],
    ],
    ['zero dimensions', { input: 'a', dimensions: 0 }, { instances: [{ content: 'a' }], parameters: {} }, []],
    ['empty array', { input: [] }, { instances: [], parameters: {} }, []],
    [
      'user and formats',
      { input: 'a', user: 'u', encoding_format: 'base64' },
      { instances: [{ content: 'a' }], parameters: {} },
      ['user'],
    ],
  ])('%s', (_, body, expected, dropped) => {
    expect(sent(PREDICT, body)).toEqual({ body: expected, dropped });
  });

  it.each([true, false])('G24: auto_truncate %s', (auto_truncate) => {
    expect(sent(PREDICT, { input: 'a', auto_truncate }).body).toEqual({
      instances: [{ content: 'a' }],
      parameters: { autoTruncate: auto_truncate },
    });
  });

  it('messages on predict model rejected, tokens too', () => {
    expect(() => start(PREDICT, { messages: [{ role: 'user', content: 'a' }] })).toThrow(
      new UserFacingError('"messages" cannot be embedded by this model: send texts as "input"'),
    );
    expect(() => start(PREDICT, { input: [[1]] })).toThrow(
      new UserFacingError('"input" holds token numbers, which this backend cannot read: send the text'),
    );
  });
});

describe('embeddings → GCPVertexAI: embedContent request', () => {
  it.each<[string, object, object, readonly string[]]>([
    ['one string', { input: 'a' }, { content: { parts: [{ text: 'a' }] } }, []],
    ['one-element array', { input: ['a'] }, { content: { parts: [{ text: 'a' }] } }, []],
    [
      'dimensions, task type, camelCase truncate (G24)',
      { input: 'a', dimensions: 5, task_type: 'CLUSTERING', title: 't', auto_truncate: false },
      {
        content: { parts: [{ text: 'a' }] },
        embedContentConfig: { outputDimensionality: 5, autoTruncate: false, taskType: 'CLUSTERING', title: 't' },
      },
      [],
    ],
    [
      'messages: text, image URL, data URI, several; other roles skipped',
      {
        messages: [
          { role: 'system', content: 's' },
          { role: 'user', content: 'a' },
          {
            role: 'user',
            content: [
              { type: 'image_url', image_url: { url: 'https://host/a.png' } },
              { type: 'image_url', image_url: { url: 'data:image/jpeg;base64,QUJD' } },
            ],
          },
        ],
        dimensions: 5,
      },
      {
        content: {
          parts: [
            { text: 'a' },
            { fileData: { mimeType: 'image/png', fileUri: 'https://host/a.png' } },
            { inlineData: { mimeType: 'image/jpeg', data: 'QUJD' } },
          ],
        },
        embedContentConfig: { outputDimensionality: 5 },
      },
      ['messages[0]'],
    ],
  ])('%s', (_, body, expected, dropped) => {
    expect(sent(CONTENT, body)).toEqual({ body: expected, dropped });
  });

  it.each<[string, object, string]>([
    ['many', { input: ['a', 'b'] }, '"input" must be one text for this model, found 2: send one request for each'],
    ['object', { input: { content: 'a' } }, '"input" holds objects, which this model cannot take: send a string'],
    ['objects', { input: [{ content: 'a' }] }, '"input" holds objects, which this model cannot take: send a string'],
    [
      'no user message',
      { messages: [{ role: 'system', content: 'a' }] },
      '"messages" must have a user message with content to be embedded, found none',
    ],
    ['empty messages', { messages: [] }, '"messages" must have a user message with content to be embedded, found none'],
    [
      'invalid image',
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:x' } }] }] },
      '"messages[0].content[0].image_url.url" must be an address or a data URI (data:<type>;base64,<data>), found a broken one',
    ],
  ])('%s rejected', (_, body, text) => {
    expect(() => start(CONTENT, body)).toThrow(new UserFacingError(text));
  });
});

describe('embeddings → GCPVertexAI: answers', () => {
  const list = (data: readonly object[], model: string, tokens: number) => ({
    object: 'list',
    data: data.map((item, index) => ({ object: 'embedding', index, ...item })),
    model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  });

  it.each<[string, unknown, readonly object[], number | undefined]>([
    [
      'ok',
      { predictions: [{ embeddings: { values: [0.5], statistics: { token_count: 3 } } }] },
      [{ embedding: [0.5] }],
      3,
    ],
    [
      'several, truncated',
      {
        predictions: [
          { embeddings: { values: [1, 2], statistics: { token_count: 3, truncated: true } } },
          { embeddings: { statistics: { truncated: false, token_count: 4.0 }, values: [] } },
        ],
      },
      [{ embedding: [1, 2], truncated: true }, { embedding: [] }],
      7,
    ],
    ['no statistics', { predictions: [{ embeddings: { values: [1] } }] }, [{ embedding: [1] }], undefined],
    ['empty', { predictions: [] }, [], undefined],
    ['missing predictions', {}, [], undefined],
    ['null predictions', { predictions: null }, [], undefined],
    ['doubled predictions', '{"predictions":[{"embeddings":{"values":[1]}}],"predictions":[]}', [], undefined],
  ])('predict: %s', (_, answer, data, tokens) => {
    const { list: found, usage } = answered(PREDICT, answer);
    expect(found).toEqual(list(data, PREDICT, tokens ?? 0));
    expect(usage).toEqual(tokens === undefined ? undefined : { inputTokens: tokens, totalTokens: tokens });
  });

  it.each<[string, unknown, readonly object[], number | undefined]>([
    ['ok', { embedding: { values: [0.5] }, usageMetadata: { promptTokenCount: 3 } }, [{ embedding: [0.5] }], 3],
    ['truncated', { embedding: { values: [1] }, truncated: true }, [{ embedding: [1], truncated: true }], undefined],
    ['no embedding', { usageMetadata: { promptTokenCount: 0 } }, [], 0],
    ['null embedding', { embedding: null }, [], undefined],
  ])('embedContent: %s', (_, answer, data, tokens) => {
    const { list: found, usage } = answered(CONTENT, answer);
    expect(found).toEqual(list(data, CONTENT, tokens ?? 0));
    expect(usage).toEqual(tokens === undefined ? undefined : { inputTokens: tokens, totalTokens: tokens });
  });

  it('G24: base64 for both methods', () => {
    const body = { input: 'a', encoding_format: 'base64' };
    const data = [{ embedding: 'AACAPw==' }];
    expect(answered(PREDICT, { predictions: [{ embeddings: { values: [1] } }] }, body).list).toMatchObject({ data });
    expect(answered(CONTENT, { embedding: { values: [1] } }, body).list).toMatchObject({ data });
  });

  it.each([
    [PREDICT, '{"predictions":', 'the answer must be a JSON object: unexpected end at byte 15'],
    [PREDICT, '[]', 'the answer must be a JSON object: unexpected "[" at byte 0'],
    [PREDICT, '{"predictions":{}}', '"predictions" of the answer must be an array'],
    [PREDICT, '{"predictions":[{}]}', '"predictions[0]" of the answer must have "embeddings.values"'],
    [PREDICT, '{"predictions":[{"embeddings":{"values":1}}]}', 'an embedding must be an array of numbers'],
    [CONTENT, '', 'the answer must be a JSON object: unexpected end at byte 0'],
    [CONTENT, '{"embedding":{}}', '"embedding" of the answer must have "values"'],
    [CONTENT, '{"embedding":[1]}', '"embedding" of the answer must have "values"'],
  ])('of %s that cannot be read: %s', (model, answer, text) => {
    expect(() => answered(model, answer)).toThrow(new UpstreamAnswerError(text));
  });

  it.each([
    ['{"error":{"code":400,"message":"no","status":"INVALID_ARGUMENT"}}', 'INVALID_ARGUMENT', 'no'],
    ['<html>', 'GCPVertexAIBackendError', '<html>'],
  ])('errors: %s', (body, type, message) => {
    const answer = start(PREDICT, { input: 'a' }).error(
      responseHead(400, { 'content-type': 'application/json' }),
      Buffer.from(body),
    );
    expect(JSON.parse(Buffer.from(answer.body!).toString())).toEqual({
      type: 'error',
      error: { type, code: '400', message, param: null },
    });
  });

  it('reads 200 embeddings of 3,072 numbers in a moment', () => {
    const values = Array.from({ length: 3072 }, (_, index) => index / 3072 - 0.5);
    const predictions = Array.from({ length: 200 }, () => ({ embeddings: { values, statistics: { token_count: 1 } } }));
    const answer = Buffer.from(JSON.stringify({ predictions }));
    const begin = performance.now();
    const { usage } = start(PREDICT, { input: 'a' }).whole(responseHead(200), answer);
    expect(usage).toEqual({ inputTokens: 200, totalTokens: 200 });
    expect(performance.now() - begin).toBeLessThan(1000);
  });
});
