import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { chunked, event, gated, json, type BodyStep } from '../harness/answers.js';
import { newCase } from '../harness/case-id.js';
import { minimalCall } from '../harness/cell.js';
import type { CellName } from '../harness/cell-kind.js';
import { pathOf, readClientStream } from '../harness/client-dialect.js';
import { eventually } from '../harness/eventually.js';
import { openGated, openStream, type GatedStream } from '../harness/gated-stream.js';
import { FALLBACK_RETRY } from '../harness/gateway-plan.js';
import { goodStream } from '../harness/hostile-answer.js';
import { servesOn } from '../harness/hostile-request.js';
import type { OpenResponse } from '../harness/http-client.js';
import { STORY } from '../harness/provider-answers.js';
import { residentBytes } from '../harness/resident-memory.js';
import { MEASURED } from '../harness/gateway.js';
import { BACKENDS, useBackendOfEachSchema } from '../harness/schema-backends.js';
import { anthropicClient, openaiClient } from '../harness/sdk-clients.js';
import { useWorld } from '../harness/world.js';

const SETTINGS = { ...MEASURED, extprocEnv: () => ({ AIGW_STREAM_KEEPALIVE_INTERVAL: '1s' }) };
const COMMENT = ': keep-alive\n\n';
const PING = 'event: ping\ndata: {"type": "ping"}\n\n';
const CHAT_TO_GEMINI: CellName = ['chat-completions', 'GCPVertexAI'];
/** The first of them has its trailers in a test of its own. */
const CELLS: readonly CellName[] = [
  CHAT_TO_GEMINI,
  ['chat-completions', 'AWSBedrock'],
  ['messages', 'AWSBedrock'],
  ['messages', 'OpenAI'],
  ['responses', 'Anthropic'],
];

const keepAliveOf = ([endpoint]: CellName) => (endpoint === 'messages' ? PING : COMMENT);
const typeOf = ([, schema]: CellName) => ({
  'content-type': schema.startsWith('AWS') ? 'application/vnd.amazon.eventstream' : 'text/event-stream',
});
/** What clients read, without the ids and clocks that differ between two answers. */
const eventsOf = ([endpoint]: CellName, text: string) =>
  readClientStream(endpoint, text.replaceAll(/call_\w{24}/g, 'call_x')).events.flatMap(({ type, choices, delta }) =>
    type === 'ping' ? [] : [{ type, choices, delta }],
  );
const keepAlivesIn = (cell: CellName, text: string) => text.split(keepAliveOf(cell)).length - 1;

describe('G45: a translated stream, with AIGW_STREAM_KEEPALIVE_INTERVAL', () => {
  const world = useBackendOfEachSchema({}, SETTINGS);

  const errorTypeOf = async (caseId: string) => (await world.gateway.envoy.accessLog.entry(caseId)).ai?.['error_type'];

  /** A stream that has begun and then heard two keep-alives from us. */
  async function keptAlive(cell: CellName, bytes: Buffer, headers = {}): Promise<GatedStream> {
    const middle = bytes.length >> 1;
    const parts = [bytes.subarray(0, middle), bytes.subarray(middle)];
    const stream = await openGated(world, cell, parts, { ...typeOf(cell), ...headers });
    await stream.response.until(keepAliveOf(cell).repeat(2));
    return stream;
  }

  async function expectWhole(cell: CellName, { response, caseId }: { response: OpenResponse; caseId: string }) {
    const { received, isComplete } = await response.rest();
    const text = Buffer.from(received, 'latin1').toString();
    expect([isComplete, readClientStream(cell[0], text)]).toMatchObject([true, { fault: undefined, hasError: false }]);
    expect(await errorTypeOf(caseId)).toBeUndefined();
    return text;
  }

  it.each(CELLS)('is kept alive while its provider thinks: %s → %s', async (...cell) => {
    const bytes = await goodStream(cell);
    const { gates, ...stream } = await keptAlive(cell, bytes);
    gates[0]!.open();
    const text = await expectWhole(cell, stream);
    const plain = await expectWhole(cell, await openStream(world, cell, [bytes], typeOf(cell)));
    expect(eventsOf(cell, text)).toEqual(eventsOf(cell, plain));
    // A ping of the provider has become one in both.
    expect(keepAlivesIn(cell, text)).toBeGreaterThan(keepAlivesIn(cell, plain));
  });

  it('is kept alive when it is gzip', async () => {
    const bytes = gzipSync(await goodStream(CHAT_TO_GEMINI), { level: 0 });
    const { gates, ...stream } = await keptAlive(CHAT_TO_GEMINI, bytes, { 'content-encoding': 'gzip' });
    gates[0]!.open();
    expect(keepAlivesIn(CHAT_TO_GEMINI, await expectWhole(CHAT_TO_GEMINI, stream))).toBeGreaterThanOrEqual(2);
  });

  it('is left alone until its provider has begun', async () => {
    const bytes = await goodStream(CHAT_TO_GEMINI);
    const { gates, ...silent } = await openGated(world, CHAT_TO_GEMINI, ['', bytes], typeOf(CHAT_TO_GEMINI));
    const other = await keptAlive(CHAT_TO_GEMINI, bytes);
    expect([silent.response.status, silent.response.received]).toEqual([200, '']);
    for (const gate of [...gates, ...other.gates]) gate.open();
    const text = await expectWhole(CHAT_TO_GEMINI, silent);
    expect(text.startsWith('data: ')).toBe(true);
    await expectWhole(CHAT_TO_GEMINI, other);
  });

  it.each(CELLS)('is whole when trailers follow its end: %s → %s', async (...cell) => {
    const [endpoint, schema] = cell;
    const caseId = newCase('trailers');
    world.upstreams.provider.script(caseId, chunked([await goodStream(cell)], typeOf(cell), { 'x-trailer': '1' }));
    const { body, headers } = minimalCall(endpoint, schema, true);
    const response = await world.gateway.open(pathOf(endpoint), { caseId, body, headers: { ...headers } });
    expect(eventsOf(cell, await expectWhole(cell, { response, caseId })).length).toBeGreaterThan(3);
  });

  it("is read by OpenAI's and Anthropic's own clients", async () => {
    const chat = await keptAliveCase(CHAT_TO_GEMINI);
    const chunks = await openaiClient(world.gateway, chat.caseId).chat.completions.create({
      model: 'GCPVertexAI',
      messages: [{ role: 'user', content: 'hi' }],
      stream: true,
    });
    let text = '';
    for await (const { choices } of chunks) text += choices[0]?.delta.content ?? '';
    const message = await keptAliveCase(['messages', 'AWSBedrock']);
    const final = await anthropicClient(world.gateway, message.caseId)
      .messages.stream({ model: 'AWSBedrock', max_tokens: 99, messages: [{ role: 'user', content: 'hi' }] })
      .finalMessage();
    expect([text, final.content.find(({ type }) => type === 'text')]).toMatchObject([STORY.text, { text: STORY.text }]);
  });

  /** A provider that thinks in the middle until another stream has heard two keep-alives. */
  async function keptAliveCase(cell: CellName): Promise<{ caseId: string }> {
    const caseId = newCase('sdk');
    const bytes = await goodStream(cell);
    const middle = bytes.length >> 1;
    async function* steps(): AsyncGenerator<BodyStep> {
      yield bytes.subarray(0, middle);
      const other = await keptAlive(CHAT_TO_GEMINI, await goodStream(CHAT_TO_GEMINI));
      other.gates[0]!.open();
      await other.response.rest();
      yield bytes.subarray(middle);
    }
    world.upstreams.provider.script(caseId, chunked(steps(), typeOf(cell)));
    return { caseId };
  }

  it('is forgotten when its client leaves', async () => {
    const cancelled = 'aigateway_extproc_cancelled_requests_total';
    const before = (await world.gateway.extproc.metrics()).sum(cancelled);
    const { response } = await keptAlive(CHAT_TO_GEMINI, await goodStream(CHAT_TO_GEMINI));
    response.abort();
    const metrics = await world.gateway.extproc.awaitMetric(cancelled, {}, before + 1);
    expect(metrics.sum(cancelled)).toBe(before + 1);
    await servesOn(world);
  });

  it('may have 10,000 events, and chunks of 1 MB', async () => {
    const say = (text: string) => event({ candidates: [{ content: { role: 'model', parts: [{ text }] } }] });
    const end = event({ candidates: [{ content: { parts: [] }, finishReason: 'STOP' }] });
    const events = Array.from({ length: 10_000 }, (_, index) => say(`${index} `));
    const many = await openStream(world, CHAT_TO_GEMINI, [...events, end], typeOf(CHAT_TO_GEMINI));
    const large = 'x'.repeat(1_000_000);
    const few = await openStream(world, CHAT_TO_GEMINI, [say(large), say(large), end], typeOf(CHAT_TO_GEMINI));
    const contentOf = (text: string) =>
      readClientStream('chat-completions', text)
        .events.map(({ choices }) => (choices as { delta: { content?: string } }[])[0]?.delta.content ?? '')
        .join('');
    const counted = Array.from({ length: 10_000 }, (_, index) => `${index} `).join('');
    expect(contentOf(await expectWhole(CHAT_TO_GEMINI, many))).toBe(counted);
    expect(contentOf(await expectWhole(CHAT_TO_GEMINI, few)) === large + large).toBe(true);
  });
});

describe('G45: a translated stream, with AIGW_STREAM_KEEPALIVE_INTERVAL and small buffers', () => {
  const gemini = (name: string) => ({ name, ...BACKENDS.GCPVertexAI });
  const world = useWorld(
    ['provider'],
    ({ provider }) => ({
      routes: [
        {
          name: 'default/llm',
          rules: [
            {
              model: 'GCPVertexAI',
              bufferBytes: 64 << 10,
              retry: FALLBACK_RETRY,
              backends: [
                { ...gemini('default/first'), upstream: provider },
                { ...gemini('default/second'), upstream: provider },
              ],
            },
          ],
        },
      ],
      listeners: { main: 1 << 20 },
    }),
    SETTINGS,
  );

  it('holds up its provider, and not the memory, when its client reads slowly', async () => {
    const { gateway, upstreams } = world;
    const chunk = Buffer.from(event({ candidates: [{ content: { parts: [{ text: 'x'.repeat(64 << 10) }] } }] }));
    const chunks = 1600;
    async function* steps(): AsyncGenerator<BodyStep> {
      for (let i = 0; i < chunks; i++) yield await Promise.resolve(chunk);
    }
    const { pid } = gateway.extproc.process;
    const before = await residentBytes(pid);
    const { response, caseId } = await openStream(world, CHAT_TO_GEMINI, steps(), typeOf(CHAT_TO_GEMINI));
    response.pause();
    const request = upstreams.provider.request(caseId);
    await eventually('the provider to be held up', async () => {
      const sentBytes = request.sentBytes;
      await new Promise((resolve) => setTimeout(resolve, 300));
      return sentBytes > 0 && request.sentBytes === sentBytes;
    });
    expect(request.sentBytes).toBeLessThan((chunk.length * chunks) / 2);
    expect((await residentBytes(pid)) - before).toBeLessThan(100 << 20);
    response.resume();
    const { received, isComplete } = await response.rest();
    const { fault, events } = readClientStream('chat-completions', received);
    expect([isComplete, fault, events.length >= chunks]).toEqual([true, undefined, true]);
  });

  it('is kept alive from its second attempt too', async () => {
    const { gateway, upstreams } = world;
    const caseId = newCase('retried');
    const bytes = await goodStream(CHAT_TO_GEMINI);
    const { body: steps, gates } = gated([bytes.subarray(0, 200), bytes.subarray(200)]);
    const { body, headers } = minimalCall('chat-completions', 'GCPVertexAI', true);
    upstreams.provider.script(caseId, json({}, 503), chunked(steps));
    const retried = await gateway.open(pathOf('chat-completions'), { caseId, body, headers: { ...headers } });
    await retried.until(COMMENT.repeat(2));
    gates[0]!.open();
    const { received, isComplete } = await retried.rest();
    expect([isComplete, readClientStream('chat-completions', received).fault]).toEqual([true, undefined]);
    expect(await gateway.envoy.accessLog.entry(caseId)).toMatchObject({ status: 200, attempts: 2 });
  });
});
