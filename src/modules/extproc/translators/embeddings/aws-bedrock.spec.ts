import { describe, expect, it } from '@jest/globals';
import { fixedEnv, responseHead, startCell, type CellCall } from '../../../../../test/harness/cell.js';
import { UserFacingError } from '../../../../shared/errors.js';
import { UpstreamAnswerError } from '../translator.js';

const start = (body: object, more: Partial<CellCall> = {}) => {
  const exchange = startCell('embeddings', 'AWSBedrock', {
    body: JSON.stringify({ model: 'amazon.titan-embed-text-v2:0', ...body }),
    ...more,
  });
  if (exchange.kind !== 'translating') throw new Error('the cell translates');
  return exchange;
};
const sent = (body: object, more: Partial<CellCall> = {}) => {
  const { request } = start(body, more);
  return { path: request.path, body: Buffer.from(request.body!).toString(), dropped: request.dropped };
};
const answered = (body: object, answer: string, headers: Readonly<Record<string, string>> = {}) => {
  const { body: bytes, ...facts } = start(body).whole(responseHead(200, headers), Buffer.from(answer));
  return { text: Buffer.from(bytes!).toString(), usage: facts.usage, model: facts.model };
};
const COHERE = { model: 'us.cohere.embed-v4:0' };

describe('embeddings → AWSBedrock: request to Titan', () => {
  it.each([
    ['v1 body', { model: 'amazon.titan-embed-text-v1', input: 'a' }, '{"inputText":"a"}', []],
    ['v2 body with dimensions', { input: 'a', dimensions: 256 }, '{"inputText":"a","dimensions":256}', []],
    ['one-element array', { input: ['a'] }, '{"inputText":"a"}', []],
    ['base64 is not asked of Titan', { input: 'a', encoding_format: 'base64' }, '{"inputText":"a"}', []],
    [
      'what it has no place for',
      { input: 'a', user: 'u', task_type: 'T', auto_truncate: false, dimensions: 0 },
      '{"inputText":"a"}',
      ['user', 'task_type', 'auto_truncate'],
    ],
  ])('%s', (_, body, expected, dropped) => {
    expect(sent(body)).toMatchObject({ body: expected, dropped });
  });

  it.each([
    ['amazon.titan-embed-text-v2:0', '/model/amazon.titan-embed-text-v2:0/invoke'],
    ['arn:aws:bedrock:us-east-1:1:x/y', '/model/arn:aws:bedrock:us-east-1:1:x%2Fy/invoke'],
    ['a b?c', '/model/a%20b%3Fc/invoke'],
  ])('escaping of the model %s', (model, path) => {
    expect(sent({ input: 'a', model }).path).toBe(path);
  });

  it('override', () => {
    expect(sent({ input: 'a' }, { modelNameOverride: 'other' }).path).toBe('/model/other/invoke');
  });

  it.each([
    ['batch', { input: ['a', 'b'] }, '"input" must be one text for this model, found 2: send one request for each'],
    ['empty', { input: [] }, '"input" must be one text for this model, found none: send one request for each'],
    ['tokens', { input: [1, 2] }, '"input" holds token numbers, which this backend cannot read: send the text'],
    ['objects', { input: { content: 'a' } }, '"input" holds objects, which this model cannot take: send a string'],
    [
      'messages',
      { messages: [{ role: 'user', content: 'a' }] },
      '"messages" cannot be embedded by this model: send texts as "input"',
    ],
  ])('%s is rejected', (_, body, text) => {
    expect(() => start(body)).toThrow(new UserFacingError(text));
  });
});

describe('embeddings → AWSBedrock: answer of Titan', () => {
  it('response v1/v2', () => {
    const answer = '{"embedding":[0.5,-1.0],"inputTextTokenCount":4,"embeddingsByType":{"float":[9]}}';
    expect(answered({ input: 'a' }, answer)).toEqual({
      text:
        '{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5,-1.0]}],' +
        '"model":"amazon.titan-embed-text-v2:0","usage":{"prompt_tokens":4,"total_tokens":4}}',
      usage: { inputTokens: 4, totalTokens: 4 },
      model: 'amazon.titan-embed-text-v2:0',
    });
  });

  it('G24: base64', () => {
    const { text } = answered(
      { input: 'a', encoding_format: 'base64' },
      '{"embedding":[1,-2],"inputTextTokenCount":4}',
    );
    expect(text).toContain('"embedding":"AACAPwAAAMA="');
  });

  it.each([
    ['{}', 'the answer must have "embedding"'],
    ['{"embedding":{}}', 'an embedding must be an array of numbers'],
    ['', 'the answer must be a JSON object: unexpected end at byte 0'],
    ['<html>', 'the answer must be a JSON object: unexpected "<" at byte 0'],
    ['{"embedding":[1', 'the answer must be a JSON object: unexpected end at byte 15'],
  ])('read failure: %s', (answer, text) => {
    expect(() => answered({ input: 'a' }, answer)).toThrow(new UpstreamAnswerError(text));
  });

  it.each([
    [
      'JSON with the type of AWS',
      { 'content-type': 'application/json', 'x-amzn-errortype': 'ThrottlingException' },
      '{"message":"slow"}',
      '{"type":"error","error":{"type":"ThrottlingException","code":"429","message":"slow","param":null}}',
    ],
    [
      'text',
      { 'content-type': 'text/plain' },
      'no "way"',
      '{"type":"error","error":{"type":"AWSBedrockBackendError","code":"429","message":"no \\"way\\"","param":null}}',
    ],
    [
      'no content type',
      {},
      'gone',
      '{"type":"error","error":{"type":"AWSBedrockBackendError","code":"429","message":"gone","param":null}}',
    ],
    [
      'broken JSON with the type of AWS',
      { 'content-type': 'application/json', 'x-amzn-errortype': 'X' },
      '{"mess',
      '{"type":"error","error":{"type":"AWSBedrockBackendError","code":"429","message":"{\\"mess","param":null}}',
    ],
    [
      'broken JSON without it',
      { 'content-type': 'application/json' },
      '{"mess',
      '{"type":"error","error":{"type":"AWSBedrockBackendError","code":"429","message":"{\\"mess","param":null}}',
    ],
    [
      'JSON without it, untouched',
      { 'content-type': 'application/json; charset=utf-8' },
      '{"message":"slow"}',
      undefined,
    ],
  ])('error shape: %s', (_, headers, body, expected) => {
    const answer = start({ input: 'a' }).error(responseHead(429, headers), Buffer.from(body));
    expect(answer.body && Buffer.from(answer.body).toString()).toBe(expected);
  });
});

describe('embeddings → AWSBedrock: Cohere', () => {
  it('sends texts with the words of each generation', () => {
    const body = { input: ['a', 'b'], dimensions: 512, auto_truncate: true, task_type: 'RETRIEVAL_QUERY' };
    expect(sent({ ...COHERE, ...body })).toEqual({
      path: '/model/us.cohere.embed-v4:0/invoke',
      body: '{"texts":["a","b"],"input_type":"search_query","embedding_types":["float"],"output_dimension":512,"truncate":"RIGHT"}',
      dropped: [],
    });
    expect(sent({ ...body, model: 'cohere.embed-english-v3' })).toEqual({
      path: '/model/cohere.embed-english-v3/invoke',
      body: '{"texts":["a","b"],"input_type":"search_query","embedding_types":["float"],"truncate":"END"}',
      dropped: ['dimensions'],
    });
  });

  it.each([
    'cohere.embed-english-v3',
    'eu.cohere.embed-english-v3',
    'arn:aws:bedrock:us-east-1::foundation-model/cohere.embed-english-v3',
    'arn:aws:bedrock:us-east-1:1:inference-profile/us.cohere.embed-v4:0',
  ])('is known by the name %s', (model) => {
    expect(JSON.parse(sent({ model, input: ['a', 'b'] }).body)).toMatchObject({ texts: ['a', 'b'] });
  });

  it('G30: is known by the model that the operator says a profile stands for', () => {
    const knownModels = new Map([['profile/abc', 'cohere.embed-v4:0']]);
    const body = JSON.stringify({ model: 'application-inference-profile/abc', input: ['a'], dimensions: 512 });
    const { request } = startCell('embeddings', 'AWSBedrock', { body }, fixedEnv({ knownModels }));
    expect(JSON.parse(Buffer.from(request.body!).toString())).toMatchObject({ texts: ['a'], output_dimension: 512 });
  });

  it.each(['{"embeddings":[[1,2],[3]],"response_type":"embeddings_floats"}', '{"embeddings":{"float":[[1,2],[3]]}}'])(
    'reads %s and the count of the header',
    (answer) => {
      const { text, usage } = answered({ ...COHERE, input: ['a', 'b'] }, answer, {
        'x-amzn-bedrock-input-token-count': '6',
      });
      expect(JSON.parse(text)).toEqual({
        object: 'list',
        data: [
          { object: 'embedding', index: 0, embedding: [1, 2] },
          { object: 'embedding', index: 1, embedding: [3] },
        ],
        model: COHERE.model,
        usage: { prompt_tokens: 6, total_tokens: 6 },
      });
      expect(usage).toEqual({ inputTokens: 6, totalTokens: 6 });
    },
  );

  it.each([
    ['{}', 'the answer must have "embeddings" of floats'],
    ['{"embeddings":{"int8":[[1]]}}', 'the answer must have "embeddings" of floats'],
    ['{"embeddings":[[1],]}', 'the answer must be a JSON object: unexpected "]" at byte 19'],
    ['{"embeddings":"a"}', '"embeddings" of the answer must be an array'],
    ['{"embeddings":[1]}', 'an embedding must be an array of numbers'],
  ])('read failure: %s', (answer, text) => {
    expect(() => answered({ ...COHERE, input: 'a' }, answer)).toThrow(new UpstreamAnswerError(text));
  });
});

describe('embeddings → AWSBedrock: Nova (G33)', () => {
  const NOVA = 'amazon.nova-2-multimodal-embeddings-v1:0';
  const params = (body: object) =>
    (JSON.parse(sent({ model: NOVA, input: 'a', ...body }).body) as { singleEmbeddingParams: object })
      .singleEmbeddingParams;

  it.each([NOVA, `us.${NOVA}`, `arn:aws:bedrock:us-east-1::foundation-model/${NOVA}`])(
    'is known by the name %s',
    (model) => {
      expect(JSON.parse(sent({ model, input: 'a' }).body)).toEqual({
        schemaVersion: 'nova-multimodal-embed-v1',
        taskType: 'SINGLE_EMBEDDING',
        singleEmbeddingParams: { embeddingPurpose: 'GENERIC_INDEX', text: { truncationMode: 'NONE', value: 'a' } },
      });
    },
  );

  it.each([
    [undefined, 'GENERIC_INDEX'],
    ['RETRIEVAL_DOCUMENT', 'GENERIC_INDEX'],
    ['SEMANTIC_SIMILARITY', 'GENERIC_INDEX'],
    ['RETRIEVAL_QUERY', 'TEXT_RETRIEVAL'],
    ['CODE_RETRIEVAL_QUERY', 'TEXT_RETRIEVAL'],
    ['QUESTION_ANSWERING', 'TEXT_RETRIEVAL'],
    ['FACT_VERIFICATION', 'TEXT_RETRIEVAL'],
    ['CLASSIFICATION', 'CLASSIFICATION'],
    ['CLUSTERING', 'CLUSTERING'],
  ])('embeds for the task %s as %s', (task_type, embeddingPurpose) => {
    expect(params({ task_type })).toMatchObject({ embeddingPurpose });
  });

  it.each([
    [true, 'END'],
    [false, 'NONE'],
    [undefined, 'NONE'],
  ])('cuts a text that is too long for auto_truncate %s: %s', (auto_truncate, truncationMode) => {
    expect(params({ auto_truncate })).toMatchObject({ text: { truncationMode } });
  });

  it.each([
    ['batch', { input: ['a', 'b'] }],
    ['tokens', { input: [1, 2] }],
    ['objects', { input: { content: 'a' } }],
    ['messages', { input: undefined, messages: [{ role: 'user', content: 'a' }] }],
  ])('%s is rejected as with Titan', (_, body) => {
    expect(() => start({ model: NOVA, ...body })).toThrow(UserFacingError);
  });
});
