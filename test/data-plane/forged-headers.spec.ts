import { describe, expect, it } from '@jest/globals';
import { json } from '../harness/answers.js';
import { newCase } from '../harness/case-id.js';
import { useWorld } from '../harness/world.js';

const world = useWorld(['openai', 'other', 'rest'], ({ openai, other, rest }) => ({
  routes: [
    {
      name: 'default/llm',
      rules: [
        {
          model: 'gpt-x',
          backends: [{ name: 'default/openai', upstream: openai, auth: { apiKey: { key: 'PLANTED-k' } } }],
        },
        {
          model: 'gpt-y',
          backends: [{ name: 'default/other', upstream: other, auth: { apiKey: { key: 'PLANTED-k' } } }],
        },
        { backends: [{ name: 'default/rest', upstream: rest, auth: { apiKey: { key: 'PLANTED-k' } } }] },
      ],
    },
  ],
}));

type Headers = Readonly<Record<string, string | readonly string[]>>;

const CHAT = '/v1/chat/completions';
const sentAnywhere = (caseId: string) =>
  Object.values(world.upstreams).flatMap((upstream) => upstream.requests(caseId));

/** What the reference takes from a client; each of these steers its routing or its choice of processor. */
const FORGERIES: readonly (readonly [string, Headers])[] = [
  ['the model', { 'x-ai-eg-model': 'gpt-x' }],
  ['model and the path of this endpoint', { 'x-ai-eg-model': 'gpt-x', 'x-ai-eg-original-path': CHAT }],
  ['model and the path of another endpoint', { 'x-ai-eg-model': 'gpt-x', 'x-ai-eg-original-path': '/v1/embeddings' }],
  ['model and the path of the model list', { 'x-ai-eg-model': 'gpt-x', 'x-ai-eg-original-path': '/v1/models' }],
  ['model and a path that does not exist', { 'x-ai-eg-model': 'gpt-x', 'x-ai-eg-original-path': '/nowhere' }],
  [
    'everything, and twice',
    {
      'X-AI-EG-Model': ['gpt-x', 'gpt-y'],
      'x-ai-eg-original-path': [CHAT, '/v1/models'],
      'x-ai-eg-internal-req-id': 'r-1',
      'x-ai-eg-upstream-host': 'evil.test',
      'x-ai-eg-anything': '1',
      'x-envoy-original-path': '/v1/models',
      'x-gateway-destination-endpoint': '127.0.0.1:1',
    },
  ],
];

// Three of these end the reference's process, the fourth reaches its provider without credentials.
describe.each(FORGERIES)('a client that forges %s (X20)', (_, headers) => {
  it.each([
    ['GET', CHAT, 405],
    ['HEAD', CHAT, 405],
    ['DELETE', '/v1/embeddings', 405],
    ['POST', CHAT, 400],
    ['POST', '/anthropic/v1/messages', 400],
    ['GET', '/v1/unknown', 404],
    ['POST', '/', 404],
    ['GET', '/v1/models', 200],
    ['HEAD', '/anthropic/v1/models', 200],
    ['POST', '/v1/models', 405],
  ])('gets no provider by %s %s without a body', async (method, path, status) => {
    const caseId = newCase('forged');
    const response = await world.gateway.send(path, { method, caseId, headers });
    expect(response.status).toBe(status);
    expect(sentAnywhere(caseId)).toEqual([]);
    expect(world.gateway.extproc.process.end).toBeUndefined();
  });

  it('gets no provider by OPTIONS, whose answer is left to CORS filters', async () => {
    for (const path of [CHAT, '/v1/models', '/v1/unknown']) {
      const caseId = newCase('options');
      const response = await world.gateway.send(path, { method: 'OPTIONS', caseId, headers });
      expect(response.status).toBeGreaterThanOrEqual(400);
      expect(response.status).toBeLessThan(500);
      expect(sentAnywhere(caseId)).toEqual([]);
    }
  });

  it('is routed by its body all the same, and none of it is passed on', async () => {
    const caseId = newCase('body');
    world.upstreams.other.script(caseId, json({ model: 'm' }));
    const response = await world.gateway.send(`${CHAT}?q=1`, { caseId, headers, body: { model: 'gpt-y' } });
    expect(response.status).toBe(200);
    expect(sentAnywhere(caseId)).toHaveLength(1);
    const got = world.upstreams.other.request(caseId);
    expect(got).toMatchObject({
      path: `${CHAT}?q=1`,
      headers: { authorization: 'Bearer PLANTED-k', host: 'other.test' },
    });
    expect(got.headers).toMatchObject({ 'x-ai-eg-model': 'gpt-y', 'x-ai-eg-original-path': `${CHAT}?q=1` });
    expect(got.headers['x-ai-eg-internal-req-id']).not.toContain('r-1');
    for (const name of ['x-ai-eg-upstream-host', 'x-ai-eg-anything', 'x-gateway-destination-endpoint']) {
      expect(got.headers).not.toHaveProperty(name);
    }
    expect(await world.gateway.envoy.accessLog.entry(caseId)).toMatchObject({
      originalPath: `${CHAT}?q=1`,
      envoyOriginalPath: `${CHAT}?q=1`,
    });
  });

  it('is refused a model list as the target of a body', async () => {
    const caseId = newCase('list');
    const response = await world.gateway.send('/v1/models', { caseId, headers, body: { model: 'gpt-x' } });
    expect(response.status).toBe(405);
    expect(sentAnywhere(caseId)).toEqual([]);
  });
});

describe('the internal id of another request', () => {
  it('gives no part in it', async () => {
    const victim = newCase('victim');
    world.upstreams.openai.script(victim, { kind: 'hang' });
    const open = world.gateway.open(CHAT, {
      caseId: victim,
      body: { model: 'gpt-x' },
      signal: AbortSignal.timeout(3_000),
    });
    const ended = open.then(
      () => 'answered',
      () => 'left',
    );
    const stolen = (await world.upstreams.openai.awaitRequest(victim)).headers['x-ai-eg-internal-req-id']!;

    for (const method of ['GET', 'OPTIONS', 'POST']) {
      const caseId = newCase('thief');
      await world.gateway.send(CHAT, { method, caseId, headers: { 'x-ai-eg-internal-req-id': stolen } });
      expect(sentAnywhere(caseId)).toEqual([]);
    }
    const thief = newCase('thief');
    await world.gateway.send(CHAT, {
      caseId: thief,
      headers: { 'x-ai-eg-internal-req-id': stolen },
      body: { model: 'gpt-y' },
    });
    expect(world.upstreams.other.request(thief).headers['x-ai-eg-internal-req-id']).not.toBe(stolen);
    expect(await ended).toBe('left');
  });
});
