import { describe, expect, it } from '@jest/globals';
import { BREAK, chunked, DONE, event, gated, hang, json, type BodyStep } from '../harness/answers.js';
import { newCase } from '../harness/case-id.js';
import { eventually } from '../harness/eventually.js';
import { MEASURED } from '../harness/gateway.js';
import { residentBytes } from '../harness/resident-memory.js';
import { useWorld } from '../harness/world.js';

const world = useWorld(
  ['openai'],
  ({ openai }) => ({
    routes: [
      {
        name: 'default/llm',
        rules: [{ model: 'gpt-x', bufferBytes: 64 << 10, backends: [{ name: 'default/openai', upstream: openai }] }],
      },
    ],
    costs: [{ metadataKey: 'used', type: 'TotalToken' }],
    listeners: { main: 16 << 20 },
  }),
  MEASURED,
);

const CHAT = '/v1/chat/completions';
const DURATION = 'gen_ai_server_request_duration_seconds_count';
const TOKENS = 'gen_ai_client_token_usage_sum';
const usage = { prompt_tokens: 2, completion_tokens: 5, total_tokens: 7 };
const stream = { model: 'gpt-x', stream: true };

/** The extproc process serves on as if nothing had been. */
async function servesOn(): Promise<void> {
  const caseId = newCase('after');
  world.upstreams.openai.script(caseId, json({ model: 'm' }));
  const response = await world.gateway.send(CHAT, { caseId, body: { model: 'gpt-x' } });
  expect([response.status, world.gateway.extproc.process.end]).toEqual([200, undefined]);
}

describe('a client that leaves', () => {
  it('in the middle of a stream has its usage recorded and counts as cancelled', async () => {
    const { gateway, upstreams } = world;
    const model = newCase('left');
    const caseId = model;
    const { body } = gated([event({ model, choices: [{}], usage }), event({ model, choices: [{}] }), DONE]);
    upstreams.openai.script(caseId, chunked(body));
    const before = (await gateway.extproc.metrics()).sum('aigateway_extproc_cancelled_requests_total');

    const response = await gateway.open(CHAT, { caseId, body: stream });
    await response.until('"total_tokens":7');
    response.abort();

    const labels = { error_type: 'cancelled', gen_ai_response_model: model };
    const metrics = await gateway.extproc.awaitMetric(DURATION, labels);
    expect(metrics.sum(DURATION, { gen_ai_response_model: model })).toBe(1);
    expect(metrics.sum(TOKENS, { gen_ai_response_model: model, gen_ai_token_type: 'output' })).toBe(5);
    expect(metrics.sum('aigateway_extproc_cancelled_requests_total')).toBe(before + 1);
    await upstreams.openai.request(caseId).aborted;
    await servesOn();
  });

  it('before the answer begins counts as cancelled', async () => {
    const { gateway, upstreams } = world;
    const before = (await gateway.extproc.metrics()).sum(DURATION, { error_type: 'cancelled' });
    const caseId = newCase('impatient');
    upstreams.openai.script(caseId, hang);

    const pending = gateway.open(CHAT, { caseId, body: stream, signal: AbortSignal.timeout(300) });
    await expect(pending).rejects.toThrow('aborted');

    await gateway.extproc.awaitMetric(DURATION, { error_type: 'cancelled' }, before + 1);
    expect(await gateway.envoy.accessLog.entry(caseId)).toMatchObject({ flags: 'DC' });
    await servesOn();
  });

  it('many at once leave nothing behind', async () => {
    const { gateway, upstreams } = world;
    const caseId = newCase('many');
    const { body, gates } = gated([event({ choices: [{}] }), DONE]);
    upstreams.openai.script(caseId, chunked(body));
    const before = (await gateway.extproc.metrics()).sum(DURATION, { error_type: 'cancelled' });

    const responses = await Promise.all(
      Array.from({ length: 100 }, () => gateway.open(CHAT, { caseId, body: stream })),
    );
    await Promise.all(responses.map((response) => response.until('choices')));
    for (const response of responses) response.abort();

    await gateway.extproc.awaitMetric(DURATION, { error_type: 'cancelled' }, before + 100);
    gates[0]!.open();
    const open = () => gateway.envoy.stat('cluster.ai-gateway-extproc-uds.upstream_rq_active');
    await eventually('all ext_proc streams to be over', async () => (await open()) === 0);
    expect((await gateway.extproc.metrics()).sum(DURATION, { error_type: 'cancelled' })).toBe(before + 100);
    await servesOn();
  });
});

describe('a provider that breaks off', () => {
  it('in the middle of a stream leaves the client with what came, and its usage recorded', async () => {
    const { gateway, upstreams } = world;
    const model = newCase('broke');
    const caseId = model;
    const first = event({ model, choices: [{}], usage });
    const { body, gates } = gated([first, '']);
    upstreams.openai.script(caseId, chunked([...body, BREAK]));

    const response = await gateway.open(CHAT, { caseId, body: stream });
    await response.until(first);
    gates[0]!.open();

    expect(await response.rest()).toEqual({ received: first, isComplete: false, cause: 'Error: aborted' });
    const metrics = await gateway.extproc.awaitMetric(DURATION, { gen_ai_response_model: model });
    expect(metrics.find(DURATION, { gen_ai_response_model: model })).toMatchObject([
      { value: 1, labels: { error_type: 'cancelled' } },
    ]);
    expect(metrics.sum(TOKENS, { gen_ai_response_model: model, gen_ai_token_type: 'input' })).toBe(2);
    await servesOn();
  });

  it('in the middle of a whole answer is an error to the client, and one failure', async () => {
    const { gateway, upstreams } = world;
    const caseId = newCase('cut');
    const headers = { 'content-type': 'application/json', 'content-length': '1000' };
    upstreams.openai.script(caseId, { ...json({}), headers, body: ['{"model":', BREAK] });
    const before = (await gateway.extproc.metrics()).sum(DURATION);
    const response = await gateway.open(CHAT, { caseId, body: { model: 'gpt-x' } }).catch((error: Error) => error);
    const isWhole = 'rest' in response && (await response.rest()).isComplete && response.status === 200;
    expect(isWhole).toBe(false);
    await gateway.extproc.awaitMetric(DURATION, {}, before + 1);
    await servesOn();
  });
});

describe('a client that reads slowly', () => {
  it('holds up its provider and not the memory of the processor', async () => {
    const { gateway, upstreams } = world;
    const caseId = newCase('slow');
    const chunk = Buffer.alloc(64 << 10, event({ choices: [{ delta: { content: 'x'.repeat(1000) } }] }));
    const chunks = 1600;
    upstreams.openai.script(caseId, chunked(repeated(chunk, chunks)));
    const before = await residentBytes(gateway.extproc.process.pid);

    const response = await gateway.open(CHAT, { caseId, body: stream });
    response.pause();
    const request = upstreams.openai.request(caseId);
    await eventually('the provider to be held up', () => unchanged(() => request.sentBytes));
    expect(request.sentBytes).toBeLessThan((chunk.length * chunks) / 2);
    expect((await residentBytes(gateway.extproc.process.pid)) - before).toBeLessThan(100 << 20);
    await servesOn();

    response.resume();
    const { received, isComplete } = await response.rest();
    expect([received.length, isComplete]).toEqual([chunk.length * chunks, true]);
  });
});

async function* repeated(bytes: Uint8Array, count: number): AsyncGenerator<BodyStep> {
  for (let i = 0; i < count; i++) yield await Promise.resolve(bytes);
}

/** True when the value rests for 300 ms. */
async function unchanged(value: () => number): Promise<boolean> {
  const before = value();
  await new Promise((resolve) => setTimeout(resolve, 300));
  return before > 0 && value() === before;
}
