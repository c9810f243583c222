import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, it } from '@jest/globals';
import { newCase } from '../harness/case-id.js';
import type { ModelDocument } from '../harness/gateway-plan.js';
import { useWorld } from '../harness/world.js';

const model = (name: string): ModelDocument => ({ Name: name, OwnedBy: 'tests', CreatedAt: '2026-01-02T03:04:05Z' });

const world = useWorld(['openai'], ({ openai }) => ({
  routes: [
    { name: 'default/llm', rules: [{ model: 'open', backends: [{ name: 'default/openai', upstream: openai }] }] },
  ],
  models: [model('open'), model('secret'), model('wild')],
  modelsByHost: { 'team.test': [model('secret'), model('open')], '*.wild.test': [model('wild'), model('open')] },
  unscopedModels: [model('open'), { ...model('blue'), Scopes: [{ 'x-team': 'blue' }] }],
}));

const ids = (body: Record<string, unknown>) => (body['data'] as { id: string }[]).map(({ id }) => id);

describe('the list of models', () => {
  it("is given in OpenAI's form", async () => {
    const response = await world.gateway.send('/v1/models');
    expect(response.status).toBe(200);
    expect(response.headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': String(response.body.length),
    });
    expect(response.json()).toEqual({
      object: 'list',
      data: [{ id: 'open', object: 'model', created: 1_767_323_045, owned_by: 'tests' }],
    });
  });

  it('G33: gives one model by its name, and 404 for those of other hosts', async () => {
    const found = await world.gateway.send('/v1/models/open');
    expect([found.status, found.json()]).toEqual([
      200,
      { id: 'open', object: 'model', created: 1_767_323_045, owned_by: 'tests' },
    ]);
    const hidden = await world.gateway.send('/anthropic/v1/models/secret');
    expect([hidden.status, hidden.json()]).toMatchObject([404, { error: { type: 'not_found_error' } }]);
  });

  it('shows models whose rules want headers to clients that send them, and to no others', async () => {
    const { gateway } = world;
    const list = async (headers: Record<string, string>) => ids((await gateway.send('/v1/models', { headers })).json());
    expect(await list({ 'X-Team': 'blue' })).toEqual(['open', 'blue']);
    expect(await list({ 'x-team': 'red' })).toEqual(['open']);
    const one = async (headers: Record<string, string>) => (await gateway.send('/v1/models/blue', { headers })).status;
    expect([await one({ 'x-team': 'blue' }), await one({ 'x-team': 'red' }), await one({})]).toEqual([200, 404, 404]);
  });

  it("is given in Anthropic's form below its prefix", async () => {
    const response = await world.gateway.send('/anthropic/v1/models', { headers: { host: 'team.test' } });
    expect(response.status).toBe(200);
    expect(response.json()).toEqual({
      data: ['secret', 'open'].map((id) => ({
        type: 'model',
        id,
        display_name: id,
        created_at: '2026-01-02T03:04:05Z',
      })),
      has_more: false,
      first_id: 'secret',
      last_id: 'open',
    });
  });

  it.each(['', '/anthropic'])("is read by Anthropic's client below %p", async (prefix) => {
    const client = new Anthropic({
      baseURL: `${world.gateway.baseUrl}${prefix}`,
      apiKey: 'PLANTED-key',
      maxRetries: 0,
    });
    const open = { id: 'open', type: 'model', display_name: 'open', created_at: '2026-01-02T03:04:05Z' };
    const listed = [];
    for await (const one of client.models.list({ limit: 1 })) listed.push(one);
    expect(listed).toEqual([open]);
    expect(await client.models.retrieve('open')).toMatchObject(open);
    await expect(client.models.retrieve('secret')).rejects.toMatchObject({
      status: 404,
      error: { type: 'error', error: { type: 'not_found_error' } },
    });
  });

  it.each([
    ['team.test', ['secret', 'open']],
    ['TEAM.test:8443', ['secret', 'open']],
    ['a.wild.test', ['wild', 'open']],
    ['a.b.wild.test', ['open']],
    ['wild.test', ['open']],
    ['elsewhere.test', ['open']],
  ])('shows a client of %s the models of that host only', async (host, expected) => {
    const response = await world.gateway.send('/v1/models?limit=1', { headers: { host } });
    expect(ids(response.json())).toEqual(expected);
  });

  it('has its length but no body for HEAD', async () => {
    const { gateway } = world;
    const { body } = await gateway.send('/v1/models');
    const response = await gateway.send('/v1/models', { method: 'HEAD' });
    expect([response.status, response.body.length, response.headers['content-length']]).toEqual([
      200,
      0,
      String(body.length),
    ]);
  });

  it('is refused to other methods in the dialect of the client', async () => {
    const { gateway } = world;
    const openai = await gateway.send('/v1/models', { body: {} });
    expect([openai.status, openai.headers.allow]).toEqual([405, 'GET, HEAD']);
    expect(openai.json()).toMatchObject({ error: { type: 'MethodNotAllowed', param: null } });
    const anthropic = await gateway.send('/anthropic/v1/models', { method: 'DELETE' });
    expect([anthropic.status, anthropic.json()]).toMatchObject([
      405,
      { type: 'error', error: { type: 'invalid_request_error' } },
    ]);
  });

  it('is answered without any provider, and told apart in the access log', async () => {
    const { gateway, upstreams } = world;
    const caseId = newCase('models');
    const served = upstreams.openai.served;
    await gateway.send('/v1/models', { caseId });
    expect(await gateway.envoy.accessLog.entry(caseId)).toMatchObject({ status: 200, details: 'aigw_models' });
    expect(upstreams.openai.served).toBe(served);
  });
});
