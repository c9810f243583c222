import { describe, expect, it } from '@jest/globals';
import { newCase } from '../harness/case-id.js';
import type { HttpFilterDocument } from '../harness/envoy-config.js';
import { useWorld } from '../harness/world.js';

const API_KEY_AUTH = 'envoy.filters.http.api_key_auth';
const CHAT = '/v1/chat/completions';

const apiKeys = (client: string, key: string): object => ({
  credentials: [{ client, key }],
  key_sources: [{ header: 'x-gateway-key' }],
});
const apiKeyAuth = (config: object, disabled: boolean): HttpFilterDocument => ({
  name: API_KEY_AUTH,
  disabled,
  typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.api_key_auth.v3.ApiKeyAuth', ...config },
});
/** Envoy Gateway puts it first, and the reference puts itself in front of it. */
const CUSTOM_RESPONSE: HttpFilterDocument = {
  name: 'envoy.filters.http.custom_response',
  typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.custom_response.v3.CustomResponse' },
};

describe('authentication of a whole gateway (extension-server.md 21.7)', () => {
  const world = useWorld(['openai'], ({ openai }) => ({
    routes: [
      { name: 'default/llm', rules: [{ model: 'gpt-x', backends: [{ name: 'default/openai', upstream: openai }] }] },
    ],
    filters: [CUSTOM_RESPONSE, apiKeyAuth(apiKeys('me', 'PLANTED-right'), false)],
  }));

  it.each([
    ['the model list', '/v1/models', {}],
    ['a malformed body', CHAT, { body: '{' }],
    ['a good request', CHAT, { body: { model: 'gpt-x' } }],
    ['a wrong method', CHAT, { method: 'PUT' }],
    ['an unknown path', '/nowhere', {}],
  ])('comes before everything that we answer: %s', async (_, path, message) => {
    const caseId = newCase('no-key');
    expect((await world.gateway.send(path, { ...message, caseId })).status).toBe(401);
    expect(world.upstreams.openai.requests(caseId)).toEqual([]);
  });

  it('lets those in who have the key', async () => {
    const message = { body: { model: 'gpt-x' }, headers: { 'x-gateway-key': 'PLANTED-right' } };
    expect((await world.gateway.send(CHAT, message)).status).toBe(200);
  });
});

describe('authentication of one route of a gateway (extension-server.md 21.8)', () => {
  const world = useWorld(['openai'], ({ openai }) => ({
    routes: [
      { name: 'default/open', rules: [{ model: 'open', backends: [{ name: 'default/openai', upstream: openai }] }] },
      {
        name: 'default/closed',
        rules: [{ model: 'closed', backends: [{ name: 'default/openai', upstream: openai }] }],
      },
    ],
    filters: [apiKeyAuth({}, true)],
    authentication: {
      'default/closed': {
        domain: 'closed',
        perFilterConfig: {
          [API_KEY_AUTH]: {
            '@type': 'type.googleapis.com/envoy.extensions.filters.http.api_key_auth.v3.ApiKeyAuthPerRoute',
            ...apiKeys('me', 'PLANTED-right'),
          },
        },
      },
    },
  }));

  it.each([
    ['no header', {}],
    ['the header of the open route', { 'x-ai-eg-model': 'open' }],
    ['the header of the closed route and no key', { 'x-ai-eg-model': 'closed' }],
    ['the header of the closed route and a wrong key', { 'x-ai-eg-model': 'closed', 'x-gateway-key': 'wrong' }],
  ])('is not passed by with %s', async (_, headers) => {
    const caseId = newCase('closed');
    const response = await world.gateway.send(CHAT, { caseId, headers, body: { model: 'closed' } });
    expect([401, 403]).toContain(response.status);
    expect(world.upstreams.openai.requests(caseId)).toEqual([]);
  });

  it('says why a route cannot be reached whose policy did not apply', async () => {
    const response = await world.gateway.send(CHAT, { body: { model: 'closed' } });
    expect([response.status, response.json()]).toMatchObject([
      403,
      { error: { type: 'Forbidden', message: expect.stringContaining('default/closed') } },
    ]);
  });

  it('leaves the open route open', async () => {
    expect((await world.gateway.send(CHAT, { body: { model: 'open' } })).status).toBe(200);
  });
});
