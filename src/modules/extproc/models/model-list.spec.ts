import { describe, expect, it } from '@jest/globals';
import type { ModelConfig } from '../../../shared/filter-config/filter-config.js';
import type { HeaderLookup } from '../wire/header-fields.js';
import { compileModelLists, renderAnthropicModels, renderOpenAIModels, selectModels } from './model-list.js';

const model = (Name: string, CreatedAt = '2026-01-02T03:04:05Z'): ModelConfig => ({ Name, OwnedBy: 'Acme', CreatedAt });
const withHeaders = (headers: Readonly<Record<string, string>> = {}): HeaderLookup => ({
  get: (name) => headers[name],
  has: (name) => name in headers,
});
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
  const names = (host: string) => selectModels(lists, host, withHeaders()).models.map(({ Name }) => Name);

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
    expect(selectModels(unscoped, 'other.org', withHeaders()).models).toEqual([model('a')]);
  });

  it('gives an empty list, not all models, when there are host-scoped ones only', () => {
    const scoped = compileModelLists({ models: [model('a')], modelsByHost: { 'a.org': [model('a')] } });
    expect(text(selectModels(scoped, 'b.org', withHeaders()).openAIBody)).toBe('{"data":[],"object":"list"}');
  });

  it('makes the bodies of a list once', () => {
    const list = selectModels(lists, 'api.example.com', withHeaders());
    expect(text(list.openAIBody)).toContain('"id":"scoped"');
    expect(text(list.anthropicBody)).toContain('"display_name":"scoped"');
    expect(list.openAIBody).toBe(selectModels(lists, 'api.example.com', withHeaders()).openAIBody);
    expect(list.anthropicBody).toBe(list.anthropicBody);
  });
});

describe('selectModels with models that are scoped by headers', () => {
  const scoped = (name: string, ...scopes: readonly Readonly<Record<string, string>>[]): ModelConfig => ({
    ...model(name),
    Scopes: scopes,
  });
  const models = [
    model('open'),
    scoped('blue', { 'x-team': 'blue' }),
    scoped('either', { 'x-team': 'red' }, { 'x-team': 'blue' }),
    scoped('both', { 'x-team': 'blue', 'x-tier': 'gold' }),
    scoped('hosted', { host: 'a.test' }),
    scoped('nobody'),
  ];
  const lists = compileModelLists({ models });
  const seen = (headers?: Readonly<Record<string, string>>) => selectModels(lists, '', withHeaders(headers));
  const names = (headers?: Readonly<Record<string, string>>) => seen(headers).models.map(({ Name }) => Name);

  it.each<[string, Readonly<Record<string, string>>, readonly string[]]>([
    ['no header', {}, ['open']],
    ['one header', { 'x-team': 'blue' }, ['open', 'blue', 'either']],
    ['another value', { 'x-team': 'red' }, ['open', 'either']],
    ['a value in another case', { 'x-team': 'Blue' }, ['open']],
    ['all headers of a scope', { 'x-team': 'blue', 'x-tier': 'gold' }, ['open', 'blue', 'either', 'both']],
    ['half of a scope', { 'x-tier': 'gold' }, ['open']],
    ['the host, by the name that Envoy gives it', { ':authority': 'a.test' }, ['open', 'hosted']],
  ])('shows what a request with %s could reach', (_, headers, expected) => {
    expect(names(headers)).toEqual(expected);
    const list = seen(headers);
    expect(JSON.parse(text(list.openAIBody))).toMatchObject({ data: expected.map((id) => ({ id })) });
    for (const { Name } of models)
      expect([Name, list.bodyOf(Name, 'openai') !== undefined]).toEqual([Name, expected.includes(Name)]);
  });

  it('makes the bodies once for all requests that see the same', () => {
    expect(seen({ 'x-team': 'red', 'x-other': '1' }).openAIBody).toBe(seen({ 'x-team': 'red' }).openAIBody);
    expect(seen({ 'x-team': 'red' })).not.toBe(seen({ 'x-team': 'blue' }));
  });

  it('is the list itself when nothing is scoped', () => {
    const plain = compileModelLists({ models: [model('a')] });
    expect(selectModels(plain, '', withHeaders({ 'x-team': 'red' }))).toBe(plain.all);
  });

  it('keeps a bounded number of parts, and shows the right one when a part is made again', () => {
    const many = Array.from({ length: 80 }, (_, index) => scoped(`m${index}`, { 'x-team': `t${index}` }));
    const { all } = compileModelLists({ models: many });
    const first = all.seenBy(withHeaders({ 'x-team': 't0' }));
    for (let index = 1; index < 80; index++) all.seenBy(withHeaders({ 'x-team': `t${index}` }));
    const again = all.seenBy(withHeaders({ 'x-team': 't0' }));
    expect(again).not.toBe(first);
    expect(again.models).toEqual([many[0]]);
  });
});
