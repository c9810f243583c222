import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { json, whole } from '../harness/answers.js';
import { newCase } from '../harness/case-id.js';
import { useWorld } from '../harness/world.js';

const world = useWorld(['openai'], ({ openai }) => ({
  routes: [
    { name: 'default/llm', rules: [{ model: 'gpt-x', backends: [{ name: 'default/openai', upstream: openai }] }] },
  ],
}));

const CHAT = '/v1/chat/completions';
const ERROR = { error: { message: 'no such thing', type: 'invalid_request_error', code: 'x', param: null } };

describe.each([false, true])('an error of the provider, stream: %s', (stream) => {
  const body = { model: 'gpt-x', stream };

  it.each([400, 401, 404, 429, 500, 503])('%i that is JSON reaches the client untouched', async (status) => {
    const caseId = newCase('json');
    world.upstreams.openai.script(caseId, json(ERROR, status, { 'retry-after': '7' }));
    const response = await world.gateway.send(CHAT, { caseId, body });
    expect([response.status, response.text]).toEqual([status, JSON.stringify(ERROR)]);
    expect(response.headers['retry-after']).toBe('7');
  });

  it.each([
    ['text/plain', 'upstream connect error "quoted"\nand more'],
    ['text/html; charset=utf-8', '<h1>502 Bad Gateway</h1>'],
  ])('that is %s is wrapped as an OpenAI error', async (type, text) => {
    const caseId = newCase('text');
    world.upstreams.openai.script(caseId, whole(502, text, { 'content-type': type }));
    const response = await world.gateway.send(CHAT, { caseId, body });
    expect([response.status, response.headers['content-type']]).toEqual([502, 'application/json']);
    expect(response.headers['content-length']).toBe(String(response.body.length));
    expect(response.json()).toEqual({
      type: 'error',
      error: { type: 'OpenAIBackendError', code: '502', message: text },
    });
  });

  it('that is JSON and compressed keeps its bytes and its label', async () => {
    const caseId = newCase('gzip-json');
    const bytes = gzipSync(JSON.stringify(ERROR));
    world.upstreams.openai.script(caseId, whole(400, bytes, { 'content-encoding': 'gzip' }));
    const response = await world.gateway.send(CHAT, { caseId, body });
    expect([response.status, response.headers['content-encoding']]).toEqual([400, 'gzip']);
    expect(response.body.equals(bytes)).toBe(true);
  });

  it('that is text and compressed is unpacked and wrapped', async () => {
    const caseId = newCase('gzip-text');
    const headers = { 'content-type': 'text/plain', 'content-encoding': 'gzip' };
    world.upstreams.openai.script(caseId, whole(500, gzipSync('it broke'), headers));
    const response = await world.gateway.send(CHAT, { caseId, body });
    expect([response.status, response.headers['content-encoding']]).toEqual([500, undefined]);
    expect(response.json()).toMatchObject({ error: { message: 'it broke' } });
  });

  it('whose compression is broken reaches the client as it is', async () => {
    const caseId = newCase('gzip-broken');
    const headers = { 'content-type': 'text/plain', 'content-encoding': 'gzip' };
    world.upstreams.openai.script(caseId, whole(500, 'not gzip at all', headers));
    const response = await world.gateway.send(CHAT, { caseId, body });
    expect([response.status, response.headers['content-encoding'], response.text]).toEqual([
      500,
      'gzip',
      'not gzip at all',
    ]);
  });

  it('without a body gets one of the dialect', async () => {
    const caseId = newCase('empty');
    world.upstreams.openai.script(caseId, whole(500, '', { 'content-type': 'text/plain' }));
    const response = await world.gateway.send(CHAT, { caseId, body });
    expect([response.status, response.json()]).toMatchObject([
      500,
      { error: { type: 'OpenAIBackendError', code: '500' } },
    ]);
  });

  it('says in the access log whose failure it was (X1)', async () => {
    const caseId = newCase('log');
    world.upstreams.openai.script(caseId, json(ERROR, 429));
    await world.gateway.send(CHAT, { caseId, body });
    expect(await world.gateway.envoy.accessLog.entry(caseId)).toMatchObject({
      status: 429,
      ai: {
        backend_name: 'default/openai/route/llm/rule/0/ref/0',
        ai_service_backend_name: 'default/openai',
        model_name_override: 'gpt-x',
        route_name: 'default/llm',
        response_status_class: '4xx',
      },
    });
  });

  it('is counted once as a failure', async () => {
    const { extproc } = world.gateway;
    const name = 'gen_ai_server_request_duration_seconds_count';
    const labels = { gen_ai_operation_name: 'chat', error_type: '_OTHER' };
    const before = (await extproc.metrics()).sum(name, labels);
    const caseId = newCase('metric');
    world.upstreams.openai.script(caseId, json(ERROR, 500));
    await world.gateway.send(CHAT, { caseId, body });
    await world.gateway.envoy.accessLog.entry(caseId);
    expect((await extproc.metrics()).sum(name, labels)).toBe(before + 1);
  });
});

describe('a provider that cannot be reached', () => {
  it("leaves the client with Envoy's status as an OpenAI error", async () => {
    const caseId = newCase('reset');
    world.upstreams.openai.script(caseId, { kind: 'reset' });
    const response = await world.gateway.send(CHAT, { caseId, body: { model: 'gpt-x' } });
    expect([response.status, response.json()]).toMatchObject([
      503,
      { error: { type: 'OpenAIBackendError', code: '503' } },
    ]);
    expect(await world.gateway.envoy.accessLog.entry(caseId)).toMatchObject({
      flags: 'UC',
      ai: { ai_service_backend_name: 'default/openai', response_status_class: '5xx' },
    });
  });
});
