import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { CELLS, chunkFrames, eventStream, minimalCall, startCell } from '../../../../test/harness/cell.js';
import { STREAMING_CELLS } from '../../../../test/harness/cell-kind.js';
import { bodyOf, newWorld, respond } from '../../../../test/harness/extproc-responses.js';
import { backendIdentity, buildBackend, CHAT_HEADERS } from '../../../../test/harness/extproc-world.js';
import { DEFAULT_ENDPOINT_PREFIXES } from '../../../shared/endpoint-prefixes.js';
import type { SchemaName } from '../../../shared/filter-config/filter-config.js';
import { Redacted } from '../../../shared/secret.js';
import { buildEndpointTable } from '../endpoints/endpoint-table.js';
import type { EndpointName } from '../endpoints/endpoint.js';

const VERSION = '2024-10-21';
const GCP = { auth: { gcp: { accessToken: new Redacted('t'), region: 'r', projectName: 'p' } } };
const PATHS = new Map(
  [...buildEndpointTable('/', DEFAULT_ENDPOINT_PREFIXES).exact].flatMap(([path, target]) =>
    target.kind === 'endpoint' ? [[target.endpoint.name, path] as const] : [],
  ),
);

/** A request that was sent to a backend of a schema. */
async function routed(endpoint: EndpointName, schema: SchemaName, isStream: boolean) {
  const model = endpoint === 'embeddings' ? 'text-embedding-005' : 'm';
  const call = minimalCall(endpoint, model, isStream);
  const backend = buildBackend('a', {
    schema: { name: schema, prefix: 'v1', version: VERSION },
    ...(schema.startsWith('GCP') ? GCP : {}),
  });
  const headers = { ...CHAT_HEADERS, ':path': PATHS.get(endpoint)!, ...call.headers };
  const request = await newWorld({ backends: [backend] }).routed(call.body.toString(), headers);
  await request.attempt(backendIdentity('a'));
  return request;
}

/** What providers call their answers. */
function typeOf(schema: SchemaName, isStream: boolean): string {
  if (!isStream) return 'application/json';
  return schema.startsWith('AWS') ? 'application/vnd.amazon.eventstream' : 'text/event-stream; charset=utf-8';
}

/** What becomes of the headers of a good response of the provider. */
async function headersOf(endpoint: EndpointName, schema: SchemaName, isStream: boolean) {
  const request = await routed(endpoint, schema, isStream);
  const given = { 'content-type': typeOf(schema, isStream), 'content-length': '9' };
  const answer = await respond(request, '200', given);
  return [answer.setMap['content-type'], answer.removes, answer.responseBodyMode];
}

const translates = (endpoint: EndpointName, schema: SchemaName, isStream: boolean) =>
  startCell(endpoint, schema, { ...minimalCall(endpoint, 'm', isStream), version: VERSION }).kind === 'translating';

describe('the headers of a streamed answer', () => {
  it.each(STREAMING_CELLS.filter(([endpoint, schema]) => translates(endpoint, schema, true)))(
    'tell the client of %s → %s that it gets events, whatever the provider calls them',
    async (endpoint, schema) => {
      expect(await headersOf(endpoint, schema, true)).toEqual(['text/event-stream', ['content-length'], undefined]);
    },
  );

  it.each(STREAMING_CELLS.filter(([endpoint, schema]) => !translates(endpoint, schema, true)))(
    'keep their type for the client of %s → %s',
    async (endpoint, schema) => {
      expect(await headersOf(endpoint, schema, true)).toEqual([undefined, ['content-length'], undefined]);
    },
  );
});

describe('the headers of a whole answer', () => {
  it.each(CELLS.filter(([endpoint, schema]) => translates(endpoint, schema, false)))(
    'wait for the body that is made for the client of %s → %s',
    async (endpoint, schema) => {
      expect(await headersOf(endpoint, schema, false)).toEqual([undefined, [], 'buffered']);
    },
  );

  it.each(CELLS.filter(([endpoint, schema]) => !translates(endpoint, schema, false)))(
    'go on to the client of %s → %s as they are',
    async (endpoint, schema) => {
      expect(await headersOf(endpoint, schema, false)).toEqual([undefined, [], undefined]);
    },
  );
});

describe('a gzip answer', () => {
  const usage = { prompt_tokens: 3, total_tokens: 8 };
  const stream = [
    { type: 'message_start', message: { model: 'c', usage: { input_tokens: 3, output_tokens: 1 } } },
    { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 5 } },
    { type: 'message_stop' },
  ];
  const events = stream.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');

  it.each([
    ['embeddings', 'OpenAI', false, JSON.stringify({ data: [], model: 'e', usage })],
    [
      'embeddings',
      'GCPVertexAI',
      false,
      '{"predictions":[{"embeddings":{"values":[1],"statistics":{"token_count":8}}}]}',
    ],
    ['messages', 'Anthropic', true, events],
    ['messages', 'AWSAnthropic', true, eventStream(chunkFrames(stream))],
  ] as const)('%s → %s, stream: %s, is read and its usage counts', async (endpoint, schema, isStream, answer) => {
    const request = await routed(endpoint, schema, isStream);
    await respond(request, '200', { 'content-encoding': 'gzip', 'content-type': typeOf(schema, isStream) });
    const { metadata, body } = await bodyOf(request, gzipSync(answer));
    expect(metadata).toMatchObject({ total: 8 });
    expect(body === undefined).toBe(!translates(endpoint, schema, isStream));
  });
});
