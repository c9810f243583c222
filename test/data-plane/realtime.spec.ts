import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { connect } from 'node:net';
import OpenAI from 'openai';
import { OpenAIRealtimeWebSocket } from 'openai/realtime/websocket';
import { newCase } from '../harness/case-id.js';
import { eventually, within } from '../harness/eventually.js';
import { FALLBACK_RETRY, type RulePlan } from '../harness/gateway-plan.js';
import { Gateway } from '../harness/gateway.js';
import { open } from '../harness/http-client.js';
import { plant } from '../harness/recording.js';
import { WebSocketClient } from '../harness/websocket-client.js';
import { WebSocketProvider, type ProviderSession } from '../harness/websocket-provider.js';

const REALTIME = '/v1/realtime?model=gpt-realtime';
const DURATION = 'gen_ai_server_request_duration_seconds_count';
const TOKENS = 'gen_ai_client_token_usage_sum';
const KEY = 'PLANTED-key-of-the-backend';
const CLIENT_KEY = plant('key of a realtime client', 'PLANTED-key-of-the-client');

const created = (model: string) => ({ type: 'session.created', session: { type: 'realtime', model } });
const done = (inputTokens: number, outputTokens: number) => ({
  type: 'response.done',
  response: {
    output: [],
    usage: {
      total_tokens: inputTokens + outputTokens,
      input_tokens: inputTokens,
      output_tokens: outputTokens,
      input_token_details: { cached_tokens: 1 },
    },
  },
});

let provider: WebSocketProvider;
let gateway: Gateway;

const start = async (): Promise<Gateway> => {
  const keyless = { name: 'default/openai', upstream: provider };
  const openai = { ...keyless, auth: { apiKey: { key: KEY } } };
  const azure = { name: 'default/azure', upstream: provider, schema: { name: 'AzureOpenAI', version: '2025-04-01' } };
  const refusing = { name: 'default/refusing', upstream: provider, modelNameOverride: 'refused' };
  const anthropic = { name: 'default/anthropic', upstream: provider, schema: { name: 'Anthropic' } };
  const rules: RulePlan[] = [
    { model: 'gpt-realtime', timeoutMs: 1000, backends: [{ ...openai, modelNameOverride: 'gpt-realtime-2025' }] },
    { model: 'gpt-own-key', backends: [keyless] },
    {
      model: 'gpt-azure',
      backends: [{ ...azure, modelNameOverride: 'my/deployment', auth: { azureAPIKey: { key: KEY } } }],
    },
    {
      model: 'gpt-fallback',
      retry: { ...FALLBACK_RETRY, retriable_status_codes: [503] },
      backends: [refusing, { ...openai, modelNameOverride: 'second' }],
    },
    { model: 'claude', backends: [anthropic] },
  ];
  const costs = [
    { metadataKey: 'used', type: 'TotalToken' },
    { metadataKey: 'cached', type: 'CachedInputToken' },
  ];
  return await Gateway.start({ routes: [{ name: 'default/llm', rules }], costs });
};

beforeAll(async () => {
  provider = await WebSocketProvider.start();
  gateway = await start();
});
afterAll(async () => {
  await gateway?.close();
  await provider?.close();
});

const urlOf = (path: string, { baseUrl } = gateway) => `${baseUrl.replace('http:', 'ws:')}${path}`;

interface Pair {
  readonly caseId: string;
  readonly client: WebSocketClient;
  readonly session: ProviderSession;
}

async function opened(title: string, path = REALTIME, through = gateway): Promise<Pair> {
  const caseId = newCase(title);
  const client = await WebSocketClient.open(urlOf(path, through), { 'x-test-case': caseId });
  return { caseId, client, session: await provider.session(caseId) };
}

/** The status and body of a request that the gateway or the provider refused. */
async function refused(caseId: string, path: string, method = 'GET'): Promise<{ status: number; text: string }> {
  const headers = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'sec-websocket-version': '13',
  };
  const response = await open(gateway.envoy.port('main'), path, { method, caseId, headers });
  return { status: response.status, text: (await response.rest()).received };
}

const noStreamsLeft = async (): Promise<void> => {
  const active = () => gateway.envoy.stat('cluster.ai-gateway-extproc-uds.upstream_rq_active');
  await eventually('all ext_proc streams to be over', async () => (await active()) === 0);
};

describe('a realtime session (G33)', () => {
  it('goes both ways, under the name and with the credential of the backend, longer than the timeout of its route', async () => {
    const caseId = newCase('both-ways');
    const client = await WebSocketClient.open(
      urlOf(`${REALTIME}&intent=conversation&api_key=mine&model=other`),
      {
        'x-test-case': caseId,
        authorization: `Bearer ${CLIENT_KEY}`,
        'sec-websocket-extensions': 'permessage-deflate',
      },
      ['realtime', `openai-insecure-api-key.${CLIENT_KEY}`, 'openai-beta.realtime-v1'],
    );
    const session = await provider.session(caseId);

    session.say(created('gpt-realtime-2025'));
    expect(JSON.parse(await client.message(1))).toEqual(created('gpt-realtime-2025'));
    client.send('{"type":"response.create"}');
    expect(await session.message(1)).toBe('{"type":"response.create"}');
    const open = performance.now();
    await eventually('the timeout of the route to pass', () => performance.now() - open > 1500);
    client.send('late');
    expect(await session.message(2)).toBe('late');
    session.say('{"type":"rate_limits.updated"}');
    expect(await client.message(2)).toBe('{"type":"rate_limits.updated"}');

    const [handshake] = provider.handshakes(caseId);
    expect(handshake?.path).toBe('/v1/realtime?model=gpt-realtime-2025&intent=conversation');
    expect(handshake?.headers).toMatchObject({
      authorization: `Bearer ${KEY}`,
      'sec-websocket-protocol': 'realtime, openai-beta.realtime-v1',
    });
    expect(handshake?.headers).not.toHaveProperty('sec-websocket-extensions');
    expect(handshake?.headers).not.toHaveProperty('content-length');
    expect(client.protocol).toBe('realtime');
    session.sayClose(1000);
    expect(await client.closed).toEqual({ code: 1000, wasClean: true });
  });

  it('is charged with the sum of its responses, in the access log and the metrics, once the provider says goodbye', async () => {
    const { caseId, client, session } = await opened('metered');
    const model = caseId;
    session.say(created(model));
    session.say(done(10, 5));
    session.say({ type: 'response.output_audio.delta', delta: 'QUJD' });
    session.say(done(20, 7));
    await client.message(4);
    session.sayClose(1000);

    expect(await client.closed).toEqual({ code: 1000, wasClean: true });
    const entry = await gateway.envoy.accessLog.entry(caseId);
    expect(entry).toMatchObject({ status: 101, model: 'gpt-realtime', originalPath: REALTIME });
    expect(entry.ai).toMatchObject({
      used: 42,
      cached: 2,
      backend_name: expect.stringContaining('default/openai/route/llm'),
      model_name_override: 'gpt-realtime-2025',
      response_model: model,
    });
    const metrics = await gateway.extproc.awaitMetric(DURATION, { gen_ai_response_model: model });
    expect(metrics.find(DURATION, { gen_ai_response_model: model })).toMatchObject([
      { value: 1, labels: { gen_ai_operation_name: 'realtime', gen_ai_original_model: 'gpt-realtime' } },
    ]);
    expect(metrics.find(DURATION, { gen_ai_response_model: model })[0]?.labels).not.toHaveProperty('error_type');
    expect(metrics.sum(TOKENS, { gen_ai_response_model: model, gen_ai_token_type: 'input' })).toBe(30);
    expect(metrics.sum(TOKENS, { gen_ai_response_model: model, gen_ai_token_type: 'output' })).toBe(12);
    await noStreamsLeft();
  });

  it('is charged for what the client got when the client leaves without a word, and leaves nothing behind', async () => {
    const caseId = newCase('left');
    const socket = connect(gateway.envoy.port('main'), '127.0.0.1');
    const received = { text: '' };
    socket.on('data', (chunk) => (received.text += chunk.toString('latin1'))).on('error', () => {});
    const lines = [`GET ${REALTIME} HTTP/1.1`, 'host: gateway.test', 'connection: Upgrade', 'upgrade: websocket'];
    const key = ['sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==', 'sec-websocket-version: 13', `x-test-case: ${caseId}`];
    socket.write(`${[...lines, ...key].join('\r\n')}\r\n\r\n`);
    const session = await provider.session(caseId);
    session.say(created(caseId));
    session.say(done(3, 4));
    await eventually('the answer', () => received.text.includes('response.done'));
    socket.resetAndDestroy();

    expect((await gateway.envoy.accessLog.entry(caseId)).ai).toMatchObject({ used: 7 });
    await within('the session of the provider to end', session.ended);
    const metrics = await gateway.extproc.awaitMetric(DURATION, { gen_ai_response_model: caseId });
    expect(metrics.find(DURATION, { gen_ai_response_model: caseId })).toMatchObject([
      { value: 1, labels: { error_type: 'cancelled' } },
    ]);
    expect(metrics.sum(TOKENS, { gen_ai_response_model: caseId, gen_ai_token_type: 'output' })).toBe(4);
    await noStreamsLeft();
  });

  it('ends for the provider when the client says goodbye, and counts as a good one', async () => {
    const { caseId, client, session } = await opened('goodbye');
    session.say(created(caseId));
    await client.message(1);
    client.close();
    await within('the session of the provider to end', session.ended);
    // Envoy drops the answer of a provider that leaves right behind it: the client may see the end of the connection only.
    await client.closed;
    const metrics = await gateway.extproc.awaitMetric(DURATION, { gen_ai_response_model: caseId });
    expect(metrics.find(DURATION, { gen_ai_response_model: caseId })[0]?.labels).not.toHaveProperty('error_type');
    await noStreamsLeft();
  });

  it('carries frames of megabytes both ways, unchanged, and reads on behind what is too large to be read', async () => {
    const { caseId, client, session } = await opened('big');
    const large = JSON.stringify({ type: 'response.output_audio.delta', delta: 'x'.repeat(3 << 20) });
    client.send(large);
    expect(await session.message(1)).toBe(large);
    session.say(large);
    session.say(done(1, 1));
    expect(await client.message(1)).toBe(large);
    await client.message(2);
    session.sayClose(1000);
    await client.closed;
    expect((await gateway.envoy.accessLog.entry(caseId)).ai).toMatchObject({ used: 2 });
  });

  it('does not mix with another one', async () => {
    const pairs = await Promise.all([opened('one-of-two'), opened('two-of-two')]);
    for (let round = 1; round <= 20; round++) {
      for (const [index, { session }] of pairs.entries()) session.say(done(round, index));
    }
    await Promise.all(pairs.map(({ client }) => client.message(20)));
    for (const { session } of pairs) session.sayClose(1000);
    await Promise.all(pairs.map(({ client }) => client.closed));
    const entries = await Promise.all(pairs.map(({ caseId }) => gateway.envoy.accessLog.entry(caseId)));
    expect(entries.map(({ ai }) => ai?.['used'])).toEqual([210, 230]);
  });

  it('is cut off when the provider sends something else than frames, charged with what came before', async () => {
    const { caseId, client, session } = await opened('no-frames');
    session.say(done(2, 2));
    await client.message(1);
    session.write(Buffer.from('HTTP/1.1 200 OK\r\n\r\n'));
    expect((await client.closed).wasClean).toBe(false);
    await within('the session of the provider to end', session.ended);
    expect((await gateway.envoy.accessLog.entry(caseId)).ai).toMatchObject({ used: 4, error_type: '_OTHER' });
    expect(client.messages).toHaveLength(1);
  });

  it('is opened by the SDK of OpenAI', async () => {
    const client = new OpenAI({ baseURL: `${gateway.baseUrl}/v1`, apiKey: CLIENT_KEY, maxRetries: 0 });
    const realtime = withoutTls(() => new OpenAIRealtimeWebSocket({ model: 'gpt-realtime' }, client));
    const events: string[] = [];
    realtime.on('event', ({ type }) => events.push(type));
    realtime.on('error', () => {});
    const session = await provider.session('');
    session.say(created('gpt-realtime-2025'));
    session.say(done(1, 2));
    await eventually('both events', () => events.length === 2);
    realtime.send({ type: 'response.create' });
    expect(JSON.parse(await session.message(1))).toMatchObject({ type: 'response.create' });
    expect(events).toEqual(['session.created', 'response.done']);
    const [handshake] = provider.handshakes('');
    expect(handshake?.path).toBe('/v1/realtime?model=gpt-realtime-2025');
    expect(handshake?.headers).toMatchObject({ authorization: `Bearer ${KEY}`, 'sec-websocket-protocol': 'realtime' });
    expect(JSON.stringify(handshake?.headers)).not.toContain(CLIENT_KEY);
    session.sayClose(1000);
    await within('the session of the provider to end', session.ended);
  });
});

/** The SDK insists on TLS, which the listener of the tests does not have. */
function withoutTls<T>(connecting: () => T): T {
  const Socket = WebSocket;
  const spy = jest
    .spyOn(globalThis, 'WebSocket')
    .mockImplementation((url, protocols) => new Socket(String(url).replace('wss:', 'ws:'), protocols));
  try {
    return connecting();
  } finally {
    spy.mockRestore();
  }
}

describe('a handshake of realtime (G33)', () => {
  it('names the deployment to Azure, and only the one of the route', async () => {
    const { caseId, client, session } = await opened(
      'azure',
      '/v1/realtime?model=gpt-azure&Deployment=theirs&api-version=1',
    );
    const [handshake] = provider.handshakes(caseId);
    expect(handshake?.path).toBe('/openai/realtime?api-version=2025-04-01&deployment=my%2Fdeployment');
    expect(handshake?.headers).toMatchObject({ 'api-key': KEY });
    session.sayClose(1000);
    await client.closed;
  });

  it('brings the credential of the client to a backend without its own', async () => {
    const caseId = newCase('own-key');
    const protocols = ['realtime', `openai-insecure-api-key.${CLIENT_KEY}`];
    const url = urlOf('/v1/realtime?model=gpt-own-key');
    const client = await WebSocketClient.open(
      url,
      { 'x-test-case': caseId, authorization: `Bearer ${CLIENT_KEY}` },
      protocols,
    );
    expect(provider.handshakes(caseId)[0]).toMatchObject({
      path: '/v1/realtime?model=gpt-own-key',
      headers: { authorization: `Bearer ${CLIENT_KEY}`, 'sec-websocket-protocol': protocols.join(', ') },
    });
    (await provider.session(caseId)).sayClose(1000);
    await client.closed;
  });

  it.each([401, 404, 429, 500])('that the provider refuses with %i is refused so, in its words', async (status) => {
    const caseId = newCase(`refused-${status}`);
    const body = { error: { message: 'no such thing', type: 'invalid_request_error', code: null } };
    provider.refuse(caseId, { status, body });
    const answer = await refused(caseId, REALTIME);
    expect([answer.status, JSON.parse(answer.text)]).toEqual([status, body]);
    expect((await gateway.envoy.accessLog.entry(caseId)).ai).toMatchObject({
      error_type: '_OTHER',
      model_name_override: 'gpt-realtime-2025',
    });
    await noStreamsLeft();
  });

  it('falls back to the next backend', async () => {
    const caseId = newCase('fallback');
    const backends: string[] = [];
    provider.refuse(caseId, { status: 503, body: {}, only: (path) => (backends.push(path), path.includes('refused')) });
    const client = await WebSocketClient.open(urlOf('/v1/realtime?model=gpt-fallback'), { 'x-test-case': caseId });
    expect(backends).toEqual(['/v1/realtime?model=refused', '/v1/realtime?model=second']);
    const session = await provider.session(caseId);
    session.say(done(1, 1));
    await client.message(1);
    session.sayClose(1000);
    await client.closed;
    expect((await gateway.envoy.accessLog.entry(caseId)).ai).toMatchObject({ used: 2, model_name_override: 'second' });
  });

  it.each([
    ['a plain GET', 400, '"message":"malformed request: /v1/realtime opens a WebSocket', () => gateway.send(REALTIME)],
    ['POST', 405, 'use GET', () => gateway.send(REALTIME, { body: {} })],
    ['no model', 400, 'model', () => refused(newCase('none'), '/v1/realtime')],
    ['a model that nobody serves', 404, '', () => refused(newCase('x'), '/v1/realtime?model=x')],
    [
      'a backend that has no such API',
      400,
      'not supported by backends of schema Anthropic',
      () => refused(newCase('claude'), '/v1/realtime?model=claude'),
    ],
    [
      'an upgrade of an endpoint that has none',
      400,
      'no WebSocket can be opened here',
      () => refused(newCase('chat'), '/v1/chat/completions', 'POST'),
    ],
    [
      'an upgrade of the model list',
      400,
      'no WebSocket can be opened here',
      () => refused(newCase('models'), '/v1/models'),
    ],
    [
      'an upgrade of a preflight',
      400,
      'no WebSocket can be opened here',
      () => refused(newCase('preflight'), '/v1/chat/completions', 'OPTIONS'),
    ],
  ])('is refused for %s', async (_, status, words, send) => {
    const answer = await send();
    expect(answer.status).toBe(status);
    expect(answer.text).toContain(words);
  });
});

describe('a processor that dies in a realtime session (G33)', () => {
  it('ends the session: nothing goes on unmetered', async () => {
    const mortal = await start();
    try {
      const { caseId, client, session } = await opened('killed', REALTIME, mortal);
      session.say(done(5, 5));
      await client.message(1);
      await mortal.extproc.process.stop('SIGKILL');
      session.say(done(100, 100));
      expect((await client.closed).wasClean).toBe(false);
      await within('the session of the provider to end', session.ended);
      expect(client.messages).toHaveLength(1);
      expect((await mortal.envoy.accessLog.entry(caseId)).ai).toMatchObject({ used: 10 });
    } finally {
      await mortal.close();
    }
  });
});
