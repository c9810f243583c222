import { describe, expect, it } from '@jest/globals';
import { chunked, event, json } from '../harness/answers.js';
import { newCase } from '../harness/case-id.js';
import { useWorld } from '../harness/world.js';

/** Envoy Gateway's default for listeners and clusters. */
const DEFAULT_BUFFER_BYTES = 32 << 10;

const world = useWorld(
  ['openai'],
  ({ openai }) => ({
    routes: [
      {
        name: 'default/llm',
        rules: [
          { model: 'gpt-x', backends: [{ name: 'default/openai', upstream: openai }] },
          { model: 'changed', backends: [{ name: 'default/openai', upstream: openai, modelNameOverride: 'other' }] },
          {
            model: 'narrow',
            bufferBytes: DEFAULT_BUFFER_BYTES,
            backends: [{ name: 'default/openai', upstream: openai }],
          },
        ],
      },
    ],
    costs: [{ metadataKey: 'used', type: 'TotalToken' }],
    listeners: { main: 50 << 20, narrow: DEFAULT_BUFFER_BYTES },
  }),
  { extprocFlags: ['-maxRecvMsgSize', String(8 << 20)] },
);

const CHAT = '/v1/chat/completions';
const bodyOf = (model: string, sizeBytes: number) =>
  `{"messages":[{"role":"user","content":"${'x'.repeat(sizeBytes)}"}],"model":"${model}"}`;

describe('a large request', () => {
  it.each(['gpt-x', 'changed'])('of 5 MB reaches the provider whole: %s', async (model) => {
    const caseId = newCase('large');
    const body = bodyOf(model, 5_000_000);
    const response = await world.gateway.send(CHAT, { caseId, body });
    expect(response.status).toBe(200);
    const request = world.upstreams.openai.request(caseId);
    expect(request.body.toString() === body.replace('"changed"', '"other"')).toBe(true);
    expect(request.headers['content-length']).toBe(String(request.body.length));
  });

  it("beyond Envoy's buffer is refused with 413, and the provider never hears of it", async () => {
    const caseId = newCase('413');
    const response = await world.gateway.send(CHAT, { caseId, body: bodyOf('gpt-x', 100_000) }, 'narrow');
    expect(response.status).toBe(413);
    expect(await world.gateway.envoy.accessLog.entry(caseId)).toMatchObject({ details: 'request_payload_too_large' });
    expect(world.upstreams.openai.requests(caseId)).toEqual([]);
  });

  it('beyond maxRecvMsgSize is refused cleanly, and those beside it are served', async () => {
    const caseId = newCase('resource-exhausted');
    const beside = newCase('beside');
    const [refused, served] = await Promise.all([
      world.gateway.send(CHAT, { caseId, body: bodyOf('gpt-x', 9 << 20) }),
      world.gateway.send(CHAT, { caseId: beside, body: bodyOf('gpt-x', 10) }),
    ]);
    expect([refused.status, served.status]).toEqual([500, 200]);
    const { details } = await world.gateway.envoy.accessLog.entry(caseId);
    expect(details).toMatch(/^ext_proc_error_gRPC_error_8\{received%20message%20of%20\d+%20bytes/);
    expect(world.upstreams.openai.requests(caseId)).toEqual([]);
  });
});

describe('a large answer', () => {
  const usage = { total_tokens: 7 };
  const big = { object: 'list', data: [{ embedding: 'x'.repeat(5_000_000) }], model: 'm', usage };

  it('of 5 MB reaches the client whole, and its usage counts', async () => {
    const caseId = newCase('large-answer');
    world.upstreams.openai.script(caseId, json(big));
    const response = await world.gateway.send('/v1/embeddings', { caseId, body: { model: 'gpt-x' } });
    expect([response.status, response.text === JSON.stringify(big)]).toEqual([200, true]);
    expect((await world.gateway.envoy.accessLog.entry(caseId)).ai).toMatchObject({ used: 7, response_model: 'm' });
  });

  it('of 5 MB has its usage counted whatever its other members are called', async () => {
    const caseId = newCase('inner-model');
    world.upstreams.openai.script(caseId, json({ data: [...big.data, { role: 'model', model: 'inner' }], usage }));
    const response = await world.gateway.send('/v1/embeddings', { caseId, body: { model: 'gpt-x' } });
    expect(response.status).toBe(200);
    expect((await world.gateway.envoy.accessLog.entry(caseId)).ai).toMatchObject({ used: 7 });
  });

  // Fails where Envoy buffers the body while the processor looks at the headers: the body is there before the answer is.
  const whole = JSON.stringify(big);
  const stream = event({ model: 'm', content: 'x'.repeat(300_000) }) + event({ choices: [], usage });
  it.each([
    ['whole', '/v1/embeddings', json(big), whole],
    ['whole, without a length', '/v1/embeddings', chunked([whole], { 'content-type': 'application/json' }), whole],
    ['a stream', CHAT, chunked([stream]), stream],
  ])("larger than Envoy Gateway's default buffers reaches the client: %s", async (_, path, answer, text) => {
    const caseId = newCase('narrow');
    world.upstreams.openai.script(caseId, answer);
    const body = { model: 'narrow', stream: path === CHAT };
    const response = await world.gateway.send(path, { caseId, body }, 'narrow');
    expect([response.status, response.text === text]).toEqual([200, true]);
    expect((await world.gateway.envoy.accessLog.entry(caseId)).ai).toMatchObject({ used: 7 });
  });
});
