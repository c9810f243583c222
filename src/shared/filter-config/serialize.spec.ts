import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { parse as parseYaml } from 'yaml';
import { COST_ARITHMETICS } from '../cost/cost-arithmetic.js';
import { Redacted } from '../secret.js';
import {
  COST_TYPES,
  SCHEMA_NAMES,
  PROVIDER_RESOURCES,
  TRANSLATION_POLICIES,
  type AuthConfig,
  type BackendConfig,
  type CredentialOverrideConfig,
  type FilterConfig,
  type ModelConfig,
  type RouteCostConfig,
  type SchemaConfig,
} from './filter-config.js';
import { parseFilterConfig } from './parse.js';
import { filterConfigId, serializeFilterConfig } from './serialize.js';

const some = fc.string({ minLength: 1, unit: 'binary' });
const text = fc.string({ unit: 'binary' });
const secret = text.map((value) => new Redacted(value));
const lower = some.map((value) => value.toLowerCase()).filter((value) => value !== '');
const optional = <T, R extends keyof T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }, requiredKeys: R[]) =>
  fc.record(model, { requiredKeys });

const override = optional(
  {
    headerName: lower,
    dynamicMetadataNamespace: some,
    dynamicMetadataKey: some,
    fallbackToConfigured: fc.boolean(),
    inputHeadersToRemove: fc.array(text, { maxLength: 3 }),
  },
  ['fallbackToConfigured'],
) as fc.Arbitrary<CredentialOverrideConfig>;
const key = fc.record({ key: secret });
const auth = optional(
  {
    apiKey: key,
    azureAPIKey: key,
    anthropicAPIKey: key,
    aws: optional({ credentialFileLiteral: some.map((value) => new Redacted(value)), region: text }, ['region']),
    azure: fc.record({ accessToken: secret }),
    gcp: fc.record({ accessToken: secret, region: text, projectName: text }),
    credentialOverride: override,
  },
  [],
) as fc.Arbitrary<AuthConfig>;
const schema: fc.Arbitrary<SchemaConfig> = fc
  .record({ name: fc.constantFrom(...SCHEMA_NAMES), version: fc.option(text, { nil: undefined }), prefix: some })
  .map(({ name, version, prefix }) => ({ name, ...(version !== undefined && { version }), prefix }));
const backend = optional(
  {
    name: some,
    namespace: some,
    modelNameOverride: text,
    schema,
    auth,
    httpHeaderMutation: optional(
      {
        set: fc.array(fc.record({ name: some, value: secret }), { maxLength: 3 }),
        remove: fc.array(text, { maxLength: 3 }),
      },
      [],
    ),
    httpBodyMutation: optional(
      {
        set: fc.array(fc.record({ path: text, value: text }), { maxLength: 3 }),
        remove: fc.array(text, { maxLength: 3 }),
      },
      [],
    ),
    translationPolicy: fc.constantFrom(...TRANSLATION_POLICIES),
    providerResources: fc.constantFrom(...PROVIDER_RESOURCES),
  },
  ['name', 'modelNameOverride', 'schema'],
) as fc.Arbitrary<BackendConfig>;
const cost = {
  metadataKey: some,
  type: fc.constantFrom(...COST_TYPES),
  cel: some,
  arithmetic: fc.constantFrom(...COST_ARITHMETICS),
};
const models = fc.array(
  optional(
    {
      Name: some,
      OwnedBy: text,
      CreatedAt: text,
      Scopes: fc.array(fc.dictionary(lower, text, { maxKeys: 2, noNullPrototype: true }), { maxLength: 2 }),
    },
    ['Name', 'OwnedBy', 'CreatedAt'],
  ) as fc.Arbitrary<ModelConfig>,
  { maxLength: 3 },
);
const config = optional(
  {
    version: text,
    uuid: text,
    globalLLMRequestCosts: fc.array(optional(cost, ['metadataKey', 'type']), { maxLength: 3 }),
    llmRequestCosts: fc.array(
      optional({ ...cost, routeName: text, backend: some, model: some }, ['metadataKey', 'type', 'routeName']),
      { maxLength: 3 },
    ) as fc.Arbitrary<RouteCostConfig[]>,
    backends: fc.array(backend, { maxLength: 4 }),
    models,
    modelsByHost: fc.dictionary(text, models, { maxKeys: 3, noNullPrototype: true }),
    unscopedModels: models,
  },
  ['version', 'uuid', 'globalLLMRequestCosts', 'llmRequestCosts', 'backends', 'models'],
) as fc.Arbitrary<FilterConfig>;

const revealed = (value: unknown): unknown => {
  if (value instanceof Redacted) return { secret: value.reveal() };
  if (Array.isArray(value)) return value.map(revealed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, revealed(member)]));
};
const empty: FilterConfig = {
  version: 'v',
  uuid: 'u',
  globalLLMRequestCosts: [],
  llmRequestCosts: [],
  backends: [],
  models: [],
};
const withKey = (value: string): FilterConfig => ({
  ...empty,
  backends: [
    { name: 'n', modelNameOverride: '', schema: { name: 'OpenAI' }, auth: { apiKey: { key: new Redacted(value) } } },
  ],
});

describe('serializeFilterConfig', () => {
  it('writes what parseFilterConfig reads back unchanged', () => {
    fc.assert(
      fc.property(config, (original) => {
        expect(revealed(parseFilterConfig(serializeFilterConfig(original), 'c.yaml'))).toEqual(revealed(original));
      }),
    );
  });

  it('writes YAML that other readers understand the same way as JSON', () => {
    fc.assert(
      fc.property(config, (original) => {
        const written = serializeFilterConfig(original);
        expect(parseYaml(written)).toEqual(JSON.parse(written));
      }),
      { numRuns: 50 },
    );
  });

  it('puts one entry on a line, with the keys of the reference', () => {
    expect(
      serializeFilterConfig({
        ...withKey('k'),
        models: [{ CreatedAt: '2026-01-01T00:00:00Z', OwnedBy: 'o', Name: 'm' }],
        modelsByHost: { b: [], a: [{ Name: 'm', OwnedBy: 'o', CreatedAt: 't' }] },
        unscopedModels: [],
      }),
    ).toBe(`{
"version": "v",
"uuid": "u",
"globalLLMRequestCosts": [],
"llmRequestCosts": [],
"backends": [
{"name":"n","modelNameOverride":"","schema":{"name":"OpenAI"},"auth":{"apiKey":{"key":"k"}}}
],
"models": [
{"Name":"m","OwnedBy":"o","CreatedAt":"2026-01-01T00:00:00Z"}
],
"modelsByHost": {
"a": [
{"Name":"m","OwnedBy":"o","CreatedAt":"t"}
],
"b": []
},
"unscopedModels": []
}
`);
  });

  it('writes arithmetic and namespace where they are given, and nothing of them elsewhere', () => {
    const cost = { metadataKey: 'k', type: 'CEL' as const, cel: '1' };
    const backend = {
      name: 'default/n/route/r/rule/0/ref/0',
      modelNameOverride: '',
      schema: { name: 'OpenAI' as const },
    };
    const written = (arithmetic: object, namespace: object) =>
      serializeFilterConfig({
        ...empty,
        globalLLMRequestCosts: [{ ...cost, ...arithmetic }],
        llmRequestCosts: [{ ...cost, routeName: 'default/r', ...arithmetic }],
        backends: [{ ...backend, ...namespace }],
      }).split('\n');
    expect(written({}, {})).toEqual(
      expect.arrayContaining([
        '{"metadataKey":"k","type":"CEL","cel":"1"}',
        '{"metadataKey":"k","routeName":"default/r","type":"CEL","cel":"1"}',
        '{"name":"default/n/route/r/rule/0/ref/0","modelNameOverride":"","schema":{"name":"OpenAI"}}',
      ]),
    );
    expect(written({ arithmetic: 'promote' }, { namespace: 'ai' })).toEqual(
      expect.arrayContaining([
        '{"metadataKey":"k","type":"CEL","cel":"1","arithmetic":"promote"}',
        '{"metadataKey":"k","routeName":"default/r","type":"CEL","cel":"1","arithmetic":"promote"}',
        '{"name":"default/n/route/r/rule/0/ref/0","namespace":"ai","modelNameOverride":"","schema":{"name":"OpenAI"}}',
      ]),
    );
  });

  it('escapes what YAML 1.1 takes for a line break', () => {
    expect(serializeFilterConfig(withKey('a\u2028b\u0085c\u007f\ufeff'))).toContain(
      '"key":"a\\u2028b\\u0085c\\u007f\\ufeff"',
    );
  });
});

describe('filterConfigId', () => {
  it('has the shape of a UUID of version 8 and does not depend on the uuid', () => {
    const id = filterConfigId(empty);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(filterConfigId({ ...empty, uuid: id } as FilterConfig)).toBe(id);
  });

  it('changes when a secret changes', () => {
    expect(filterConfigId(withKey('a'))).not.toBe(filterConfigId(withKey('b')));
    expect(filterConfigId(withKey('a'))).toBe(filterConfigId(withKey('a')));
  });
});
