import { describe, expect, it } from '@jest/globals';
import { chunked, DONE, event, gated, json } from '../harness/answers.js';
import { newCase } from '../harness/case-id.js';
import { useWorld } from '../harness/world.js';

const world = useWorld(['openai'], ({ openai }) => ({
  routes: [
    { name: 'default/llm', rules: [{ model: 'gpt-x', backends: [{ name: 'default/openai', upstream: openai }] }] },
  ],
}));

const CHAT = '/v1/chat/completions';
const ANSWER = { id: 'c1', object: 'chat.completion', model: 'gpt-x-0613', choices: [], usage: { prompt_tokens: 1 } };

describe('a request whose backend speaks the schema of its endpoint', () => {
  it('reaches the provider byte for byte, and so does its answer the client', async () => {
    const { gateway, upstreams } = world;
    const caseId = newCase('bytes');
    upstreams.openai.script(caseId, json(ANSWER, 200, { 'x-provider': 'yes' }));
    const body =
      '{ "messages":[{"role":"user","content":"\\u00e9 12345678901234567890"}],\n "model" : "gpt-x","n":1.0 }';

    const response = await gateway.send(CHAT, { caseId, body });

    expect(response.status).toBe(200);
    expect(response.text).toBe(JSON.stringify(ANSWER));
    expect(response.headers['x-provider']).toBe('yes');
    const got = upstreams.openai.request(caseId);
    expect(got).toMatchObject({ method: 'POST', path: CHAT });
    expect(got.body.toString()).toBe(body);
    expect(got.headers).toMatchObject({ host: 'openai.test', 'content-length': String(Buffer.byteLength(body)) });
  });

  it.each([CHAT, '/v1/completions', '/v1/embeddings'])('is served on %s', async (path) => {
    const { gateway, upstreams } = world;
    const caseId = newCase(path);
    upstreams.openai.script(caseId, json({ object: 'any', model: 'm' }));

    const response = await gateway.send(path, { caseId, body: { model: 'gpt-x', input: 'a' } });

    expect([response.status, response.json()]).toEqual([200, { object: 'any', model: 'm' }]);
    expect(upstreams.openai.request(caseId)).toMatchObject({
      path,
      body: Buffer.from('{"model":"gpt-x","input":"a"}'),
    });
  });

  it('is told the model it asked for and the path it came by in the access log', async () => {
    const caseId = newCase('log');
    await world.gateway.send(`${CHAT}?api-version=1`, { caseId, body: { model: 'gpt-x' } });
    expect(await world.gateway.envoy.accessLog.entry(caseId)).toMatchObject({
      model: 'gpt-x',
      originalPath: `${CHAT}?api-version=1`,
      envoyOriginalPath: `${CHAT}?api-version=1`,
    });
  });

  it('G41: sends the harmless part of the query that the client has', async () => {
    const caseId = newCase('query');
    await world.gateway.send(`${CHAT}?a=b&api_key=secret&api-version=1`, { caseId, body: { model: 'gpt-x' } });
    expect(world.upstreams.openai.request(caseId).path).toBe(`${CHAT}?a=b`);
  });
});

describe('a stream', () => {
  it.each([CHAT, '/v1/completions'])('of %s passes each event on before the next one is sent', async (path) => {
    const { gateway, upstreams } = world;
    const caseId = newCase('stream');
    const events = [event({ n: 1 }), event({ n: 2 }), event({ n: 3 }), DONE];
    const { body, gates } = gated(events);
    upstreams.openai.script(caseId, chunked(body));

    const response = await gateway.open(path, { caseId, body: { model: 'gpt-x', stream: true } });

    expect([response.status, response.headers['content-type']]).toEqual([200, 'text/event-stream']);
    for (const [index, text] of events.entries()) {
      await response.until(text);
      expect(response.received).toBe(events.slice(0, index + 1).join(''));
      gates[index]?.open();
    }
    expect(await response.rest()).toEqual({ received: events.join(''), isComplete: true });
  });

  it('is asked for as the client asked for it when no cost is configured', async () => {
    const caseId = newCase('unforced');
    const body = '{"model":"gpt-x","stream":true}';
    await world.gateway.send(CHAT, { caseId, body });
    expect(world.upstreams.openai.request(caseId).body.toString()).toBe(body);
  });

  it('is whole to the client wherever its bytes are cut', async () => {
    const { gateway, upstreams } = world;
    const caseId = newCase('cut');
    const text =
      event({ choices: [{ delta: { content: 'é😀' } }] }) + event({ choices: [], usage: { total_tokens: 3 } }) + DONE;
    const bytes = Buffer.from(text);
    upstreams.openai.script(caseId, chunked([...bytes].map((byte) => Uint8Array.of(byte))));

    const response = await gateway.send(CHAT, { caseId, body: { model: 'gpt-x', stream: true } });

    expect(response.body.equals(bytes)).toBe(true);
  });

  it('that the provider answers whole is passed on as it is', async () => {
    const caseId = newCase('whole');
    world.upstreams.openai.script(caseId, json(ANSWER));
    const response = await world.gateway.send(CHAT, { caseId, body: { model: 'gpt-x', stream: true } });
    expect([response.status, response.json()]).toEqual([200, ANSWER]);
  });
});
