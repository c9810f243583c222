import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json as readJson } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { json, whole } from '../harness/answers.js';
import { CASE_HEADER, newCase } from '../harness/case-id.js';
import { eventually, within } from '../harness/eventually.js';
import { FALLBACK_RETRY } from '../harness/gateway-plan.js';
import { residentBytes } from '../harness/resident-memory.js';
import { useWorld } from '../harness/world.js';

const AZURE = { schema: { name: 'AzureOpenAI' }, auth: { azureAPIKey: { key: 'PLANTED-azure-key' } } };
/** Far below what is sent through, so that nothing can be kept on its way. */
const SMALL_BUFFER_BYTES = 1 << 20;
const OPEN = { providerResources: 'allow' } as const;

const portOf = (server: Server) => (server.address() as AddressInfo).port;
const TOO_LARGE = { error: { message: 'too large' } };
/** Answers when it has the head of a request, and reads no body. */
const hasty = createServer((_, response) => {
  heads += 1;
  response.writeHead(413, { 'content-type': 'application/json' }).end(JSON.stringify(TOO_LARGE));
});
let heads = 0;
beforeAll(async () => {
  hasty.listen(0, '127.0.0.1');
  await once(hasty, 'listening');
});
afterAll(async () => {
  hasty.closeAllConnections();
  hasty.close();
  await once(hasty, 'close');
});

const world = useWorld(['first', 'second'], ({ first, second }) => ({
  routes: [
    {
      name: 'default/llm',
      rules: [
        {
          model: 'gpt-x',
          bufferBytes: SMALL_BUFFER_BYTES,
          backends: [
            { name: 'default/openai', upstream: first, auth: { apiKey: { key: 'PLANTED-provider-key' } }, ...OPEN },
          ],
        },
        {
          model: 'hasty',
          backends: [{ name: 'default/hasty', upstream: { port: portOf(hasty), protocol: 'http1' }, ...OPEN }],
        },
        {
          model: 'fallback',
          retry: FALLBACK_RETRY,
          backends: [
            { name: 'default/first', upstream: first, auth: { apiKey: { key: 'PLANTED-first-key' } }, ...OPEN },
            { name: 'default/second', upstream: second, ...AZURE, ...OPEN },
          ],
        },
      ],
    },
  ],
  listeners: { main: 16 << 20, small: SMALL_BUFFER_BYTES },
}));

const DURATION = 'gen_ai_server_request_duration_seconds_count';
const FILE = { id: 'file-1', object: 'file' };

describe('G33: bodies that pass unseen', () => {
  it('may be refused by the provider while they are on their way', async () => {
    const caseId = newCase('refused');
    const headers = { [CASE_HEADER]: caseId, 'content-length': '1000000' };
    const { request, answered } = await begin('/v1/files?model=hasty', 'main', headers, 'a beginning');
    const [response] = await within('the refusal', answered, 20_000);
    expect([response.statusCode, await readJson(response)]).toEqual([413, TOO_LARGE]);
    request.on('error', () => {}).destroy();
    expect((await world.gateway.envoy.accessLog.entry(caseId)).ai).toMatchObject({
      ai_service_backend_name: 'default/hasty',
      response_status_class: '4xx',
    });
  });

  const SIZE = 32 << 20;
  const ROOM = 16 << 20;
  const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  /** Resident memory of Envoy and of the External Processor. */
  const resident = () =>
    Promise.all([world.gateway.envoy, world.gateway.extproc.process].map(({ pid }) => residentBytes(pid)));
  const grown = async (before: readonly number[]) => (await resident()).map((bytes, index) => bytes - before[index]!);

  /** Sends the head and the first bytes; returns when they are at the provider, so that both phases are behind us. */
  async function begin(path: string, listener: string, headers: Readonly<Record<string, string>>, start: string) {
    const before = world.upstreams.first.served + heads;
    const request = httpRequest({
      host: '127.0.0.1',
      port: world.gateway.envoy.port(listener),
      path,
      method: 'POST',
      headers: { host: 'gateway.test', ...headers },
    });
    // From the start on: an answer may be there before the provider's request is.
    const answered = once(request, 'response') as Promise<[IncomingMessage]>;
    answered.catch(() => {});
    request.write(start);
    await eventually('the request at the provider', () => world.upstreams.first.served + heads > before || undefined);
    return { request, answered };
  }

  it('are no larger for the gateway when they are large, up and down', async () => {
    const caseId = newCase('large');
    const bytes = Buffer.alloc(SIZE, 'line of a file\n');
    const binary = { 'content-type': 'application/octet-stream' };
    const content = '/v1/files/f/content?model=gpt-x';
    world.upstreams.first.script(caseId, json(FILE), whole(200, bytes, binary));
    await world.gateway.send(content, { caseId: newCase('warm') }, 'small');
    const before = await resident();
    const headers = { ...binary, 'content-length': String(SIZE), [CASE_HEADER]: caseId };
    const { request, answered } = await begin(
      '/v1/files?model=gpt-x',
      'small',
      headers,
      bytes.toString('latin1', 0, 30),
    );
    request.end(bytes.subarray(30));
    const [uploaded] = await within('the answer to the upload', answered, 30_000);
    uploaded.resume();
    const downloaded = await world.gateway.send(content, { caseId }, 'small');
    const growth = await grown(before);
    expect([uploaded.statusCode, downloaded.status]).toEqual([200, 200]);
    const sent = world.upstreams.first.requests(caseId)[0]!;
    expect(hash(sent.body)).toBe(hash(bytes));
    expect(sent.headers['content-length']).toBe(String(SIZE));
    expect(hash(downloaded.body)).toBe(hash(bytes));
    for (const more of growth) expect(more).toBeLessThan(ROOM);
  });

  it('reach one backend only when they are larger than what Envoy keeps for another attempt', async () => {
    const caseId = newCase('unrepeatable');
    world.upstreams.first.script(caseId, json({ error: { message: 'busy' } }, 503));
    const headers = { [CASE_HEADER]: caseId, 'content-length': String(2 * SMALL_BUFFER_BYTES) };
    const { request, answered } = await begin('/v1/files?model=fallback', 'small', headers, 'x');
    request.end(Buffer.alloc(2 * SMALL_BUFFER_BYTES - 1));
    const [response] = await within('the answer', answered, 20_000);
    expect([response.statusCode, await readJson(response)]).toEqual([503, { error: { message: 'busy' } }]);
    expect(world.upstreams.second.requests(caseId)).toEqual([]);
  });

  it('have no length when they come without one', async () => {
    const caseId = newCase('chunked');
    world.upstreams.first.script(caseId, json(FILE));
    const headers = { [CASE_HEADER]: caseId, 'transfer-encoding': 'chunked' };
    const { request } = await begin('/v1/files?model=gpt-x', 'main', headers, 'one ');
    request.end('two');
    const found = await world.upstreams.first.awaitRequest(caseId);
    expect([found.body.toString(), found.headers['content-length']]).toEqual(['one two', undefined]);
  });

  it('that break off on their way up count as cancelled', async () => {
    const labels = { gen_ai_operation_name: 'files', error_type: 'cancelled' };
    const headers = { [CASE_HEADER]: newCase('broken-off'), 'content-length': '1000000' };
    const { request } = await begin('/v1/files?model=gpt-x', 'main', headers, 'a beginning');
    request.on('error', () => {}).destroy();
    const metrics = await world.gateway.extproc.awaitMetric(DURATION, labels);
    expect(metrics.sum(DURATION, labels)).toBe(1);
  });
});
