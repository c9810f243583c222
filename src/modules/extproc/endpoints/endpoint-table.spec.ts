import { describe, expect, it } from '@jest/globals';
import { DEFAULT_ENDPOINT_PREFIXES, parseEndpointPrefixes } from '../../../shared/endpoint-prefixes.js';
import { buildEndpointTable, ENDPOINTS, findTarget, pathWithoutQuery, type EndpointTable } from './endpoint-table.js';

const shown = (table: EndpointTable) =>
  Object.fromEntries(
    [...table.exact].flatMap(([path, target]) =>
      target.kind === 'passed'
        ? []
        : [[path, target.kind === 'endpoint' ? target.endpoint.operation : `models ${target.dialect}`] as const],
    ),
  );

/** `images/edits` takes both. */
const TAKE_FORMS = new Set([
  '/v1/audio/transcriptions',
  '/v1/audio/translations',
  '/v1/images/edits',
  '/v1/images/variations',
]);

describe('every endpoint of JSON', () => {
  it.each(ENDPOINTS.filter(({ path }) => !TAKE_FORMS.has(path)).map((endpoint) => [endpoint.path, endpoint] as const))(
    '%s refuses a form',
    (path, endpoint) => {
      const context = { contentType: 'multipart/form-data; boundary=b', forcesUsage: false };
      expect(() => endpoint.parse(Buffer.from('--b--\r\n'), context)).toThrow(
        `malformed request: ${path} takes a JSON body, found multipart/form-data`,
      );
    },
  );
});

describe('buildEndpointTable', () => {
  it('serves the paths of the reference by default', () => {
    expect(shown(buildEndpointTable('/', DEFAULT_ENDPOINT_PREFIXES))).toMatchObject({
      '/v1/chat/completions': 'chat',
      '/v1/completions': 'completion',
      '/v1/embeddings': 'embeddings',
      '/v1/responses': 'responses',
      '/v1/responses/input_tokens': 'responses_input_tokens',
      '/v1/images/generations': 'image_generation',
      '/v1/images/edits': 'image_edit',
      '/v1/images/variations': 'image_variation',
      '/v1/audio/speech': 'speech',
      '/v1/audio/transcriptions': 'transcription',
      '/v1/audio/translations': 'translation',
      '/v1/moderations': 'moderation',
      '/tokenize': 'tokenize',
      '/anthropic/v1/messages': 'messages',
      '/anthropic/v1/messages/count_tokens': 'count_tokens',
      '/cohere/v2/rerank': 'rerank',
      '/v1/models': 'models openai',
      '/anthropic/v1/models': 'models anthropic',
    });
  });

  it('G35: serves the paths of messages without their prefix too when nothing else is there', () => {
    const aliased = shown(buildEndpointTable('/ai', parseEndpointPrefixes('anthropic:/a')));
    expect(aliased).toMatchObject({
      '/ai/a/v1/messages': 'messages',
      '/ai/v1/messages': 'messages',
      '/ai/a/v1/messages/count_tokens': 'count_tokens',
      '/ai/v1/messages/count_tokens': 'count_tokens',
    });
  });

  it('serves the list of models without its prefix too, to clients of Anthropic, when nothing else is there', () => {
    const aliased = shown(buildEndpointTable('/ai', parseEndpointPrefixes('openai:/o')));
    expect(aliased).toMatchObject({
      '/ai/o/v1/models': 'models openai',
      '/ai/anthropic/v1/models': 'models anthropic',
      '/ai/v1/models': 'models anthropic',
    });
  });

  it.each([
    ['/ai', 'openai:/openai', '/ai/openai/v1/chat/completions', '/ai/anthropic/v1/messages'],
    ['ai/', 'openai:o/', '/ai/o/v1/chat/completions', '/ai/anthropic/v1/messages'],
    ['/', 'openai:/,anthropic:/', '/v1/chat/completions', '/v1/messages'],
    ['', 'openai:,anthropic:', '/v1/chat/completions', '/v1/messages'],
    ['//a//b/', 'anthropic:/../c', '/a/b/v1/chat/completions', '/a/c/v1/messages'],
  ])('joins root %p and prefixes %p', (rootPrefix, prefixes, chat, messages) => {
    const table = shown(buildEndpointTable(rootPrefix, parseEndpointPrefixes(prefixes)));
    expect(table).toMatchObject({ [chat]: 'chat', [messages]: 'messages' });
  });

  it('gives a shared model list to the later registration', () => {
    expect(shown(buildEndpointTable('/', parseEndpointPrefixes('anthropic:/')))['/v1/models']).toBe('models anthropic');
  });

  it.each(['/v1/chat/completions/', '/v1/Chat/Completions', '/v1', '/', '', '/v1/chat/completions%20'])(
    'matches exactly: not %p',
    (path) => {
      expect(buildEndpointTable('/', DEFAULT_ENDPOINT_PREFIXES).exact.get(path)).toBeUndefined();
    },
  );
});

describe('findTarget', () => {
  const table = buildEndpointTable('/', parseEndpointPrefixes(''));

  it.each([
    ['/v1/models/gpt-4o?x=1', 'openai', 'gpt-4o'],
    ['/v1/models/meta/llama', 'openai', 'meta/llama'],
    ['/v1/models/meta%2Fllama%3A8b', 'openai', 'meta/llama:8b'],
    ['/anthropic/v1/models/claude', 'anthropic', 'claude'],
  ])('G33: finds in %s of %s the model %s', (path, dialect, model) => {
    expect(findTarget(table, path)).toEqual({ target: { kind: 'models', dialect }, model });
  });

  it('names no model for the list and for endpoints', () => {
    expect(findTarget(table, '/v1/models?limit=1')).toEqual({ target: { kind: 'models', dialect: 'openai' } });
    expect(findTarget(table, '/v1/chat/completions')).toMatchObject({ target: { kind: 'endpoint' } });
  });

  it.each(['/v1/models/', '/v1/models/%', '/v1/modelsx/a', '/x/v1/models/a', '/v1/chat/completions/v1/models/a'])(
    'finds nothing at %s',
    (path) => {
      expect(findTarget(table, path)).toBeUndefined();
    },
  );
});

describe('pathWithoutQuery', () => {
  it.each([
    ['/a', '/a'],
    ['/a?', '/a'],
    ['/a?x=1&y=?', '/a'],
    ['?x', ''],
    ['', ''],
    ['/a#f', '/a#f'],
    ['/a%3Fx', '/a%3Fx'],
  ])('cuts %p', (path, expected) => {
    expect(pathWithoutQuery(path)).toBe(expected);
  });
});
