import { Agent } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { chunked, DONE, event, json } from '../harness/answers.js';
import { newCase } from '../harness/case-id.js';
import type { EnvoyPlan } from '../harness/envoy-config.js';
import type { TestUpstream } from '../harness/test-upstream.js';
import { MEASURED } from '../harness/gateway.js';
import { useWorld } from '../harness/world.js';

const CHAT = '/v1/chat/completions';
const RATE_PER_SECOND = 200;
const DURATION_MS = 10_000;
const CHANGES = 20;

/** The two rules stay; what belongs to one generation has its number. */
const generation = (provider: TestUpstream, number: number): EnvoyPlan => ({
  routes: [
    {
      name: 'default/llm',
      rules: ['steady', 'streamed', `passing-${number}`].map((model) => ({
        model,
        backends: [
          { name: `default/${model}`, upstream: provider, auth: { apiKey: { key: `PLANTED-key-${number}` } } },
        ],
      })),
    },
  ],
  costs: [
    { metadataKey: 'used', type: 'TotalToken' },
    { metadataKey: `generation_${number}`, type: 'InputToken' },
  ],
});

const world = useWorld(['provider'], ({ provider }) => generation(provider, 0), MEASURED);

describe('changes of the configuration under load', () => {
  it('fail no request: 200 a second for 10 seconds, 20 changes of filter configuration and routes', async () => {
    const { gateway, upstreams } = world;
    const [whole, streamed] = [newCase('whole'), newCase('streamed')];
    upstreams.provider.script(whole, json({ model: 'm', usage: { total_tokens: 1 } }));
    upstreams.provider.script(
      streamed,
      chunked([event({ choices: [{}] }), event({ choices: [], usage: { total_tokens: 1 } }), DONE]),
    );
    const agent = new Agent({ keepAlive: true, maxSockets: 64 });
    const outcomes = new Map<string, number>();
    const ask = async (index: number) => {
      const stream = index % 4 === 0;
      const message = stream
        ? { caseId: streamed, body: { model: 'streamed', stream } }
        : { caseId: whole, body: { model: 'steady' } };
      const outcome = await gateway.send(CHAT, { ...message, agent }).then(
        ({ status, text }) => (stream && !text.endsWith(DONE) ? `${status} cut` : String(status)),
        (error: Error) => error.message,
      );
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    };

    const requests: Promise<void>[] = [];
    const load = async () => {
      const startMs = performance.now();
      for (let index = 0; index < (RATE_PER_SECOND * DURATION_MS) / 1000; index++) {
        const dueMs = startMs + (index * 1000) / RATE_PER_SECOND;
        if (dueMs > performance.now()) await delay(dueMs - performance.now());
        requests.push(ask(index));
      }
    };
    const change = async () => {
      for (let number = 1; number <= CHANGES; number++) {
        const plan = generation(upstreams.provider, number);
        await Promise.all([
          delay(DURATION_MS / CHANGES - 50),
          gateway.useFilterConfig(plan),
          gateway.envoy.replaceRoutes(plan),
        ]);
      }
    };
    await Promise.all([load(), change()]);
    await Promise.all(requests);
    agent.destroy();

    expect(Object.fromEntries(outcomes)).toEqual({ 200: (RATE_PER_SECOND * DURATION_MS) / 1000 });
    expect((await gateway.extproc.metrics()).sum('aigateway_extproc_config_loads_total', { result: 'success' })).toBe(
      CHANGES + 1,
    );
  }, 60_000);
});
