import { describe, expect, it } from '@jest/globals';
import type { ModelConfig } from '../../../shared/filter-config/filter-config.js';
import { compileModelLists, renderAnthropicModels, renderOpenAIModels, selectModels } from './model-list.js';

const model = (Name: string, CreatedAt = '2026-01-02T03:04:05Z'): ModelConfig => ({ Name, OwnedBy: 'Acme', CreatedAt });
const text = (body: Uint8Array) => Buffer.from(body).toString('utf8');

describe('renderOpenAIModels', () => {
  it('lists each model once, in order', () => {
    expect(text(renderOpenAIModels([model('a'), model('b', '2026-01-02T05:04:05.5+02:00'), model('a', '')]))).toBe(
      '{"data":[{"id":"a","created":1767323045,"object":"model","owned_by":"Acme"},' +
        '{"id":"b","created":1767323045,"object":"model","owned_by":"Acme"}],"object":"list"}',
    );
  });

  it('gives an empty list, and the epoch for a time that cannot be read', () => {
    expect(text(renderOpenAIModels([]))).toBe('{"data":[],"object":"list"}');
    expect(text(renderOpenAIModels([model('a', 'yesterday')]))).toContain('"created":0,');
  });
});

describe('renderAnthropicModels', () => {
  it('lists each model once, with first and last', () => {
    expect(text(renderAnthropicModels([model('a', '2026-01-02T05:04:05+02:00'), model('b'), model('a')]))).toBe(
      '{"data":[{"id":"a","type":"model","display_name":"a","created_at":"2026-01-02T03:04:05Z"},' +
        '{"id":"b","type":"model","display_name":"b","created_at":"2026-01-02T03:04:05Z"}],' +
        '"first_id":"a","has_more":false,"last_id":"b"}',
    );
  });

  it('leaves out first and last of an empty list', () => {
    expect(text(renderAnthropicModels([]))).toBe('{"data":[],"has_more":false}');
  });
});

describe('selectModels', () => {
  const lists = compileModelLists({
    models: [model('open'), model('scoped'), model('wild'), model('deep')],
    modelsByHost: {
      'API.example.com': [model('scoped')],
      '*.example.com': [model('wild')],
      '*.eu.example.com': [model('deep')],
      '::1': [model('six')],
    },
    unscopedModels: [model('open')],
  });
  const names = (host: string) => selectModels(lists, host).models.map(({ Name }) => Name);

  it.each([
    ['the exact host', 'api.example.com', ['scoped']],
    ['the exact host in another case, with port', 'Api.Example.COM:8443', ['scoped']],
    ['a wildcard', 'shop.example.com', ['wild']],
    ['the longer wildcard', 'shop.eu.example.com:80', ['deep']],
    ['no wildcard over two labels', 'a.b.example.com', ['open']],
    ['no wildcard without a label', 'example.com', ['open']],
    ['another host', 'other.org', ['open']],
    ['an address with port', '[::1]:8080', ['six']],
    ['an address without port', '::1', ['six']],
    ['an address that is cut off', '[::1', ['open']],
    ['an empty address', '[]:80', ['open']],
    ['a port alone', ':80', ['open', 'scoped', 'wild', 'deep']],
    ['no host', '', ['open', 'scoped', 'wild', 'deep']],
  ])('selects by %s', (_, host, expected) => {
    expect(names(host)).toEqual(expected);
  });

  it('gives all models when no route is host-scoped', () => {
    const unscoped = compileModelLists({ models: [model('a')] });
    expect(selectModels(unscoped, 'other.org').models).toEqual([model('a')]);
  });

  it('gives an empty list, not all models, when there are host-scoped ones only', () => {
    const scoped = compileModelLists({ models: [model('a')], modelsByHost: { 'a.org': [model('a')] } });
    expect(text(selectModels(scoped, 'b.org').openAIBody)).toBe('{"data":[],"object":"list"}');
  });

  it('makes the bodies of a list once', () => {
    const list = selectModels(lists, 'api.example.com');
    expect(text(list.openAIBody)).toContain('"id":"scoped"');
    expect(text(list.anthropicBody)).toContain('"display_name":"scoped"');
    expect(list.openAIBody).toBe(selectModels(lists, 'api.example.com').openAIBody);
    expect(list.anthropicBody).toBe(list.anthropicBody);
  });
});
