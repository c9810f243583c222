import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { Redacted } from '../secret.js';
import { parseFilterConfig } from './parse.js';

const plain = (value: unknown): unknown => {
  if (value instanceof Redacted) return { secret: value.reveal() };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
};
const parse = (text: string) => plain(parseFilterConfig(text, 'c.yaml'));
const full = readFileSync(new URL('testdata/full.yaml', import.meta.url), 'utf8');

describe('parseFilterConfig', () => {
  it('reads every field, in any case of the keys', () => {
    const warnings: string[] = [];
    const config = plain(parseFilterConfig(full, 'config.yaml', (warning) => warnings.push(warning)));
    const model = { Name: 'gpt-4o', OwnedBy: 'OpenAI', CreatedAt: '2026-01-01T00:00:00Z' };
    const cel = 'input_tokens + 2u * output_tokens';
    expect(warnings).toEqual([]);
    expect(config).toEqual({
      version: 'v0.1.0',
      uuid: '2f1d',
      globalLLMRequestCosts: [{ metadataKey: 'total', type: 'TotalToken' }],
      llmRequestCosts: [
        {
          metadataKey: 'quota_cost',
          routeName: 'default/chat',
          type: 'CEL',
          cel,
          arithmetic: 'promote',
          backend: 'default/openai',
          model: 'gpt-4o',
        },
      ],
      backends: [
        {
          name: 'default/openai/route/chat/rule/0/ref/0',
          modelNameOverride: '',
          schema: { name: 'OpenAI', prefix: '' },
          auth: { apiKey: { key: { secret: '0123' } } },
          httpHeaderMutation: { set: [{ name: 'x-team', value: { secret: 'blue' } }], remove: ['x-aigw-api-key'] },
          httpBodyMutation: {
            set: [
              { path: 'service_tier', value: '"flex"' },
              { path: 'n', value: '2' },
            ],
            remove: ['user'],
          },
        },
        {
          name: 'default/claude/route/chat/rule/0/ref/1',
          modelNameOverride: 'claude-sonnet-4',
          schema: { name: 'Anthropic', prefix: 'v1' },
          auth: {
            anthropicAPIKey: { key: { secret: 'sk-ant' } },
            credentialOverride: {
              headerName: 'x-aigw-anthropic-api-key',
              fallbackToConfigured: true,
              inputHeadersToRemove: ['x-aigw-anthropic-api-key'],
            },
          },
        },
        {
          name: 'default/bedrock/route/chat/rule/0/ref/2',
          namespace: 'aws',
          modelNameOverride: '',
          schema: { name: 'AWSBedrock', version: '1' },
          auth: { aws: { region: 'eu-west-1', credentialFileLiteral: { secret: '[default]' } } },
        },
        {
          name: 'default/vertex/route/chat/rule/0/ref/3',
          modelNameOverride: '',
          schema: { name: 'GCPVertexAI' },
          auth: { gcp: { accessToken: { secret: '' }, region: 'us-central1', projectName: 'p' } },
        },
        {
          name: 'default/azure/route/chat/rule/0/ref/4',
          modelNameOverride: '',
          schema: { name: 'AzureOpenAI', version: '2025-01-01' },
          auth: {
            azure: { accessToken: { secret: 't' } },
            credentialOverride: {
              dynamicMetadataNamespace: 'ns',
              dynamicMetadataKey: 'k',
              fallbackToConfigured: false,
            },
          },
        },
      ],
      models: [model],
      modelsByHost: { 'api.example.com': [model] },
      unscopedModels: [{ Name: 'open', OwnedBy: '', CreatedAt: '1970-01-01T00:00:00Z' }],
    });
  });

  it('shows no secret when a configuration is printed or serialised', () => {
    const config = parseFilterConfig(full, 'config.yaml');
    for (const text of [inspect(config, { depth: null }), JSON.stringify(config)]) {
      expect(text).not.toMatch(/0123|sk-ant|blue|\[default\]/);
      expect(text).toContain('[REDACTED]');
    }
  });

  it('takes an exact key before one in another case', () => {
    expect(parse('{"VERSION":"b","version":"a"}')).toMatchObject({ version: 'a' });
  });

  it.each([
    ['JSON', '{"version":"a","nope":1,"backends":[{"name":"n","schema":{"name":"OpenAI","extra":2}}]}'],
    ['YAML', 'version: a\nnope: 1\nbackends:\n- name: n\n  schema: {name: OpenAI, extra: 2}\n'],
  ])('warns about unknown fields of %s and goes on', (format, text) => {
    const warnings: string[] = [];
    const config = parseFilterConfig(text, 'c.yaml', (warning) => warnings.push(warning));
    expect(config.backends).toHaveLength(1);
    expect(warnings).toEqual([
      `c.yaml:${format === 'JSON' ? 1 : 5}: backends[0].schema.extra: unknown field, ignored`,
      `c.yaml:${format === 'JSON' ? 1 : 2}: nope: unknown field, ignored`,
    ]);
  });

  it('names at most 20 unknown fields', () => {
    const warnings: string[] = [];
    const text = JSON.stringify(Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`x${i}`, i])));
    parseFilterConfig(text, 'c.yaml', (warning) => warnings.push(warning));
    expect(warnings).toHaveLength(21);
    expect(warnings[20]).toBe('c.yaml: 10 more unknown fields, ignored');
  });

  it.each([
    [
      'not YAML',
      'version: "a\n',
      'c.yaml:2: not valid YAML at column 1 (MISSING_CHAR); correct the syntax of this line or the one before',
    ],
    [
      'cut JSON',
      '{\n"version": "a",\n"backends": [\n{"name": "n"',
      'c.yaml:4: not valid YAML at column 13 (BAD_INDENT); correct the syntax of this line or the one before',
    ],
    ['empty', '', 'c.yaml: (root): found nothing, expected a mapping'],
    ['a list', '- a', 'c.yaml:1: (root): found a list, expected a mapping'],
    [
      'backends that are a mapping',
      'version: a\nbackends:\n  a: b\n',
      'c.yaml:3: backends: found a mapping, expected a list',
    ],
    ['a version that is a list', '{"version":\n[1]}', 'c.yaml:2: version: found a list, expected text'],
    ['hosts that are a list', 'modelsByHost: []', 'c.yaml:1: modelsByHost: found a list, expected a mapping'],
    ['an alias to nothing', 'version: *a', 'c.yaml: the YAML aliases cannot be resolved; write the values in full'],
  ])('refuses %s', (_, text, message) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ name: 'UserFacingError', message }));
  });

  it.each([
    [
      'a backend without name',
      'backends: [{schema: {name: OpenAI}}]',
      'backends[0].name',
      'found nothing, expected text that is not empty',
      undefined,
    ],
    [
      'a backend without schema',
      'backends: [{name: a}]',
      'backends[0].schema',
      'found nothing, expected a mapping',
      'a',
    ],
    [
      'an unknown schema',
      'backends: [{name: a, schema: {name: Telepathy}}]',
      'backends[0].schema.name',
      'found "Telepathy", expected one of OpenAI, Cohere, AWSBedrock, AzureOpenAI, GCPVertexAI, GCPAnthropic, Anthropic, AWSAnthropic',
      'a',
    ],
    [
      'a key that is a list',
      'backends: [{name: a, schema: {name: OpenAI}, auth: {apiKey: {key: [s3cret]}}}]',
      'backends[0].auth.apiKey.key',
      'found a list, expected text',
      'a',
    ],
    [
      'a flag that is text',
      'backends: [{name: a, schema: {name: OpenAI}, auth: {credentialOverride: {fallbackToConfigured: "yes"}}}]',
      'backends[0].auth.credentialOverride.fallbackToConfigured',
      'found text, expected true or false',
      'a',
    ],
    [
      'a removed header that is no text',
      'backends: [{name: a, schema: {name: OpenAI}, httpHeaderMutation: {remove: [{}]}}]',
      'backends[0].httpHeaderMutation.remove[0]',
      'found a mapping, expected text',
      'a',
    ],
    [
      'an unknown cost type',
      'globalLLMRequestCosts: [{metadataKey: k, type: Joule}]',
      'globalLLMRequestCosts[0].type',
      'found "Joule", expected one of InputToken, CachedInputToken, CacheCreationInputToken, OutputToken, TotalToken, ReasoningToken, CEL',
      undefined,
    ],
    ...['globalLLMRequestCosts', 'llmRequestCosts'].map((list): [string, string, string, string, undefined] => [
      `an entry of ${list} with an empty key`,
      `${list}: [{metadataKey: "", routeName: a/b, type: InputToken}]`,
      `${list}[0].metadataKey`,
      'found nothing, expected text that is not empty',
      undefined,
    ]),
    [
      'a cost with an unknown arithmetic',
      'globalLLMRequestCosts: [{metadataKey: k, type: CEL, cel: "1", arithmetic: loose}]',
      'globalLLMRequestCosts[0].arithmetic',
      'found "loose", expected one of strict, promote',
      undefined,
    ],
    [
      'a model without name',
      'models: [{OwnedBy: a}]',
      'models[0].Name',
      'found nothing, expected text that is not empty',
      undefined,
    ],
    [
      'a model with a scope that is no mapping, which would show it to everybody',
      'models: [{Name: a, Scopes: [x-team]}]',
      'models[0].Scopes[0]',
      'found text, expected a mapping',
      undefined,
    ],
  ])('leaves out %s and goes on', (_, text, path, message, backend) => {
    const config = parseFilterConfig(`version: v\n${text}`, 'c.yaml');
    expect(config.version).toBe('v');
    expect([...config.backends, ...config.globalLLMRequestCosts, ...config.llmRequestCosts, ...config.models]).toEqual(
      [],
    );
    expect(config.readFaults).toEqual([
      { path, message: `c.yaml:2: ${path}: ${message}`, ...(backend !== undefined && { backend, backendsBefore: 0 }) },
    ]);
  });

  it('tells where an unreadable backend stands among the others', () => {
    const readable = (name: string) => `{name: ${name}, schema: {name: OpenAI}}`;
    const text = `backends: [${readable('a')}, {name: x}, ${readable('b')}, {name: y}, {name: z}]`;
    const faults = parseFilterConfig(text, 'c.yaml').readFaults;
    expect(faults?.map(({ backend, backendsBefore }) => [backend, backendsBefore])).toEqual([
      ['x', 1],
      ['y', 2],
      ['z', 2],
    ]);
  });
});
