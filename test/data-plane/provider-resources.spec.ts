import { describe, expect, it } from '@jest/globals';
import { json, whole } from '../harness/answers.js';
import { newCase } from '../harness/case-id.js';
import { FALLBACK_RETRY } from '../harness/gateway-plan.js';
import { useWorld } from '../harness/world.js';

const AZURE = { schema: { name: 'AzureOpenAI' }, auth: { azureAPIKey: { key: 'PLANTED-azure-key' } } };
const ANTHROPIC = {
  schema: { name: 'Anthropic', prefix: 'v1' },
  auth: { anthropicAPIKey: { key: 'PLANTED-claude-key' } },
};
const OPEN = { providerResources: 'allow' } as const;

const world = useWorld(['first', 'second'], ({ first, second }) => ({
  routes: [
    {
      name: 'default/llm',
      rules: [
        {
          model: 'gpt-x',
          backends: [
            { name: 'default/openai', upstream: first, auth: { apiKey: { key: 'PLANTED-provider-key' } }, ...OPEN },
          ],
        },
        { model: 'gpt-closed', backends: [{ name: 'default/closed', upstream: first }] },
        { model: 'azure', backends: [{ name: 'default/azure', upstream: first, ...AZURE, ...OPEN }] },
        {
          model: 'fallback',
          retry: FALLBACK_RETRY,
          backends: [
            { name: 'default/first', upstream: first, auth: { apiKey: { key: 'PLANTED-first-key' } }, ...OPEN },
            { name: 'default/second', upstream: second, ...AZURE, ...OPEN },
          ],
        },
        { model: 'claude', backends: [{ name: 'default/claude', upstream: first, ...ANTHROPIC, ...OPEN }] },
        { model: 'claude-closed', backends: [{ name: 'default/closed-claude', upstream: first, ...ANTHROPIC }] },
      ],
    },
  ],
  costs: [
    { metadataKey: 'used', type: 'TotalToken' },
    { metadataKey: 'each', type: 'CEL', cel: '7u' },
  ],
}));

const DURATION = 'gen_ai_server_request_duration_seconds_count';
const TOKENS = 'gen_ai_client_token_usage_count';
const FILE = { id: 'file-1', object: 'file', bytes: 3, created_at: 1, filename: 'a.jsonl', purpose: 'batch' };
const BATCH = { id: 'batch_1', object: 'batch', endpoint: '/v1/chat/completions', status: 'in_progress' };
const RESPONSE = {
  id: 'resp_1',
  object: 'response',
  status: 'completed',
  model: 'gpt-x-1',
  output: [],
  usage: { input_tokens: 3, output_tokens: 4, total_tokens: 7 },
};

const got = (caseId: string) => world.upstreams.first.request(caseId);

describe('G33: what a provider keeps', () => {
  const send = (path: string, message: object = {}) => {
    const caseId = newCase('kept');
    return world.gateway.send(path, { caseId, ...message }).then((response) => ({ caseId, response }));
  };

  it('takes the model from the query, which does not go on, before the header', async () => {
    const caseId = newCase('query');
    world.upstreams.first.script(caseId, json(FILE));
    const headers = { 'x-aigw-model': 'nobody' };
    const { status } = await world.gateway.send('/v1/files/file-1?limit=1&model=gpt%2Dx&api_key=k', {
      caseId,
      headers,
    });
    expect([status, got(caseId).path]).toEqual([200, '/v1/files/file-1?limit=1']);
  });

  it.each([
    ['/v1/files/f?model=azure&after=x', '/openai/files/f?api-version=2024-10-21&after=x'],
    ['/v1/batches?model=azure', '/openai/batches?api-version=2024-10-21'],
    ['/v1/responses/r/input_items?model=azure', '/openai/responses/r/input_items?api-version=2025-04-01-preview'],
  ])('is found at Azure: %s', async (path, expected) => {
    const caseId = newCase('azure');
    world.upstreams.first.script(caseId, json({}));
    const headers = { authorization: 'Bearer client-key' };
    expect((await world.gateway.send(path, { caseId, headers })).status).toBe(200);
    expect(got(caseId)).toMatchObject({ path: expected, headers: { 'api-key': 'PLANTED-azure-key' } });
    expect(got(caseId).headers).not.toHaveProperty('authorization');
  });

  it('is served below the alias of messages too', async () => {
    const caseId = newCase('alias');
    world.upstreams.first.script(caseId, json({}));
    await world.gateway.send('/v1/messages/batches/b_1/results?model=claude', { caseId });
    expect(got(caseId).path).toBe('/v1/messages/batches/b_1/results');
  });

  it('is told in the access log without a charge, and counted without tokens', async () => {
    const caseId = newCase('counted');
    world.upstreams.first.script(caseId, json(RESPONSE));
    const before = await world.gateway.extproc.metrics();
    const labels = { gen_ai_operation_name: 'stored_responses', gen_ai_original_model: 'gpt-x' };
    expect((await world.gateway.send('/v1/responses/resp_1?model=gpt-x', { caseId })).status).toBe(200);
    const entry = await world.gateway.envoy.accessLog.entry(caseId);
    expect(entry).toMatchObject({ model: 'gpt-x', originalPath: '/v1/responses/resp_1?model=gpt-x' });
    expect(entry.ai).toEqual({
      backend_name: expect.stringContaining('default/openai/route/llm/'),
      ai_service_backend_name: 'default/openai',
      model_name_override: 'gpt-x',
      route_name: 'default/llm',
    });
    const after = await world.gateway.extproc.metrics();
    expect(after.sum(DURATION, labels) - before.sum(DURATION, labels)).toBe(1);
    expect(after.sum(DURATION, { ...labels, error_type: '_OTHER' })).toBe(0);
    expect(after.sum(TOKENS, { gen_ai_operation_name: 'stored_responses' })).toBe(0);
  });

  it.each([
    ['/v1/files?model=gpt-closed', 'error.type', 'Forbidden'],
    ['/anthropic/v1/messages/batches?model=claude-closed', 'error.type', 'permission_error'],
  ])('is refused where the route does not allow it: %s', async (path, member, type) => {
    const { caseId, response } = await send(path);
    expect(response.status).toBe(403);
    expect(response.json()).toHaveProperty(member, type);
    expect(response.text).toContain('aigateway.envoyproxy.io/provider-resources: allow');
    expect(world.upstreams.first.requests(caseId)).toEqual([]);
    const { details, ai } = await world.gateway.envoy.accessLog.entry(caseId);
    expect(details).toContain('aigw_provider_resources');
    expect(ai).toMatchObject({ backend_name: expect.stringContaining('closed') });
  });

  it.each([
    ['GET', '/v1/files', 'BadRequest'],
    ['POST', '/v1/files', 'BadRequest'],
    ['DELETE', '/v1/responses/resp_1?model=', 'BadRequest'],
    ['GET', '/anthropic/v1/messages/batches', 'invalid_request_error'],
  ])('needs a model: %s %s', async (method, path, type) => {
    const { response } = await send(path, { method, ...(method === 'POST' ? { body: 'x' } : {}) });
    expect(response.status).toBe(400);
    expect(response.json()).toHaveProperty('error.type', type);
    expect(response.text).toContain('add ?model=<model> to the path, or the header x-aigw-model');
  });

  it.each([
    ['DELETE', '/v1/files?model=gpt-x', 'GET, POST'],
    ['POST', '/v1/responses/resp_1?model=gpt-x', 'GET, DELETE'],
    ['GET', '/v1/batches/b_1/cancel?model=gpt-x', 'POST'],
    ['PUT', '/anthropic/v1/messages/batches/b_1?model=claude', 'GET, DELETE'],
  ])('takes the methods of its API alone: not %s %s', async (method, path, allow) => {
    const { caseId, response } = await send(path, { method });
    expect([response.status, response.headers.allow]).toEqual([405, allow]);
    expect(world.upstreams.first.requests(caseId)).toEqual([]);
  });

  it.each([
    '/v1/files/a%2Fb?model=gpt-x',
    '/v1/files/%2e%2e?model=gpt-x',
    `/v1/files/${'a'.repeat(257)}?model=gpt-x`,
    '/v1/files/a/b?model=gpt-x',
    '/v1/files/a/content/?model=gpt-x',
    '/v1/files/-a?model=gpt-x',
    '/anthropic/v1/sessions/a/unknown?model=claude',
  ])('leads nowhere else: %s', async (path) => {
    const { caseId, response } = await send(path);
    expect(response.status).toBe(404);
    expect(world.upstreams.first.requests(caseId)).toEqual([]);
  });

  it('is read from the next backend when the first one fails', async () => {
    const caseId = newCase('fallback');
    world.upstreams.first.script(caseId, json({ error: 'busy' }, 503));
    world.upstreams.second.script(caseId, json(FILE));
    const { status, text } = await world.gateway.send('/v1/files/file-1?model=fallback', { caseId });
    expect([status, JSON.parse(text)]).toEqual([200, FILE]);
    expect(got(caseId)).toMatchObject({
      path: '/v1/files/file-1',
      headers: { authorization: 'Bearer PLANTED-first-key' },
    });
    const { path, headers, body } = world.upstreams.second.request(caseId);
    expect([path, headers['api-key'], body.length]).toEqual([
      '/openai/files/file-1?api-version=2024-10-21',
      'PLANTED-azure-key',
      0,
    ]);
    expect([headers['authorization'], headers['content-length']]).toEqual([undefined, undefined]);
    expect((await world.gateway.envoy.accessLog.entry(caseId)).ai).toMatchObject({
      ai_service_backend_name: 'default/second',
    });
  });

  it('is sent to the next backend with its body', async () => {
    const caseId = newCase('fallback');
    world.upstreams.first.script(caseId, json({ error: 'busy' }, 503));
    world.upstreams.second.script(caseId, json(BATCH));
    const body = { input_file_id: 'file-1' };
    expect((await world.gateway.send('/v1/batches?model=fallback', { caseId, body })).status).toBe(200);
    for (const upstream of [world.upstreams.first, world.upstreams.second]) {
      const request = upstream.request(caseId);
      expect(JSON.parse(request.body.toString())).toEqual(body);
      expect(request.headers['content-length']).toBe(String(request.body.length));
    }
  });

  it.each([
    [404, 'application/json', '{"error":{"message":"no such file"}}', '{"error":{"message":"no such file"}}'],
    [502, 'text/html', '<p>', '{"type":"error","error":{"type":"OpenAIBackendError","code":"502","message":"<p>"}}'],
  ])('fails as its provider says, in the dialect of the client: %i %s', async (status, type, body, expected) => {
    const caseId = newCase('error');
    world.upstreams.first.script(caseId, whole(status, body, { 'content-type': type }));
    const response = await world.gateway.send('/v1/files/file-1?model=gpt-x', { caseId });
    expect([response.status, response.text]).toEqual([status, expected]);
    expect((await world.gateway.envoy.accessLog.entry(caseId)).ai).toMatchObject({
      ai_service_backend_name: 'default/openai',
      error_type: '_OTHER',
      response_status_class: `${Math.trunc(status / 100)}xx`,
    });
  });

  it('goes on as it is when it is no JSON, or a page, or nothing', async () => {
    const caseId = newCase('page');
    const page = whole(200, '<html></html>', { 'content-type': 'text/html' });
    world.upstreams.first.script(
      caseId,
      page,
      whole(200, ''),
      whole(302, '', { location: 'https://elsewhere.test/x' }),
    );
    const answers = [];
    for (let i = 0; i < 3; i++) {
      answers.push(await world.gateway.send('/v1/files/f/content?model=gpt-x', { caseId }));
    }
    expect(answers.map(({ status, text }) => [status, text])).toEqual([
      [200, '<html></html>'],
      [200, ''],
      [302, ''],
    ]);
    expect(answers[2]!.headers.location).toBe('https://elsewhere.test/x');
  });

  it('belongs to nobody when no route has the model', async () => {
    const { response } = await send('/v1/files?model=nobody');
    expect(response.status).toBe(404);
  });

  it('cannot be sent by a forged model of ours', async () => {
    const headers = { 'x-ai-eg-model': 'gpt-x', 'x-ai-eg-internal-req-id': 'forged' };
    expect((await send('/v1/files', { headers })).response.status).toBe(400);
    expect((await send('/v1/files?model=nobody', { headers })).response.status).toBe(404);
  });
});
