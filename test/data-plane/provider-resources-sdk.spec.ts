import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { toFile } from 'openai';
import { chunked, event, gated, json, whole } from '../harness/answers.js';
import { newCase } from '../harness/case-id.js';
import { FALLBACK_RETRY } from '../harness/gateway-plan.js';
import { anthropicClient, openaiClient } from '../harness/sdk-clients.js';
import { useWorld } from '../harness/world.js';

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
        { model: 'claude', backends: [{ name: 'default/claude', upstream: first, ...ANTHROPIC, ...OPEN }] },
        {
          model: 'claude-renamed',
          retry: FALLBACK_RETRY,
          backends: [
            { name: 'default/renamed', upstream: first, modelNameOverride: 'claude-own', ...ANTHROPIC, ...OPEN },
            { name: 'default/other', upstream: second, modelNameOverride: 'claude-two', ...ANTHROPIC, ...OPEN },
          ],
        },
      ],
    },
  ],
}));

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

const clientOf = (caseId: string) => openaiClient(world.gateway, caseId, { 'x-aigw-model': 'gpt-x' });
const claudeOf = (caseId: string) => anthropicClient(world.gateway, caseId, { 'x-aigw-model': 'claude' });
const got = (caseId: string) => world.upstreams.first.request(caseId);

describe('G33: the official openai package', () => {
  it('uploads, reads and deletes files', async () => {
    const caseId = newCase('files');
    world.upstreams.first.script(
      caseId,
      json(FILE),
      json({ object: 'list', data: [FILE], has_more: false }),
      json(FILE),
      whole(200, 'line\n', { 'content-type': 'application/octet-stream' }),
      json({ id: 'file-1', object: 'file', deleted: true }),
    );
    const client = clientOf(caseId);
    const file = await toFile(Buffer.from('{"a":1}\n'), 'a.jsonl');
    expect(await client.files.create({ file, purpose: 'batch' })).toMatchObject(FILE);
    expect((await client.files.list({ limit: 2, purpose: 'batch' })).data).toEqual([FILE]);
    expect(await client.files.retrieve('file-1')).toMatchObject(FILE);
    expect(await (await client.files.content('file-1')).text()).toBe('line\n');
    expect(await client.files.delete('file-1')).toMatchObject({ deleted: true });

    const requests = world.upstreams.first.requests(caseId);
    expect(requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /v1/files',
      'GET /v1/files?limit=2&purpose=batch',
      'GET /v1/files/file-1',
      'GET /v1/files/file-1/content',
      'DELETE /v1/files/file-1',
    ]);
    expect(requests[0]!.body.toString()).toContain('{"a":1}\n');
    expect(requests[0]!.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
    for (const { headers } of requests) {
      expect(headers['authorization']).toBe('Bearer PLANTED-provider-key');
      expect(headers).not.toHaveProperty('x-aigw-model');
    }
    for (const { headers } of requests.slice(1)) {
      expect([headers['content-length'], headers['transfer-encoding']]).toEqual([undefined, undefined]);
    }
  });

  it('makes, reads, lists and cancels batches', async () => {
    const caseId = newCase('batches');
    const list = { object: 'list', data: [BATCH], has_more: false };
    world.upstreams.first.script(
      caseId,
      json(BATCH),
      json(BATCH),
      json(list),
      json({ ...BATCH, status: 'cancelling' }),
    );
    const { batches } = clientOf(caseId);
    const made = { input_file_id: 'file-1', endpoint: '/v1/chat/completions', completion_window: '24h' } as const;
    expect(await batches.create(made)).toMatchObject(BATCH);
    expect(await batches.retrieve('batch_1')).toMatchObject(BATCH);
    expect((await batches.list({ after: 'batch_0' })).data).toEqual([BATCH]);
    expect((await batches.cancel('batch_1')).status).toBe('cancelling');
    const requests = world.upstreams.first.requests(caseId);
    expect(requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /v1/batches',
      'GET /v1/batches/batch_1',
      'GET /v1/batches?after=batch_0',
      'POST /v1/batches/batch_1/cancel',
    ]);
    expect(JSON.parse(requests[0]!.body.toString())).toEqual(made);
  });

  it('reads, deletes and cancels stored responses', async () => {
    const caseId = newCase('responses');
    const items = { object: 'list', data: [], has_more: false, first_id: '', last_id: '' };
    world.upstreams.first.script(caseId, json(RESPONSE), json(items), json(RESPONSE), whole(200, ''));
    const { responses } = clientOf(caseId);
    expect(await responses.retrieve('resp_1', { include: ['file_search_call.results'] })).toMatchObject(RESPONSE);
    expect((await responses.inputItems.list('resp_1', { limit: 1 })).data).toEqual([]);
    expect(await responses.cancel('resp_1')).toMatchObject({ id: 'resp_1' });
    await responses.delete('resp_1');
    const requests = world.upstreams.first.requests(caseId);
    expect(requests.map(({ method, path }) => `${method} ${decodeURIComponent(path)}`)).toEqual([
      'GET /v1/responses/resp_1?include[]=file_search_call.results',
      'GET /v1/responses/resp_1/input_items?limit=1',
      'POST /v1/responses/resp_1/cancel',
      'DELETE /v1/responses/resp_1',
    ]);
  });

  it('follows a response in a stream, each event before the next one is sent', async () => {
    const caseId = newCase('stream');
    const types = ['response.created', 'response.in_progress', 'response.completed'];
    const { body, gates } = gated(types.map((type) => `event: ${type}\n${event({ type })}`));
    world.upstreams.first.script(caseId, chunked(body));
    const stream = await clientOf(caseId).responses.retrieve('resp_1', { stream: true, starting_after: 4 });
    const received: string[] = [];
    for await (const { type } of stream) {
      received.push(type);
      gates[received.length - 1]?.open();
    }
    expect(received).toEqual(types);
    expect(got(caseId).path).toBe('/v1/responses/resp_1?stream=true&starting_after=4');
  });
});

describe('G33: the official Anthropic package', () => {
  const batch = { id: 'msgbatch_1', type: 'message_batch', processing_status: 'in_progress', results_url: null };
  const params = (model: string) => ({ model, max_tokens: 1, messages: [{ role: 'user' as const, content: 'hi' }] });
  const requests = (...models: string[]) =>
    models.map((model, index) => ({ custom_id: `c${index}`, params: params(model) }));

  it('makes a batch whose body names the model', async () => {
    const caseId = newCase('message-batch');
    world.upstreams.first.script(caseId, json(batch));
    const sent = requests('claude', 'claude');
    const client = anthropicClient(world.gateway, caseId);
    expect(await client.messages.batches.create({ requests: sent })).toMatchObject(batch);
    const { method, path, body, headers } = got(caseId);
    expect(`${method} ${path}`).toBe('POST /v1/messages/batches');
    expect(JSON.parse(body.toString())).toEqual({ requests: sent });
    expect(headers).toMatchObject({ 'x-api-key': 'PLANTED-claude-key', 'content-length': String(body.length) });
  });

  it('has each model in a batch replaced by the override, and by that of the next backend', async () => {
    const caseId = newCase('message-batch');
    world.upstreams.first.script(caseId, json({}, 503));
    world.upstreams.second.script(caseId, json(batch));
    const client = anthropicClient(world.gateway, caseId);
    await client.messages.batches.create({ requests: requests('claude-renamed', 'claude-renamed') });
    expect(JSON.parse(got(caseId).body.toString())).toEqual({ requests: requests('claude-own', 'claude-own') });
    const second = world.upstreams.second.request(caseId);
    expect(JSON.parse(second.body.toString())).toEqual({ requests: requests('claude-two', 'claude-two') });
    expect(second.headers['content-length']).toBe(String(second.body.length));
  });

  it('refuses a batch of two models', async () => {
    const caseId = newCase('message-batch');
    const client = anthropicClient(world.gateway, caseId);
    await expect(client.messages.batches.create({ requests: requests('claude', 'other') })).rejects.toMatchObject({
      status: 400,
      error: { error: { type: 'invalid_request_error', message: expect.stringContaining('the same model') } },
    });
    expect(world.upstreams.first.requests(caseId)).toEqual([]);
  });

  it('lists, reads, cancels and deletes batches', async () => {
    const caseId = newCase('message-batches');
    const list = { data: [batch], has_more: false, first_id: 'msgbatch_1', last_id: 'msgbatch_1' };
    const deleted = { id: 'msgbatch_1', type: 'message_batch_deleted' };
    world.upstreams.first.script(caseId, json(list), json(batch), json(batch), json(deleted));
    const { batches } = claudeOf(caseId).messages;
    expect((await batches.list({ limit: 3 })).data).toEqual([batch]);
    expect(await batches.retrieve('msgbatch_1')).toMatchObject(batch);
    expect(await batches.cancel('msgbatch_1')).toMatchObject(batch);
    expect(await batches.delete('msgbatch_1')).toMatchObject(deleted);
    expect(world.upstreams.first.requests(caseId).map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /v1/messages/batches?limit=3',
      'GET /v1/messages/batches/msgbatch_1',
      'POST /v1/messages/batches/msgbatch_1/cancel',
      'DELETE /v1/messages/batches/msgbatch_1',
    ]);
  });

  it('reads results at the gateway, where the provider says that they are at its own address', async () => {
    const caseId = newCase('results');
    const ended = {
      ...batch,
      processing_status: 'ended',
      results_url: 'https://api.anthropic.com/v1/messages/batches/msgbatch_1/results',
    };
    const lines = ['c0', 'c1'].map((custom_id) => ({ custom_id, result: { type: 'canceled' } }));
    const jsonLines = lines.map((line) => `${JSON.stringify(line)}\n`);
    world.upstreams.first.script(caseId, json(ended), chunked(jsonLines, { 'content-type': 'application/binary' }));
    const found: unknown[] = [];
    for await (const line of await claudeOf(caseId).messages.batches.results('msgbatch_1')) found.push(line);
    expect(found).toEqual(lines);
    expect(world.upstreams.first.requests(caseId).map(({ path }) => path)).toEqual([
      '/v1/messages/batches/msgbatch_1',
      '/v1/messages/batches/msgbatch_1/results',
    ]);
  });

  it('is led to the gateway by lists in any encoding', async () => {
    const caseId = newCase('links');
    const results_url = 'https://api.anthropic.com/v1/messages/batches/msgbatch_1/results';
    const list = gzipSync(JSON.stringify({ data: [{ ...batch, results_url }], has_more: false }));
    world.upstreams.first.script(caseId, whole(200, list, { 'content-encoding': 'gzip' }));
    const [only] = (await claudeOf(caseId).messages.batches.list()).data;
    expect(only?.results_url).toBe(
      `${world.gateway.baseUrl}/anthropic/v1/messages/batches/msgbatch_1/results?model=claude`,
    );
  });

  it('drives managed agents', async () => {
    const caseId = newCase('agents');
    const sse = chunked([`event: session.status_idle\n${event({ type: 'session.status_idle', id: 'e1' })}`]);
    world.upstreams.first.script(caseId, json({ id: 'agent_1' }), json({ id: 'env_1' }), json({ id: 'sesn_1' }), sse);
    const { beta } = claudeOf(caseId);
    const agent = { name: 'a', model: 'claude' };
    expect(await anthropicClient(world.gateway, caseId).beta.agents.create(agent)).toMatchObject({ id: 'agent_1' });
    expect(await beta.environments.create({ name: 'e' })).toMatchObject({ id: 'env_1' });
    const session = { agent: 'agent_1', environment_id: 'env_1' };
    expect(await beta.sessions.create(session)).toMatchObject({ id: 'sesn_1' });
    const types: string[] = [];
    for await (const { type } of await beta.sessions.events.stream('sesn_1')) types.push(type);
    expect(types).toEqual(['session.status_idle']);
    const found = world.upstreams.first.requests(caseId);
    expect(found.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /v1/agents',
      'POST /v1/environments',
      'POST /v1/sessions',
      'GET /v1/sessions/sesn_1/events/stream',
    ]);
    expect(found[0]!.headers['anthropic-beta']).toContain('managed-agents');
  });
});
