import { describe, expect, it } from '@jest/globals';
import { BREAK, chunked, DONE, event, hang, json, reset, whole, type Answer } from '../harness/answers.js';
import { newCase } from '../harness/case-id.js';
import { FALLBACK_RETRY } from '../harness/gateway-plan.js';
import { useWorld } from '../harness/world.js';

const world = useWorld(['first', 'second'], ({ first, second }) => ({
  routes: [
    {
      name: 'default/llm',
      rules: [
        {
          model: 'gpt-x',
          retry: { ...FALLBACK_RETRY, per_try_timeout: '0.4s' },
          backends: [
            {
              name: 'default/first',
              upstream: first,
              modelNameOverride: 'first-model',
              schema: { name: 'AzureOpenAI', version: '2025-01-01' },
              auth: { azureAPIKey: { key: 'PLANTED-azure-key' } },
              httpHeaderMutation: {
                set: [
                  { name: 'x-only-first', value: '1' },
                  { name: 'x-both', value: 'first' },
                ],
                remove: ['x-client', 'x-gone'],
              },
              httpBodyMutation: { set: [{ path: 'user', value: '"first"' }] },
            },
            {
              name: 'default/second',
              upstream: second,
              modelNameOverride: 'second-model',
              auth: { apiKey: { key: 'PLANTED-openai-key' } },
              httpHeaderMutation: { set: [{ name: 'x-both', value: 'second' }], remove: ['x-gone'] },
            },
          ],
        },
        {
          model: 'plain',
          retry: { ...FALLBACK_RETRY, per_try_timeout: '5s' },
          backends: [
            { name: 'default/first', upstream: first },
            { name: 'default/second', upstream: second },
          ],
        },
      ],
    },
  ],
  costs: [{ metadataKey: 'used', type: 'TotalToken' }],
}));

const PATH = '/v1/chat/completions?trace=1&x=%2F';
const BODY = '{"model":"gpt-x", "messages":[], "big":12345678901234567890, "model":"gpt-x"}';
const ANSWER = { model: 'second-model-1', usage: { total_tokens: 9 } };
const clientHeaders = {
  'x-client': 'kept',
  'x-both': 'client',
  'x-gone': 'never',
  'x-only-first': 'client',
  authorization: 'Bearer PLANTED-for-the-gateway',
};

describe('a fallback to the second backend', () => {
  it.each<[string, Answer]>([
    ['status 503', whole(503, 'overloaded')],
    ['status 429', json({ error: {} }, 429)],
    ['status 500', whole(500, '')],
    ['a reset connection', reset],
    ['a reset in the middle of the headers', { ...chunked([BREAK]), status: 503 }],
    ['a timeout', hang],
  ])('starts from what the client sent after %s', async (_, failure) => {
    const { first, second } = world.upstreams;
    const caseId = newCase('fallback');
    first.script(caseId, failure);
    second.script(caseId, json(ANSWER));

    const response = await world.gateway.send(PATH, { caseId, body: BODY, headers: clientHeaders });

    expect([response.status, response.json()]).toEqual([200, ANSWER]);
    const failed = first.request(caseId);
    expect(failed.path).toBe('/openai/deployments/first-model/chat/completions?api-version=2025-01-01');
    expect(failed.headers).toMatchObject({ 'api-key': 'PLANTED-azure-key', 'x-only-first': '1', 'x-both': 'first' });
    expect(Object.keys(failed.headers)).not.toEqual(expect.arrayContaining(['x-client']));
    expect(failed.headers).not.toHaveProperty('authorization');
    const served = second.request(caseId);
    expect(served.path).toBe(PATH);
    expect(served.body.toString()).toBe(
      '{"model":"second-model", "messages":[], "big":12345678901234567890, "model":"second-model"}',
    );
    expect(served.headers).toMatchObject({
      authorization: 'Bearer PLANTED-openai-key',
      'content-length': String(served.body.length),
      'content-type': 'application/json',
      'x-both': 'second',
      'x-client': 'kept',
      'x-only-first': 'client',
      host: 'second.test',
    });
    for (const name of ['api-key', 'x-gone', 'x-ai-eg-upstream-host']) expect(served.headers).not.toHaveProperty(name);
  });

  it('keeps the query of the client in what the gateway logs', async () => {
    const caseId = newCase('query');
    world.upstreams.first.script(caseId, whole(503, ''));
    world.upstreams.second.script(caseId, json(ANSWER));
    await world.gateway.send(PATH, { caseId, body: BODY });
    expect(await world.gateway.envoy.accessLog.entry(caseId)).toMatchObject({
      status: 200,
      attempts: 2,
      model: 'gpt-x',
      originalPath: PATH,
      ai: {
        backend_name: 'default/second/route/llm/rule/0/ref/1',
        ai_service_backend_name: 'default/second',
        model_name_override: 'second-model',
        response_model: 'second-model-1',
        used: 9,
      },
    });
  });

  it('sends the body of the client again when the first attempt changed nothing', async () => {
    const caseId = newCase('plain');
    world.upstreams.first.script(caseId, whole(503, ''));
    world.upstreams.second.script(caseId, json(ANSWER));
    const body = '{"model":"plain", "big":12345678901234567890}';
    const response = await world.gateway.send('/v1/chat/completions', { caseId, body });
    expect(response.status).toBe(200);
    for (const upstream of [world.upstreams.first, world.upstreams.second]) {
      const request = upstream.request(caseId);
      expect(request.body.toString()).toBe(body);
      expect(request.headers['content-length']).toBe(String(body.length));
    }
  });

  it('streams', async () => {
    const caseId = newCase('stream');
    world.upstreams.first.script(caseId, whole(503, ''));
    const text = event({ model: 'm', choices: [], usage: { total_tokens: 3 } }) + DONE;
    world.upstreams.second.script(caseId, chunked([text]));
    const response = await world.gateway.send('/v1/chat/completions', {
      caseId,
      body: { model: 'plain', stream: true },
    });
    expect([response.status, response.text]).toEqual([200, text]);
    expect((await world.gateway.envoy.accessLog.entry(caseId)).ai).toMatchObject({
      used: 3,
      ai_service_backend_name: 'default/second',
    });
  });

  it('is counted as one request and one retried attempt', async () => {
    const { extproc, envoy } = world.gateway;
    const count = 'gen_ai_server_request_duration_seconds_count';
    const before = await extproc.metrics();
    const caseId = newCase('metrics');
    world.upstreams.first.script(caseId, whole(503, ''));
    world.upstreams.second.script(caseId, json(ANSWER));
    await world.gateway.send(PATH, { caseId, body: BODY });
    await envoy.accessLog.entry(caseId);
    const after = await extproc.metrics();
    const rise = (name: string, labels = {}) => after.sum(name, labels) - before.sum(name, labels);
    expect(rise('aigateway_extproc_retried_attempts_total')).toBe(1);
    expect(rise(count)).toBe(1);
    expect(rise(count, { gen_ai_request_model: 'second-model', gen_ai_original_model: 'gpt-x' })).toBe(1);
    expect(rise(count, { gen_ai_request_model: 'first-model' })).toBe(0);
  });

  it('that fails as well gives the client the last answer', async () => {
    const caseId = newCase('all-fail');
    world.upstreams.first.script(caseId, whole(503, 'first'));
    world.upstreams.second.script(caseId, json({ error: { message: 'second' } }, 503));
    const response = await world.gateway.send('/v1/chat/completions', { caseId, body: { model: 'plain' } });
    expect([response.status, response.json()]).toEqual([503, { error: { message: 'second' } }]);
    expect((await world.gateway.envoy.accessLog.entry(caseId)).ai).toMatchObject({ response_status_class: '5xx' });
  });
});
