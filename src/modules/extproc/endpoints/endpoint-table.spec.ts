import { describe, expect, it } from '@jest/globals';
import { DEFAULT_ENDPOINT_PREFIXES, parseEndpointPrefixes } from '../../../shared/endpoint-prefixes.js';
import { buildEndpointTable, pathWithoutQuery, type EndpointTable } from './endpoint-table.js';

const shown = (table: EndpointTable) =>
  Object.fromEntries(
    [...table].map(([path, target]) => [
      path,
      target.kind === 'endpoint' ? target.endpoint.operation : `models ${target.dialect}`,
    ]),
  );

describe('buildEndpointTable', () => {
  it('serves the paths of the reference by default', () => {
    expect(shown(buildEndpointTable('/', DEFAULT_ENDPOINT_PREFIXES))).toEqual({
      '/v1/chat/completions': 'chat',
      '/v1/completions': 'completion',
      '/v1/embeddings': 'embeddings',
      '/anthropic/v1/messages': 'messages',
      '/v1/models': 'models openai',
      '/anthropic/v1/models': 'models anthropic',
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
      expect(buildEndpointTable('/', DEFAULT_ENDPOINT_PREFIXES).get(path)).toBeUndefined();
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
