import { describe, expect, it } from '@jest/globals';
import { chunked, DONE, event, json } from '../harness/answers.js';
import { newCase } from '../harness/case-id.js';
import type { BackendDocument, RoutePlan } from '../harness/gateway-plan.js';
import type { TestUpstream } from '../harness/test-upstream.js';
import { useWorld } from '../harness/world.js';

const route = (name: string, model: string, upstream: TestUpstream, more: BackendDocument = {}): RoutePlan => ({
  name,
  rules: [{ model, backends: [{ name: 'team/openai', upstream, ...more }] }],
});

const OF_OTHER = { modelNameOverride: 'provider-y', namespace: 'shared' };
const world = useWorld(['openai'], ({ openai }) => ({
  routes: [route('default/llm', 'gpt-x', openai), route('default/other', 'gpt-y', openai, OF_OTHER)],
  costs: [
    { metadataKey: 'input', type: 'InputToken' },
    { metadataKey: 'cached', type: 'CachedInputToken' },
    { metadataKey: 'cache_creation', type: 'CacheCreationInputToken' },
    { metadataKey: 'output', type: 'OutputToken' },
    { metadataKey: 'total', type: 'TotalToken' },
    { metadataKey: 'reasoning', type: 'ReasoningToken' },
    { metadataKey: 'twice', type: 'OutputToken' },
    { metadataKey: 'weighted', type: 'CEL', cel: 'input_tokens + output_tokens * 3u' },
    { metadataKey: 'by_model', type: 'CEL', cel: 'model == "provider-y" ? 2 : 1' },
    { metadataKey: 'by_backend', type: 'CEL', cel: 'backend == "team/openai/route/llm/rule/0/ref/0" ? 1 : 0' },
    { metadataKey: 'by_name', type: 'CEL', cel: 'backend_name == "openai" ? 1 : 0' },
    { metadataKey: 'by_namespace', type: 'CEL', cel: 'backend_namespace == "team" ? 1 : 2' },
    { metadataKey: 'by_header', type: 'CEL', cel: 'request_headers["x-tier"] == "gold" ? total_tokens : 0u' },
    {
      metadataKey: 'by_secret',
      type: 'CEL',
      cel: '"x-secret" in request_headers ? uint(request_headers["x-secret"]) : 0u',
    },
    {
      metadataKey: 'promoted',
      type: 'CEL',
      cel: 'input_tokens * 0.5 + output_tokens * 2 - 1',
      arithmetic: 'promote',
    },
    { metadataKey: 'by_route', type: 'CEL', cel: 'route_name == "default/other" ? 1 : 0' },
    { metadataKey: 'by_response_model', type: 'CEL', cel: 'response_model == "m-1" ? 1 : 0' },
    { metadataKey: 'shared', type: 'InputToken' },
    // Fails for real counters only: the load evaluates with zeros.
    { metadataKey: 'fails_later', type: 'CEL', cel: 'input_tokens > 0u ? 1u - input_tokens - 1u : 0u' },
  ],
  routeCosts: [
    { metadataKey: 'shared', type: 'OutputToken', routeName: 'default/other' },
    { metadataKey: 'twice', type: 'CEL', cel: 'output_tokens * 2u', routeName: 'default/llm' },
    { metadataKey: 'elsewhere', type: 'TotalToken', routeName: 'default/elsewhere' },
    {
      metadataKey: 'quota',
      type: 'CEL',
      cel: 'total_tokens',
      routeName: 'default/other',
      backend: 'team/openai',
      model: 'provider-y',
    },
    {
      metadataKey: 'wrong_model',
      type: 'TotalToken',
      routeName: 'default/other',
      backend: 'team/openai',
      model: 'gpt-y',
    },
    { metadataKey: 'wrong_backend', type: 'TotalToken', routeName: 'default/other', backend: 'team/other' },
  ],
}));

const CHAT = '/v1/chat/completions';
const usage = {
  prompt_tokens: 11,
  completion_tokens: 7,
  total_tokens: 18,
  prompt_tokens_details: { cached_tokens: 4, cache_creation_input_tokens: 2 },
  completion_tokens_details: { reasoning_tokens: 5 },
};

async function metadataOf(
  model: string,
  answer: Parameters<TestUpstream['script']>[1],
  stream = false,
  headers: Readonly<Record<string, string>> = { 'x-tier': 'gold' },
) {
  const caseId = newCase('cost');
  world.upstreams.openai.script(caseId, answer);
  const response = await world.gateway.send(CHAT, { caseId, body: { model, stream }, headers });
  expect(response.status).toBe(200);
  return (await world.gateway.envoy.accessLog.entry(caseId)).ai;
}

describe('costs in the dynamic metadata of Envoy', () => {
  it('are there by every kind and expression, with the names of what served', async () => {
    expect(await metadataOf('gpt-x', json({ model: 'm-1', usage }))).toEqual({
      input: 11,
      cached: 4,
      cache_creation: 2,
      output: 7,
      total: 18,
      reasoning: 5,
      twice: 14,
      weighted: 32,
      by_model: 1,
      by_backend: 1,
      by_name: 1,
      by_namespace: 1,
      by_header: 18,
      by_secret: 0,
      promoted: 19,
      by_route: 0,
      by_response_model: 1,
      shared: 11,
      backend_name: 'team/openai/route/llm/rule/0/ref/0',
      model_name_override: 'gpt-x',
      ai_service_backend_name: 'team/openai',
      route_name: 'default/llm',
      response_model: 'm-1',
    });
  });

  it('of the route win over those of the gateway, and filters by model and backend hold', async () => {
    const ai = await metadataOf('gpt-y', json({ model: 'm-1', usage }));
    expect(ai).toMatchObject({
      shared: 7,
      twice: 7,
      quota: 18,
      by_model: 2,
      by_route: 1,
      by_backend: 0,
      by_name: 1,
      by_namespace: 2,
      model_name_override: 'provider-y',
      route_name: 'default/other',
    });
    for (const key of ['elsewhere', 'wrong_model', 'wrong_backend']) expect(ai).not.toHaveProperty(key);
  });

  it('of a stream come with its latencies', async () => {
    const body = [
      event({ model: 'm-1', choices: [{ delta: { content: 'a' } }] }),
      event({ model: 'm-1', choices: [], usage }),
      DONE,
    ];
    const ai = await metadataOf('gpt-x', chunked(body), true);
    expect(ai).toMatchObject({ total: 18, weighted: 32, promoted: 19, response_model: 'm-1' });
    expect(ai?.['token_latency_ttft']).toBeGreaterThanOrEqual(0);
    expect(ai?.['token_latency_itl']).toBeGreaterThanOrEqual(0);
  });

  it('are 0 where the provider reports nothing', async () => {
    expect(await metadataOf('gpt-x', json({ choices: [] }))).toMatchObject({
      input: 0,
      total: 0,
      weighted: 0,
      fails_later: 0,
      response_model: 'gpt-x',
    });
  });

  it('are exact up to 2^53 - 1 and no larger', async () => {
    const huge =
      '{"usage":{"prompt_tokens":9007199254740991,"completion_tokens":99999999999999999999,"total_tokens":-5}}';
    const answer = { ...json({}), body: [huge], headers: { 'content-type': 'application/json' } };
    expect(await metadataOf('gpt-x', answer)).toMatchObject({
      input: 9_007_199_254_740_991,
      output: 9_007_199_254_740_991,
      total: 0,
    });
  });

  it('are left out when they fail on a header of the request, and the log tells nothing that headers hold', async () => {
    const { process } = world.gateway.extproc;
    const from = process.lines.length;
    const secret = 'sk-of-a-client';
    const ai = await metadataOf('gpt-x', json({ model: 'm-1', usage }), false, { 'x-secret': secret });
    expect(ai).toMatchObject({ total: 18, promoted: 19 });
    for (const [key, reason] of [
      ['by_header', 'field not found: x-tier'],
      ['by_secret', 'which is not shown because it may be a credential'],
    ] as const) {
      expect(ai).not.toHaveProperty(key);
      const line = await process.line('a failed cost', (text) => text.includes(`"metadataKey":"${key}"`), from);
      expect(line).toContain(reason);
    }
    expect(process.lines.slice(from).join('\n')).not.toContain(secret);
  });

  it('leave out an expression that fails, without harm to the answer, and count it (X8)', async () => {
    const { extproc } = world.gateway;
    const name = 'aigateway_extproc_cost_expression_failures_total';
    const before = (await extproc.metrics()).sum(name);
    const ai = await metadataOf('gpt-x', json({ model: 'm-1', usage }));
    expect(ai).not.toHaveProperty('fails_later');
    expect(ai).toMatchObject({ total: 18 });
    expect((await extproc.metrics()).sum(name)).toBe(before + 1);
  });
});
