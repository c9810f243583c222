import { Agent } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { chunked, event } from '../harness/answers.js';
import { newCase } from '../harness/case-id.js';
import { Gate } from '../harness/gate.js';
import { useWorld } from '../harness/world.js';

// One worker: Envoy has one connection to the processor then, and resets two streams on it for each request.
const world = useWorld(
  ['openai'],
  ({ openai }) => ({
    routes: [
      { name: 'default/llm', rules: [{ model: 'gpt-x', backends: [{ name: 'default/openai', upstream: openai }] }] },
    ],
  }),
  { envoyWorkers: 1 },
);

const CHAT = '/v1/chat/completions';
const EXTPROC = 'cluster.ai-gateway-extproc-uds';

describe('the one connection between Envoy and the processor', () => {
  it('bears thousands of resets a second without a failure', async () => {
    const { gateway } = world;
    const agent = new Agent({ keepAlive: true, maxSockets: 32 });
    const statuses = new Map<number, number>();
    const worker = async () => {
      for (let i = 0; i < 80; i++) {
        const { status } = await gateway.send(CHAT, { agent, body: { model: 'gpt-x' } });
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: 32 }, worker));
    agent.destroy();

    expect([...statuses]).toEqual([[200, 2560]]);
    expect(await gateway.envoy.stat(`${EXTPROC}.upstream_cx_total`)).toBe(1);
    expect(await gateway.envoy.stat(`${EXTPROC}.upstream_cx_close_notify`)).toBe(0);
    expect(await gateway.envoy.stat(`${EXTPROC}.upstream_cx_destroy`)).toBe(0);
  });

  it('bears hundreds of clients that leave at the same moment', async () => {
    const { gateway, upstreams } = world;
    const caseId = newCase('leave');
    upstreams.openai.script(caseId, chunked([event({ choices: [{}] }), new Gate()]));
    for (let round = 0; round < 3; round++) {
      const responses = await Promise.all(
        Array.from({ length: 300 }, () => gateway.open(CHAT, { caseId, body: { model: 'gpt-x', stream: true } })),
      );
      for (const response of responses) response.abort();
      expect((await gateway.send(CHAT, { body: { model: 'gpt-x' } })).status).toBe(200);
    }
    expect(await gateway.envoy.stat(`${EXTPROC}.upstream_cx_destroy`)).toBe(0);
  });

  it('carries more than a thousand requests at once', async () => {
    const { gateway, upstreams } = world;
    const caseId = newCase('many');
    const gate = new Gate();
    upstreams.openai.script(caseId, chunked([event({ choices: [{}] }), gate, event('[DONE]')]));
    const responses = await Promise.all(
      Array.from({ length: 1100 }, () => gateway.open(CHAT, { caseId, body: { model: 'gpt-x', stream: true } })),
    );
    gate.open();
    const ends = await Promise.all(responses.map((response) => response.rest()));
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]));
    expect(ends.filter(({ isComplete }) => !isComplete)).toEqual([]);
  });
});
