import { describe, expect, it } from '@jest/globals';
import { chunked, DONE, event, gated, json } from '../harness/answers.js';
import { newCase } from '../harness/case-id.js';
import { useWorld } from '../harness/world.js';

const world = useWorld(
  ['provider'],
  ({ provider }) => ({
    routes: [
      {
        name: 'default/llm',
        rules: [
          {
            model: 'gpt-x',
            backends: [{ name: 'default/openai', upstream: provider, modelNameOverride: 'gpt-x-large' }],
          },
          {
            model: 'gpt-a',
            backends: [{ name: 'default/azure', upstream: provider, schema: { name: 'AzureOpenAI', version: 'v' } }],
          },
        ],
      },
    ],
  }),
  {
    extprocFlags: [
      '-metricsRequestHeaderAttributes',
      'x-team:team.name',
      '-logRequestHeaderAttributes',
      'x-team:team,x-absent:absent',
    ],
  },
);

const usage = {
  prompt_tokens: 11,
  completion_tokens: 7,
  total_tokens: 18,
  prompt_tokens_details: { cached_tokens: 4 },
  completion_tokens_details: { reasoning_tokens: 5 },
};
const DURATION = 'gen_ai_server_request_duration_seconds';
const TOKENS = 'gen_ai_client_token_usage';

describe('metrics of a request', () => {
  it('tell operation, provider, models, mapped headers and tokens by kind', async () => {
    const { gateway, upstreams } = world;
    const caseId = newCase('tokens');
    upstreams.provider.script(caseId, json({ model: 'gpt-x-1', usage }));
    await gateway.send('/v1/chat/completions', { caseId, body: { model: 'gpt-x' }, headers: { 'x-team': 'red' } });

    const labels = {
      gen_ai_operation_name: 'chat',
      gen_ai_provider_name: 'openai',
      gen_ai_original_model: 'gpt-x',
      gen_ai_request_model: 'gpt-x-large',
      gen_ai_response_model: 'gpt-x-1',
      team_name: 'red',
    };
    const metrics = await gateway.extproc.awaitMetric(`${DURATION}_count`, labels);
    expect(metrics.sum(`${DURATION}_count`, labels)).toBe(1);
    expect(metrics.sum(`${DURATION}_sum`, labels)).toBeGreaterThan(0);
    for (const [type, tokens] of Object.entries({ input: 11, cached_input: 4, output: 7, reasoning: 5 })) {
      expect([type, metrics.sum(`${TOKENS}_sum`, { ...labels, gen_ai_token_type: type })]).toEqual([type, tokens]);
    }
    expect(metrics.find(`${TOKENS}_sum`, { ...labels, gen_ai_token_type: 'cache_creation_input' })).toEqual([]);
  });

  it.each([
    ['/v1/completions', 'completion'],
    ['/v1/embeddings', 'embeddings'],
  ])('of %s have the operation %s', async (path, operation) => {
    const { gateway } = world;
    await gateway.send(path, { body: { model: 'gpt-x' } });
    const labels = { gen_ai_operation_name: operation };
    expect((await gateway.extproc.awaitMetric(`${DURATION}_count`, labels)).sum(`${DURATION}_count`, labels)).toBe(1);
  });

  it('of a stream have the times of its tokens', async () => {
    const { gateway, upstreams } = world;
    const caseId = newCase('latency');
    const { body, gates } = gated([event({ model: 'az', choices: [{}] }), event({ choices: [], usage }) + DONE]);
    upstreams.provider.script(caseId, chunked(body));
    const response = await gateway.open('/v1/chat/completions', { caseId, body: { model: 'gpt-a', stream: true } });
    await response.until('choices');
    gates[0]!.open();
    await response.rest();

    const labels = { gen_ai_provider_name: 'azure.openai', gen_ai_original_model: 'gpt-a' };
    const metrics = await gateway.extproc.awaitMetric(`${DURATION}_count`, labels);
    for (const name of ['gen_ai_server_time_to_first_token_seconds', 'gen_ai_server_time_per_output_token_seconds']) {
      expect([name, metrics.sum(`${name}_count`, labels)]).toEqual([name, 1]);
    }
  });

  it('have a bounded number of series, whatever models clients name', async () => {
    const { gateway } = world;
    const page = (await gateway.extproc.metrics()).text;
    await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        gateway.send('/v1/chat/completions', { body: { model: `nobody-${index}` } }),
      ),
    );
    const after = (await gateway.extproc.metrics()).text;
    expect(after).not.toContain('nobody-');
    expect(after.split('\n').length).toBeLessThan(page.split('\n').length + 20);
  });
});

describe('the headers of a request', () => {
  it('reach access logs under the names that they are mapped to', async () => {
    const { gateway } = world;
    const caseId = newCase('log');
    await gateway.send('/v1/chat/completions', { caseId, body: { model: 'gpt-x' }, headers: { 'x-team': 'blue' } });
    const { ai } = await gateway.envoy.accessLog.entry(caseId);
    expect(ai).toMatchObject({ team: 'blue' });
    expect(ai).not.toHaveProperty('absent');
  });
});
