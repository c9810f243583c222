import { describe, expect, it } from '@jest/globals';
import { newCase } from '../harness/case-id.js';
import type { BackendDocument } from '../harness/gateway-plan.js';
import type { RecordedRequest } from '../harness/test-upstream.js';
import { useWorld } from '../harness/world.js';

const BACKENDS: Readonly<Record<string, BackendDocument>> = {
  override: { modelNameOverride: 'provider/model "1"' },
  prefix: { schema: { name: 'OpenAI', prefix: '/api/v9/' } },
  root: { schema: { name: 'OpenAI' } },
  azure: { schema: { name: 'AzureOpenAI', version: '2025-01-01-preview' }, modelNameOverride: 'dep/../loy' },
  headers: {
    httpHeaderMutation: {
      set: [
        { name: 'x-set', value: 'ours' },
        { name: 'content-type', value: 'application/vnd.ours+json' },
        { name: 'x-both', value: 'set wins' },
        { name: 'x-ai-eg-model', value: 'forged' },
        { name: ':path', value: '/forged' },
      ],
      remove: ['x-removed', 'x-both', 'x-absent', 'x-ai-eg-model'],
    },
  },
  body: {
    httpBodyMutation: {
      set: [
        { path: 'service_tier', value: '"scale"' },
        { path: 'temperature', value: '0.5' },
        { path: 'nested', value: '{"a":[1,2]}' },
        { path: 'word', value: 'plain' },
        { path: 'gone', value: '1' },
      ],
      remove: ['user', 'gone', 'absent'],
    },
  },
  bodyAndModel: {
    modelNameOverride: 'overridden',
    httpBodyMutation: { set: [{ path: 'model', value: '"the mutation wins"' }] },
  },
};

const world = useWorld(['openai'], ({ openai }) => ({
  routes: [
    {
      name: 'default/llm',
      rules: Object.entries(BACKENDS).map(([model, document]) => ({
        model,
        backends: [{ name: `default/${model.toLowerCase()}`, upstream: openai, ...document }],
      })),
    },
  ],
}));

async function sent(body: string | object, headers: Readonly<Record<string, string>> = {}): Promise<RecordedRequest> {
  const caseId = newCase('mutation');
  const response = await world.gateway.send('/v1/chat/completions', { caseId, body, headers });
  expect(response.status).toBe(200);
  return world.upstreams.openai.request(caseId);
}

describe('the model override of a backend', () => {
  it('is written into the body and nothing else of it', async () => {
    const { body, headers } = await sent('{"a":1e400 , "model" : "override", "seed":18446744073709551616}');
    expect(body.toString()).toBe('{"a":1e400 , "model" : "provider/model \\"1\\"", "seed":18446744073709551616}');
    expect(headers['content-length']).toBe(String(body.length));
    expect(headers['transfer-encoding']).toBeUndefined();
  });

  it('replaces every model of a doubled key, so that no provider serves another one under its name', async () => {
    const { body } = await sent('{"model":"cheap","x":{"model":"inner"},"model":"override"}');
    expect(body.toString()).toBe(
      '{"model":"provider/model \\"1\\"","x":{"model":"inner"},"model":"provider/model \\"1\\""}',
    );
  });

  it('finds a key that is written with escapes', async () => {
    const { body } = await sent(String.raw`{"mod\u0065l":"override"}`);
    expect(JSON.parse(body.toString())).toEqual({ model: 'provider/model "1"' });
  });
});

describe('the path at the provider', () => {
  it.each([
    ['prefix', '/api/v9/chat/completions'],
    ['root', '/chat/completions'],
    ['azure', '/openai/deployments/dep%2F..%2Floy/chat/completions?api-version=2025-01-01-preview'],
  ])('of %s is made of its schema', async (model, path) => {
    expect((await sent({ model })).path).toBe(path);
  });
});

describe('header mutation', () => {
  it('sets and removes, set winning, and leaves our own names alone', async () => {
    const { headers, path } = await sent(
      { model: 'headers' },
      { 'x-set': 'theirs', 'x-removed': '1', 'x-both': 'theirs', 'x-kept': '1' },
    );
    expect(headers).toMatchObject({
      'x-set': 'ours',
      'x-both': 'set wins',
      'x-kept': '1',
      'content-type': 'application/vnd.ours+json',
      'x-ai-eg-model': 'headers',
    });
    expect(headers).not.toHaveProperty('x-removed');
    expect(path).toBe('/v1/chat/completions');
  });
});

describe('body mutation', () => {
  it('sets and removes top-level members, the rest of the bytes untouched', async () => {
    const { body, headers } = await sent('{"model":"body", "user":"u", "temperature":1, "big":12345678901234567890}');
    expect(JSON.parse(body.toString())).toEqual({
      model: 'body',
      temperature: 0.5,
      big: 12345678901234567000,
      service_tier: 'scale',
      nested: { a: [1, 2] },
      word: 'plain',
      gone: 1,
    });
    expect(body.toString()).toContain('"big":12345678901234567890');
    expect(headers['content-length']).toBe(String(body.length));
  });

  it('comes after the override', async () => {
    expect(JSON.parse((await sent({ model: 'bodyAndModel' })).body.toString())).toEqual({ model: 'the mutation wins' });
  });
});
