import type { Transform } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import {
  brotliCompressSync,
  constants,
  createBrotliCompress,
  createDeflate,
  createDeflateRaw,
  createGzip,
  createZstdCompress,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { chunked, DONE, event, gated, whole } from '../harness/answers.js';
import { newCase } from '../harness/case-id.js';
import { useWorld } from '../harness/world.js';

const world = useWorld(['openai'], ({ openai }) => ({
  routes: [
    { name: 'default/llm', rules: [{ model: 'gpt-x', backends: [{ name: 'default/openai', upstream: openai }] }] },
  ],
  costs: [{ metadataKey: 'used', type: 'TotalToken' }],
}));

const CHAT = '/v1/chat/completions';
const usage = { prompt_tokens: 2, completion_tokens: 5, total_tokens: 7 };
const ANSWER = JSON.stringify({ model: 'gpt-x-1', choices: [{ message: { content: 'x'.repeat(500) } }], usage });
const EVENTS = [
  event({ model: 'gpt-x-1', choices: [{ delta: { content: 'é' } }] }),
  event({ model: 'gpt-x-1', choices: [{ delta: { content: 'y'.repeat(300) } }] }),
  event({ model: 'gpt-x-1', choices: [], usage }),
  DONE,
];

/** Each text as the compressed bytes that make it readable at once, as providers that stream send it. */
async function flushed(compressor: Transform, texts: readonly string[]): Promise<Buffer[]> {
  const parts: Buffer[] = [];
  for (const text of texts) {
    await new Promise<void>((resolve, reject) => {
      compressor.write(text, (error) => (error ? reject(error) : resolve()));
    });
    parts.push(compressor.read() as Buffer);
  }
  compressor.end();
  return [...parts.slice(0, -1), Buffer.concat([parts.at(-1)!, await buffer(compressor)])];
}

const brotliNow = { flush: constants.BROTLI_OPERATION_FLUSH };
const zlibNow = { flush: constants.Z_SYNC_FLUSH };
const zstdNow = { flush: constants.ZSTD_e_flush };

interface Coding {
  readonly title: string;
  readonly label: string;
  readonly encode: (text: string) => Buffer;
  readonly stream: () => Transform;
}

const CODINGS: readonly Coding[] = [
  { title: 'gzip', label: 'gzip', encode: gzipSync, stream: () => createGzip(zlibNow) },
  { title: 'gzip in other case', label: 'GZip', encode: gzipSync, stream: () => createGzip(zlibNow) },
  { title: 'br', label: 'br', encode: brotliCompressSync, stream: () => createBrotliCompress(brotliNow) },
  { title: 'zstd', label: 'zstd', encode: zstdCompressSync, stream: () => createZstdCompress(zstdNow) },
  { title: 'deflate', label: 'deflate', encode: deflateSync, stream: () => createDeflate(zlibNow) },
  { title: 'raw deflate', label: 'deflate', encode: deflateRawSync, stream: () => createDeflateRaw(zlibNow) },
];

const METERED = { used: 7, response_model: 'gpt-x-1', ai_service_backend_name: 'default/openai' };

describe.each(CODINGS)('an answer in $title', ({ title, label, encode, stream }) => {
  it('reaches the client as it is, and its usage counts, when it is whole', async () => {
    const caseId = newCase(title);
    const bytes = encode(ANSWER);
    world.upstreams.openai.script(caseId, whole(200, bytes, { 'content-encoding': label }));

    const response = await world.gateway.send(CHAT, {
      caseId,
      body: { model: 'gpt-x' },
      headers: { 'accept-encoding': label },
    });

    expect([response.status, response.headers['content-encoding']]).toEqual([200, label]);
    expect(response.body.equals(bytes)).toBe(true);
    expect(world.upstreams.openai.request(caseId).headers['accept-encoding']).toBe(label);
    expect((await world.gateway.envoy.accessLog.entry(caseId)).ai).toMatchObject(METERED);
  });

  it('reaches the client event by event, and its usage counts, when it is a stream', async () => {
    const caseId = newCase(title);
    const parts = await flushed(stream(), EVENTS);
    const { body, gates } = gated(parts);
    world.upstreams.openai.script(caseId, chunked(body, { 'content-encoding': label }));

    const response = await world.gateway.open(CHAT, { caseId, body: { model: 'gpt-x', stream: true } });

    for (const [index, part] of parts.entries()) {
      await response.until(part.toString('latin1'));
      gates[index]?.open();
    }
    expect(await response.rest()).toEqual({ received: Buffer.concat(parts).toString('latin1'), isComplete: true });
    expect(response.headers['content-encoding']).toBe(label);
    expect((await world.gateway.envoy.accessLog.entry(caseId)).ai).toMatchObject(METERED);
  });
});

describe('an answer whose encoding cannot be read', () => {
  it.each([
    ['one that nobody knows', 'rot13', Buffer.from(ANSWER)],
    ['corrupt gzip', 'gzip', Buffer.from('this is no gzip')],
    ['cut gzip', 'gzip', gzipSync(ANSWER).subarray(0, 3)],
  ])('reaches the client as it is, without usage: %s', async (_, label, bytes) => {
    for (const stream of [false, true]) {
      const caseId = newCase('unreadable');
      world.upstreams.openai.script(caseId, whole(200, bytes, { 'content-encoding': label }));
      const response = await world.gateway.send(CHAT, { caseId, body: { model: 'gpt-x', stream } });
      expect([response.status, response.headers['content-encoding']]).toEqual([200, label]);
      expect(response.body.equals(bytes)).toBe(true);
      expect((await world.gateway.envoy.accessLog.entry(caseId)).ai).toMatchObject({ used: 0 });
    }
  });

  it('is read when codings are applied one over the other', async () => {
    const caseId = newCase('list');
    const bytes = brotliCompressSync(gzipSync(ANSWER));
    world.upstreams.openai.script(caseId, whole(200, bytes, { 'content-encoding': 'gzip, br' }));
    const response = await world.gateway.send(CHAT, { caseId, body: { model: 'gpt-x' } });
    expect(response.body.equals(bytes)).toBe(true);
    expect((await world.gateway.envoy.accessLog.entry(caseId)).ai).toMatchObject(METERED);
  });

  it('is not unpacked beyond a bound when little becomes very much', async () => {
    const caseId = newCase('bomb');
    const bytes = gzipSync(Buffer.alloc(100 << 20));
    world.upstreams.openai.script(caseId, whole(200, bytes, { 'content-encoding': 'gzip' }));
    const response = await world.gateway.send(CHAT, { caseId, body: { model: 'gpt-x' } });
    expect([response.status, response.body.length]).toEqual([200, bytes.length]);
    expect((await world.gateway.envoy.accessLog.entry(caseId)).ai).toMatchObject({ used: 0 });
  });
});
