import { describe, expect, it } from '@jest/globals';
import { chunked, DONE, event, gated, json, whole, type Answer } from '../harness/answers.js';
import { newCase } from '../harness/case-id.js';
import type { EnvoyPlan } from '../harness/envoy-config.js';
import type { TestUpstream } from '../harness/test-upstream.js';
import { useWorld } from '../harness/world.js';

const CHAT = '/v1/chat/completions';
const DURATION = 'gen_ai_server_request_duration_seconds_count';
const usage = { prompt_tokens: 2, completion_tokens: 5, total_tokens: 7 };
const ANSWER = { model: 'm-1', choices: [], usage };
const EVENTS = [event({ model: 'm-1', choices: [{}] }), event({ model: 'm-1', choices: [], usage }), DONE];
const IDENTITY = {
  backend_name: 'default/openai/route/llm/rule/0/ref/0',
  ai_service_backend_name: 'default/openai',
  model_name_override: 'gpt-x',
  route_name: 'default/llm',
};

const plan = (openai: TestUpstream, costs: EnvoyPlan['costs']): EnvoyPlan => ({
  routes: [
    { name: 'default/llm', rules: [{ model: 'gpt-x', backends: [{ name: 'default/openai', upstream: openai }] }] },
  ],
  ...(costs ? { costs } : {}),
});

describe.each(['http1', 'http2'] as const)('the end of an answer over %s', (protocol) => {
  const costs = [{ metadataKey: 'used', type: 'TotalToken' }];
  const world = useWorld(['openai'], ({ openai }) => plan(openai, costs), { protocol });

  it.each<[string, boolean, Answer, number]>([
    ['whole', false, json(ANSWER), 7],
    ['whole without a length', false, chunked([JSON.stringify(ANSWER)], { 'content-type': 'application/json' }), 7],
    ['a stream', true, chunked(EVENTS), 7],
    [
      'whole with trailers',
      false,
      chunked([JSON.stringify(ANSWER)], { 'content-type': 'application/json' }, { 'x-sum': '1' }),
      7,
    ],
    ['a stream with trailers', true, chunked(EVENTS, {}, { 'x-sum': '1' }), 7],
    ['whole, for a stream request', true, json(ANSWER), 7],
    ['status 204', false, { ...whole(204, ''), headers: {} }, 0],
    ['status 204, for a stream request', true, { ...whole(204, ''), headers: {} }, 0],
    ['status 205', false, { ...whole(205, ''), headers: {} }, 0],
    ['status 201', false, json(ANSWER, 201), 7],
  ])('leaves one completion and the metadata: %s', async (_, stream, answer, used) => {
    const { gateway, upstreams } = world;
    const before = (await gateway.extproc.metrics()).sum(DURATION);
    const caseId = newCase('end');
    upstreams.openai.script(caseId, answer);

    const response = await gateway.send(CHAT, { caseId, body: { model: 'gpt-x', stream } });

    expect(Math.floor(response.status / 100)).toBe(2);
    const { ai } = await gateway.envoy.accessLog.entry(caseId);
    expect(ai).toMatchObject({ ...IDENTITY, used, response_model: used > 0 ? 'm-1' : 'gpt-x' });
    const after = await gateway.extproc.metrics();
    expect(after.sum(DURATION)).toBe(before + 1);
    expect(after.find(DURATION).filter(({ labels }) => 'error_type' in labels)).toEqual([]);
  });
});

describe('an answer when no cost is configured', () => {
  const world = useWorld(['openai'], ({ openai }) => plan(openai, undefined));

  it.each<[string, boolean, Answer]>([
    ['whole', false, json(ANSWER)],
    ['a stream', true, chunked(EVENTS)],
  ])('names model, route and backend in the metadata all the same (X2): %s', async (_, stream, answer) => {
    const { gateway, upstreams } = world;
    const caseId = newCase('no-cost');
    upstreams.openai.script(caseId, answer);
    await gateway.send(CHAT, { caseId, body: { model: 'gpt-x', stream } });
    expect((await gateway.envoy.accessLog.entry(caseId)).ai).toMatchObject({ ...IDENTITY, response_model: 'm-1' });
  });
});

describe('the usage of a stream', () => {
  const costs = [{ metadataKey: 'used', type: 'TotalToken' }];
  const world = useWorld(['openai'], ({ openai }) => plan(openai, costs));

  it('is charged when the client leaves right behind the event that tells it (X3)', async () => {
    const { gateway, upstreams } = world;
    const caseId = newCase('early');
    const script = gated([EVENTS.slice(0, 2).join(''), DONE]);
    upstreams.openai.script(caseId, chunked(script.body));

    const response = await gateway.open(CHAT, { caseId, body: { model: 'gpt-x', stream: true } });
    await response.until(EVENTS[1]!);
    response.abort();

    expect((await gateway.envoy.accessLog.entry(caseId)).ai).toMatchObject({ ...IDENTITY, used: 7 });
  });
});
