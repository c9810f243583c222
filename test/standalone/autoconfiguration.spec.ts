import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Http2Server, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { json } from '../harness/answers.js';
import { CASE_HEADER, newCase } from '../harness/case-id.js';
import { eventually } from '../harness/eventually.js';
import { send } from '../harness/http-client.js';
import { TestUpstream } from '../harness/test-upstream.js';
import { GatewayUnderTest } from './gateway-under-test.js';

let upstream: TestUpstream;
let gateway: GatewayUnderTest | undefined;
beforeAll(async () => void (upstream = await TestUpstream.start()));
afterAll(() => upstream.close());
afterEach(async () => {
  await gateway?.end();
  gateway = undefined;
});

const CHAT = { model: 'any-model', messages: [{ role: 'user', content: 'ping' }] };
const COMPLETION = {
  id: 'c',
  object: 'chat.completion',
  model: 'any-model-1',
  choices: [{ index: 0, message: { role: 'assistant', content: 'pong' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 },
};
const MESSAGE = {
  id: 'm',
  type: 'message',
  role: 'assistant',
  model: 'any-model-1',
  content: [{ type: 'text', text: 'pong' }],
  stop_reason: 'end_turn',
  usage: { input_tokens: 3, output_tokens: 4 },
};

interface Case {
  readonly provider: string;
  readonly env: (origin: string) => NodeJS.ProcessEnv;
  readonly path: string;
  readonly request: object;
  readonly answer: object;
  readonly upstreamPath: string;
  readonly upstreamHeaders: Readonly<Record<string, string>>;
}

const CASES: readonly Case[] = [
  {
    provider: 'OpenAI',
    env: (origin) => ({
      OPENAI_API_KEY: 'PLANTED-sk-1',
      OPENAI_BASE_URL: `${origin}/api/v1/`,
      OPENAI_ORG_ID: 'org',
      OPENAI_PROJECT_ID: 'project',
    }),
    path: '/v1/chat/completions',
    request: CHAT,
    answer: COMPLETION,
    upstreamPath: '/api/v1/chat/completions',
    upstreamHeaders: {
      authorization: 'Bearer PLANTED-sk-1',
      'openai-organization': 'org',
      'openai-project': 'project',
    },
  },
  {
    provider: 'Azure OpenAI',
    env: (origin) => ({
      AZURE_OPENAI_API_KEY: 'PLANTED-az-1',
      AZURE_OPENAI_ENDPOINT: origin,
      OPENAI_API_VERSION: '2024-10-21',
    }),
    path: '/v1/chat/completions',
    request: CHAT,
    answer: COMPLETION,
    upstreamPath: '/openai/deployments/any-model/chat/completions?api-version=2024-10-21',
    upstreamHeaders: { 'api-key': 'PLANTED-az-1' },
  },
  {
    provider: 'Anthropic',
    env: (origin) => ({ ANTHROPIC_API_KEY: 'PLANTED-an-1', ANTHROPIC_BASE_URL: `${origin}/v1` }),
    path: '/anthropic/v1/messages',
    request: { ...CHAT, max_tokens: 10 },
    answer: MESSAGE,
    upstreamPath: '/v1/messages',
    upstreamHeaders: { 'x-api-key': 'PLANTED-an-1' },
  },
];

describe('aigw run without a file', () => {
  it.each(CASES)('serves $provider from the variables of its SDK', async (given) => {
    gateway = await GatewayUnderTest.start(undefined, { env: given.env(`http://127.0.0.1:${upstream.port}`) });
    const { listener } = gateway.ports;
    expect(gateway.lines.filter((line) => line.includes('warning'))).toEqual([]);
    const caseId = newCase(given.provider);
    upstream.script(caseId, json(given.answer));
    // The key of the client, which some SDKs insist on, must not reach the provider.
    const headers = { [CASE_HEADER]: caseId, authorization: 'Bearer of-the-client' };
    const answer = await send(listener, given.path, { body: given.request, headers });
    expect(answer.status).toBe(200);
    expect(answer.json()).toEqual(given.answer);
    const received = upstream.request(caseId);
    expect(received.path).toBe(given.upstreamPath);
    expect(received.headers).toMatchObject(given.upstreamHeaders);
  });

  it('sends access logs to a collector over OTLP', async () => {
    const collector = new Collector();
    gateway = await GatewayUnderTest.start(undefined, {
      env: {
        OPENAI_API_KEY: 'PLANTED-sk-1',
        OPENAI_BASE_URL: `http://127.0.0.1:${upstream.port}`,
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await collector.start()}`,
        OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=one',
        OTEL_RESOURCE_ATTRIBUTES: 'deployment=a%20test',
        OTEL_SERVICE_NAME: 'edge',
      },
    });
    const caseId = newCase('otlp');
    upstream.script(caseId, json(COMPLETION));
    await send(gateway.ports.listener, '/v1/chat/completions', { body: CHAT, headers: { [CASE_HEADER]: caseId } });
    const { headers, body } = await eventually('an export', () => collector.exports[0]);
    await collector.stop();
    expect(headers).toMatchObject({
      ':path': '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
      'x-tenant': 'one',
    });
    for (const text of [
      'service.name',
      'edge',
      'a test',
      'gen_ai.request.model',
      'model=any-model 200 llm_input_token=3 llm_output_token=4',
    ]) {
      expect(body).toContain(text);
    }
  });
});

/** Takes what Envoy exports over gRPC, as text: strings stand in protobuf as they are. */
class Collector {
  readonly exports: { readonly headers: Record<string, unknown>; readonly body: string }[] = [];
  readonly #server: Http2Server = createServer();
  readonly #sessions: ServerHttp2Session[] = [];

  async start(): Promise<number> {
    this.#server.on('session', (session) => this.#sessions.push(session));
    this.#server.on('stream', (stream, headers) => {
      void buffer(stream).then((body) => {
        this.exports.push({ headers, body: body.toString('latin1') });
        stream.respond({ 'content-type': 'application/grpc' }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.end(Buffer.alloc(5));
      });
    });
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const session of this.#sessions) session.destroy();
    await closed;
  }
}
