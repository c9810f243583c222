import { describe, expect, it } from '@jest/globals';
import { parseFilterConfig } from '../../../shared/filter-config/parse.js';
import { evaluateCosts } from '../cost/evaluate-costs.js';
import { noCredentials } from '../../../../test/harness/credential-sources.js';
import { compileRuntimeConfig } from './compile.js';

const compile = (text: string) => compileRuntimeConfig(parseFilterConfig(text, 'c.yaml'), noCredentials());
const name = (backend: string) => `default/${backend}/route/chat/rule/0/ref/0`;

describe('compileRuntimeConfig', () => {
  it('makes backends, costs and models ready', () => {
    const config = compile(`
version: v1
uuid: id
globalLLMRequestCosts: [{metadataKey: used, type: TotalToken}]
backends:
- name: ${name('openai')}
  modelNameOverride: gpt-4o-mini
  schema: {name: OpenAI, prefix: v1}
  auth: {apiKey: {key: k}}
  httpHeaderMutation: {set: [{name: x-team, value: blue}], remove: [x-old]}
  httpBodyMutation: {set: [{path: n, value: "2"}]}
models: [{Name: gpt-4o}]
`);
    expect(config).toMatchObject({ version: 'v1', uuid: 'id', hasCosts: true, faults: [] });
    expect(config.models.all.models.map(({ Name }) => Name)).toEqual(['gpt-4o']);
    const backend = config.backends.get(name('openai'));
    expect(backend).toMatchObject({
      name: name('openai'),
      shortName: 'default/openai',
      modelNameOverride: 'gpt-4o-mini',
      schema: { name: 'OpenAI', prefix: 'v1' },
      auth: { credentialHeaders: ['authorization'] },
      headerMutation: { sets: [{ name: 'x-team', value: 'blue' }], removes: ['x-old'] },
    });
    expect(backend?.bodyMutation).toBeDefined();
    expect(backend?.broken).toBeUndefined();
  });

  it('needs nothing but a document', () => {
    const config = compile('{}');
    expect([...config.backends]).toEqual([]);
    expect(config.hasCosts).toBe(false);
  });

  it.each([
    [
      'an empty key',
      'schema: {name: OpenAI}, auth: {azureAPIKey: {key: ""}}',
      'auth.azureAPIKey.key cannot be used: it is empty; correct the Secret that it comes from',
    ],
    [
      'a credentials file that cannot be read',
      'schema: {name: AWSBedrock}, auth: {aws: {region: us-east-1, credentialFileLiteral: "[default]\\nS3CRET"}}',
      'auth.aws.credentialFileLiteral, line 2: expected "name = value", a [profile] or a comment; correct the Secret that it comes from',
    ],
    [
      'a body edit that is no JSON',
      "schema: {name: OpenAI}, httpBodyMutation: {set: [{path: a, value: '{bad}'}]}",
      expect.stringContaining('httpBodyMutation.set[0].value'),
    ],
    [
      'a header edit that is no header',
      'schema: {name: OpenAI}, httpHeaderMutation: {set: [{name: "x y", value: v}]}',
      expect.stringContaining('httpHeaderMutation.set[0].name "x y"'),
    ],
    [
      'a model override with a line break',
      'schema: {name: OpenAI}, modelNameOverride: "a\\nb"',
      'modelNameOverride has a control character, such as a line break; remove it',
    ],
    [
      'a model override that is too long',
      `schema: {name: OpenAI}, modelNameOverride: ${'m'.repeat(1025)}`,
      'modelNameOverride has 1025 characters; expected at most 1024',
    ],
    [
      'a model override that is not well-formed',
      'schema: {name: OpenAI}, modelNameOverride: "a\ud800"',
      'modelNameOverride has half of a surrogate pair; expected well-formed Unicode',
    ],
    ['a schema of a later build', 'schema: {name: Telepathy}', 'its entry in the filter configuration cannot be read'],
  ])('keeps a backend with %s as broken and serves the others', (_, members, broken) => {
    const config = compile(`
backends:
- {name: ${name('bad')}, ${members}}
- {name: ${name('good')}, schema: {name: OpenAI}}
`);
    expect(config.backends.get(name('bad'))).toMatchObject({ shortName: 'default/bad', broken });
    expect(config.backends.get(name('good'))?.broken).toBeUndefined();
    expect(config.faults).toHaveLength(1);
    expect(config.faults[0]?.subject).toBe(name('bad'));
  });

  it('tells operators the place of an entry that cannot be read', () => {
    expect(compile(`backends:\n- {name: n}`).faults).toEqual([
      { subject: 'n', reason: 'c.yaml:2: backends[0].schema: found nothing, expected a mapping' },
    ]);
  });

  it('leaves out a cost that cannot work', () => {
    const config = compile(`
globalLLMRequestCosts: [{metadataKey: a, type: CEL}, {metadataKey: b, type: Joule}, {metadataKey: c, type: CEL, cel: "1"}]
`);
    const names = { model: '', backend: '', backendShortName: '', routeName: '', schema: '', responseModel: '' };
    const facts = { ...names, backendNamespace: undefined, usage: {}, requestHeaders: { toMap: () => new Map() } };
    expect([...evaluateCosts(config.costs, facts).values]).toEqual([['c', 1]]);
    expect(config.faults.map(({ subject }) => subject)).toEqual([
      'globalLLMRequestCosts[1].type',
      'globalLLMRequestCosts[0]',
    ]);
  });

  it('lets the later of two backends with one name count', () => {
    const entry = (override: string) => `{name: n, schema: {name: OpenAI}, modelNameOverride: ${override}}`;
    expect(compile(`backends: [${entry('a')}, ${entry('b')}]`).backends.get('n')?.modelNameOverride).toBe('b');
  });

  it('takes a model override of 1,024 characters', () => {
    const text = `backends: [{name: n, schema: {name: OpenAI}, modelNameOverride: ${'é'.repeat(1024)}}]`;
    expect(compile(text).backends.get('n')?.broken).toBeUndefined();
  });

  it.each([
    ['before', '{name: n}, {name: n, schema: {name: OpenAI}}', undefined],
    ['after', '{name: n, schema: {name: OpenAI}}, {name: n}', 'its entry in the filter configuration cannot be read'],
  ])('lets the later count when an unreadable entry of the same name stands %s', (_, entries, broken) => {
    const config = compile(`backends: [{name: o, schema: {name: OpenAI}}, ${entries}]`);
    expect(config.backends.get('n')?.broken).toBe(broken);
    expect(config.faults).toHaveLength(1);
  });

  it.each([
    ['without other mutations', ''],
    ['beside other mutations', ', httpHeaderMutation: {remove: [x-old]}'],
  ])('removes the headers that bring a credential %s', (_, mutation) => {
    const config = compile(
      `backends: [{name: n, schema: {name: OpenAI}${mutation}, auth: {apiKey: {key: k}, credentialOverride: {headerName: X-Mine, inputHeadersToRemove: [x-mine, X-Also]}}}]`,
    );
    const removes = config.backends.get('n')?.headerMutation?.removes;
    expect(removes).toEqual([...(mutation === '' ? [] : ['x-old']), 'x-mine', 'x-also']);
  });
});
