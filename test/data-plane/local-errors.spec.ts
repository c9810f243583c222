import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { newCase } from '../harness/case-id.js';
import { useWorld } from '../harness/world.js';

const world = useWorld(['openai'], ({ openai }) => ({
  routes: [
    { name: 'default/llm', rules: [{ model: 'gpt-x', backends: [{ name: 'default/openai', upstream: openai }] }] },
  ],
  costs: [{ metadataKey: 'used', type: 'TotalToken' }],
}));

const CHAT = '/v1/chat/completions';
const MESSAGES = '/anthropic/v1/messages';
const COUNT = '/anthropic/v1/messages/count_tokens';
const nothingSent = (caseId: string) => expect(world.upstreams.openai.requests(caseId)).toEqual([]);

describe('an unknown path', () => {
  it.each([
    ['/v1/unknown?key=1', { body: { model: 'gpt-x' } }],
    ['/v1/responses/resp_1/unknown', {}],
    ['/v1/chat/completions/', { body: { model: 'gpt-x' } }],
    ['/V1/chat/completions', { body: { model: 'gpt-x' } }],
    ['/', {}],
  ])('%s gives 404 and its name', async (path, message) => {
    const caseId = newCase('path');
    const response = await world.gateway.send(path, { ...message, caseId });
    expect([response.status, response.text]).toEqual([404, `unsupported path: ${path}`]);
    expect(response.headers['content-type']).toBe('text/plain');
    expect(await world.gateway.envoy.accessLog.entry(caseId)).toMatchObject({ details: 'aigw_unsupported_path' });
    nothingSent(caseId);
  });
});

describe('a body that is no request', () => {
  it.each([
    ['broken JSON', '{"model": "gpt-x", "messages": [}'],
    ['quotes and line breaks where JSON ends', '{"model":"gpt-x" "say \\"hi\\"\\n"}'],
    ['control characters', '{"model":"gpt-x","a":\u0001"}'],
    ['bytes that are not UTF-8', Buffer.from('{"model":"gpt-x", \xff\xfe"}', 'latin1')],
    ['an array', '[{"model":"gpt-x"}]'],
    ['a text', '"gpt-x"'],
    ['a number', '42'],
    ['something behind the object', '{"model":"gpt-x"} {"model":"other"}'],
    ['a byte order mark', '\uFEFF{"model":"gpt-x"}'],
    ['white space', '   '],
    ['a model that is a number', '{"model":4}'],
    ['a stream flag that is a text', '{"model":"gpt-x","stream":"yes"}'],
    ['a cut object', '{"model":"gpt-x","messages":[{"role":"user"'],
    ['a compressed object', gzipSync('{"model":"gpt-x"}')],
    ['nesting without end', `{"model":"gpt-x","messages":${'['.repeat(200_000)}`],
  ])('is refused with 400 and an error that is JSON: %s', async (_, body) => {
    const caseId = newCase('malformed');
    const response = await world.gateway.send(CHAT, { body, caseId });
    expect([response.status, response.headers['content-type']]).toEqual([400, 'application/json']);
    expect(response.headers['content-length']).toBe(String(response.body.length));
    expect(response.json()).toEqual({
      type: 'error',
      error: { type: 'BadRequest', code: '400', param: null, message: expect.stringMatching(/^malformed request: /) },
    });
    expect(await world.gateway.envoy.accessLog.entry(caseId)).toMatchObject({ details: 'aigw_bad_request' });
    nothingSent(caseId);
  });

  it("is refused in Anthropic's dialect below its prefix", async () => {
    const response = await world.gateway.send(MESSAGES, { body: '{"model":' });
    expect(response.status).toBe(400);
    expect(response.json()).toMatchObject({
      type: 'error',
      error: { type: 'invalid_request_error', message: expect.stringContaining('/v1/messages') },
    });
  });

  it('is refused when it is a form', async () => {
    const response = await world.gateway.send(CHAT, {
      body: '--x\r\n\r\n--x--',
      headers: { 'content-type': 'Multipart/Form-Data; boundary=x' },
    });
    expect([response.status, response.json()]).toMatchObject([
      400,
      { error: { message: 'malformed request: /v1/chat/completions takes a JSON body, found multipart/form-data' } },
    ]);
  });

  it('is counted as rejected, with our own words as labels', async () => {
    const { extproc } = world.gateway;
    const labels = { status: '400', reason: 'aigw_bad_request' };
    const before = (await extproc.metrics()).sum('aigateway_extproc_rejected_requests_total', labels);
    await world.gateway.send(CHAT, { body: '{' });
    const metrics = await extproc.metrics();
    expect(metrics.sum('aigateway_extproc_rejected_requests_total', labels)).toBe(before + 1);
  });
});

describe('a request without a body', () => {
  it.each([
    [CHAT, 'BadRequest'],
    ['/v1/embeddings', 'BadRequest'],
    [MESSAGES, 'invalid_request_error'],
  ])('to %s is refused with 400', async (path, type) => {
    const caseId = newCase('empty');
    const response = await world.gateway.send(path, { method: 'POST', caseId, headers: { 'content-length': '0' } });
    expect([response.status, response.json()]).toMatchObject([400, { error: { type } }]);
    nothingSent(caseId);
  });
});

describe('a wrong method', () => {
  it.each(['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH'])('%s is refused with 405 and the right one', async (method) => {
    const caseId = newCase(method);
    const response = await world.gateway.send(CHAT, { method, caseId });
    expect([response.status, response.headers.allow]).toEqual([405, 'POST']);
    nothingSent(caseId);
  });

  it('is refused with a body as well', async () => {
    const response = await world.gateway.send(CHAT, { method: 'PUT', body: { model: 'gpt-x' } });
    expect([response.status, response.json()]).toMatchObject([405, { error: { type: 'MethodNotAllowed' } }]);
  });
});

describe('a model that no route has', () => {
  it.each([
    ['an unknown one', { model: 'nobody' }],
    ['none', { messages: [] }],
    ['null', { model: null }],
    ['an empty one', { model: '' }],
    ['the key in other case', { Model: 'gpt-x' }],
    ['the body null', 'null'],
  ])('leads to 404 from the route of last resort: %s', async (_, body) => {
    const caseId = newCase('no-route');
    const response = await world.gateway.send(CHAT, { body, caseId });
    expect([response.status, response.text]).toEqual([404, 'No matching route found.']);
    nothingSent(caseId);
  });
});

describe('an endpoint that the schema of the backend does not have', () => {
  it('is refused with 400, names the backend and is counted once', async () => {
    const caseId = newCase('pair');
    const response = await world.gateway.send(COUNT, { body: { model: 'gpt-x', messages: [] }, caseId });
    expect([response.status, response.json()]).toMatchObject([
      400,
      {
        type: 'error',
        error: {
          message: '/v1/messages/count_tokens is not supported by backends of schema OpenAI (backend default/openai)',
        },
      },
    ]);
    expect(await world.gateway.envoy.accessLog.entry(caseId)).toMatchObject({
      details: 'aigw_unsupported_endpoint',
      ai: { backend_name: 'default/openai/route/llm/rule/0/ref/0' },
    });
    const labels = { gen_ai_operation_name: 'count_tokens', error_type: '_OTHER' };
    const metrics = await world.gateway.extproc.awaitMetric('gen_ai_server_request_duration_seconds_count', labels);
    expect(metrics.sum('gen_ai_server_request_duration_seconds_count', labels)).toBe(1);
    nothingSent(caseId);
  });
});
