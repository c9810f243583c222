import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { STREAMING_CELLS, translates, type CellName } from '../../../../test/harness/cell-kind.js';
import { minimalCall } from '../../../../test/harness/cell.js';
import { pathOf, readClientStream } from '../../../../test/harness/client-dialect.js';
import { COSTS, recorded, respond, SUCCESS, trailersOf } from '../../../../test/harness/extproc-responses.js';
import {
  Answer,
  backendIdentity,
  buildBackend,
  CHAT_HEADERS,
  ExtprocWorld,
  type ClientRequest,
  type HeaderPairs,
} from '../../../../test/harness/extproc-world.js';
import { goodStream } from '../../../../test/harness/hostile-answer.js';
import { Redacted } from '../../../shared/secret.js';
import { KeepAlives } from './keep-alive.js';

const INTERVAL_MS = 15_000;
const TRANSLATED = STREAMING_CELLS.filter((cell) => translates(cell, true));
const CHAT_TO_GEMINI: CellName = ['chat-completions', 'GCPVertexAI'];
const KEEP_ALIVE = /^(: keep-alive|event: ping\ndata: \{"type": ?"ping"\})\n\n/gm;
const GCP = { auth: { gcp: { accessToken: new Redacted('t'), region: 'r', projectName: 'p' } } };

/** A translated stream of which the head is to come, with keep-alives on the clock of the world. */
async function streaming([endpoint, schema]: CellName) {
  let tick: (() => void) | undefined;
  const keepAlives: KeepAlives = new KeepAlives(
    INTERVAL_MS,
    () => world.nowMs,
    (run) => {
      tick = run;
      return () => (tick = undefined);
    },
  );
  const backend = buildBackend('a', {
    schema: { name: schema, prefix: 'v1', version: '2024-10-21' },
    ...(schema.startsWith('GCP') ? GCP : {}),
  });
  const world: ExtprocWorld = new ExtprocWorld({ backends: [backend], globalLLMRequestCosts: COSTS }, { keepAlives });
  const call = minimalCall(endpoint, 'm', true);
  const headers = { ...CHAT_HEADERS, ':path': pathOf(endpoint), ...call.headers };
  const request = await world.routed(call.body.toString(), headers);
  await request.attempt(backendIdentity('a'));
  const begin = async (more: HeaderPairs = {}, status = '200') => {
    const type = schema.startsWith('AWS') ? 'application/vnd.amazon.eventstream' : 'text/event-stream';
    const answer = await respond(request, status, { 'content-type': type, ...more });
    request.router.answers.length = 0;
    return answer;
  };
  const wait = (durationMs = INTERVAL_MS) => {
    world.nowMs += durationMs;
    tick?.();
  };
  return { world, request, begin, wait, keepAlives };
}

const answersOf = ({ router }: ClientRequest) => router.answers.map((answer) => new Answer(answer));
const textOf = (request: ClientRequest) =>
  answersOf(request)
    .map(({ streamed }) => streamed?.text ?? '')
    .join('');
const keepAlivesIn = (text: string) => text.match(KEEP_ALIVE)?.length ?? 0;

describe('G45: a translated stream in full duplex', () => {
  it.each(TRANSLATED)('is asked for with the head of %s → %s', async (...cell) => {
    const { begin } = await streaming(cell);
    const answer = await begin();
    expect([answer.responseBodyMode, answer.setMap['content-type']]).toEqual(['full-duplex', 'text/event-stream']);
  });

  it.each<[string, CellName, HeaderPairs, string]>([
    ['goes through', ['chat-completions', 'OpenAI'], {}, '200'],
    ['goes through compressed', ['messages', 'Anthropic'], { 'content-encoding': 'gzip' }, '200'],
    ['has another good status', CHAT_TO_GEMINI, {}, '201'],
    ['is an error', CHAT_TO_GEMINI, {}, '429'],
    ['has no bytes by its length', CHAT_TO_GEMINI, { 'content-length': '0' }, '200'],
    ['is HTML', CHAT_TO_GEMINI, { 'content-type': 'text/html' }, '200'],
  ])('is not asked for where the answer %s', async (_, cell, headers, status) => {
    const { begin, keepAlives } = await streaming(cell);
    expect((await begin(headers, status)).responseBodyMode).not.toBe('full-duplex');
    expect(keepAlives.size).toBe(0);
  });

  it.each(TRANSLATED)('is the same stream with keep-alives in it, however it is cut: %s → %s', async (...cell) => {
    const bytes = await goodStream(cell);
    const whole = await streaming(cell);
    await whole.begin();
    await whole.request.router.body('responseBody', bytes);
    const expected = textOf(whole.request);
    const cuts = fc.array(fc.tuple(fc.nat(bytes.length), fc.nat(2)), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(cuts, fc.boolean(), async (found, isGzip) => {
        const { request, begin, wait, world, keepAlives } = await streaming(cell);
        const sent = isGzip ? gzipSync(bytes) : bytes;
        await begin(isGzip ? { 'content-encoding': 'gzip' } : {});
        let start = 0;
        for (const [cut, waits] of found.toSorted(([a], [b]) => a - b)) {
          const end = Math.max(start, Math.min(cut, sent.length));
          await request.router.body('responseBody', sent.subarray(start, end), false);
          for (let i = 0; i < waits; i++) wait();
          start = end;
        }
        await request.router.body('responseBody', sent.subarray(start));
        wait();
        const text = textOf(request);
        expect(text.replaceAll(KEEP_ALIVE, '')).toBe(expected.replaceAll(KEEP_ALIVE, ''));
        expect(readClientStream(cell[0], text)).toMatchObject({ fault: undefined, hasError: false });
        const answers = answersOf(request).map(({ streamed }) => streamed!.isLast);
        expect([answers.indexOf(true), keepAlives.size]).toEqual([answers.length - 1, 0]);
        expect(await recorded(world)).toMatchObject({ succeeded: 1, failed: 0 });
      }),
      { numRuns: 15 },
    );
  });

  it.each(TRANSLATED)('hears no keep-alive behind its last event: %s → %s', async (...cell) => {
    const { request, begin, wait } = await streaming(cell);
    await begin();
    await request.router.body('responseBody', await goodStream(cell), false);
    const told = textOf(request);
    // A stream of Gemini ends with its bytes only.
    const hasEnd = readClientStream(cell[0], told).fault === undefined;
    wait(INTERVAL_MS * 3);
    await request.router.body('responseBody', '');
    const added = textOf(request).slice(told.length);
    const expected = cell[1] === 'GCPVertexAI' ? [false, 1, false] : [true, 0, true];
    expect([hasEnd, keepAlivesIn(added), added === '']).toEqual(expected);
  });

  it.each<[...CellName, string]>([
    ['chat-completions', 'Anthropic', 'event: error\ndata: {"type":"error","error":{"type":"x","message":"busy"}}\n\n'],
    ['responses', 'GCPAnthropic', 'event: error\ndata: {"type":"error","error":{"type":"x","message":"busy"}}\n\n'],
    ['responses', 'GCPVertexAI', 'data: {"error":{"code":429,"message":"busy","status":"x"}}\n\n'],
    ['messages', 'OpenAI', 'data: {"error":{"message":"busy","type":"x"}}\n\n'],
    ['messages', 'GCPVertexAI', 'data: {"error":{"code":429,"message":"busy","status":"x"}}\n\n'],
  ])('hears no keep-alive behind an error: %s → %s', async (endpoint, schema, failure) => {
    const { request, begin, wait, keepAlives } = await streaming([endpoint, schema]);
    await begin();
    await request.router.body('responseBody', failure, false);
    const told = textOf(request);
    expect(told).toContain('busy');
    wait(INTERVAL_MS * 3);
    expect([textOf(request), keepAlives.size]).toEqual([told, 0]);
  });

  it('counts no token, no first token and no message for a keep-alive', async () => {
    const plain = await streaming(CHAT_TO_GEMINI);
    const { request, begin, wait, world } = await streaming(CHAT_TO_GEMINI);
    const bytes = await goodStream(CHAT_TO_GEMINI);
    for (const { begin: beginOne, request: one } of [plain, { begin, request }]) {
      await beginOne();
      // Not an event yet: what the client hears first is ours.
      await one.router.body('responseBody', ' ', false);
    }
    for (let i = 0; i < 5; i++) wait(INTERVAL_MS);
    plain.world.nowMs = world.nowMs;
    await request.router.body('responseBody', bytes);
    await plain.request.router.body('responseBody', bytes);
    expect([keepAlivesIn(textOf(plain.request)), keepAlivesIn(textOf(request))]).toEqual([0, 5]);
    expect(answersOf(request).at(-1)!.metadata).toEqual(answersOf(plain.request).at(-1)!.metadata);
    expect(await recorded(world)).toEqual(await recorded(plain.world));
    expect(await recorded(world)).toMatchObject({ succeeded: SUCCESS.succeeded });
  });

  it.each<CellName>(TRANSLATED)('is whole when trailers follow it: %s → %s', async (...cell) => {
    const { request, begin, world, keepAlives } = await streaming(cell);
    await begin();
    await request.router.body('responseBody', await goodStream(cell), false);
    await trailersOf(request);
    expect(answersOf(request).at(-1)!.kind).toBe('responseTrailers');
    expect(readClientStream(cell[0], textOf(request))).toMatchObject({ fault: undefined, hasError: false });
    expect(answersOf(request).some(({ streamed }) => streamed?.isLast)).toBe(false);
    expect([world.logs, keepAlives.size]).toEqual([[], 0]);
    expect(await recorded(world)).toMatchObject({ succeeded: 1, failed: 0 });
  });

  it('cannot be ended when trailers come without a body', async () => {
    const { request, begin, world } = await streaming(CHAT_TO_GEMINI);
    await begin();
    expect((await trailersOf(request)).kind).toBe('responseTrailers');
    expect(world.logs.map(({ msg }) => msg)).toEqual([
      expect.stringContaining('the end of a translated stream is lost'),
    ]);
    expect(await recorded(world)).toMatchObject({ succeeded: 0, failed: 1 });
  });

  it.each(['cancelled', 'half-closed', 'failed'] as const)(
    'is forgotten when its gRPC stream ends: %s',
    async (end) => {
      const { request, begin, wait, keepAlives } = await streaming(CHAT_TO_GEMINI);
      await begin();
      await request.router.body('responseBody', ' ', false);
      expect(keepAlives.size).toBe(1);
      request.router.close(end);
      request.router.answers.length = 0;
      wait();
      expect([keepAlives.size, answersOf(request)]).toEqual([0, []]);
    },
  );

  it('is forgotten when Envoy answers in its place', async () => {
    const { request, begin, wait, keepAlives } = await streaming(CHAT_TO_GEMINI);
    await begin();
    await respond(request, '504', {});
    request.router.answers.length = 0;
    wait();
    expect([keepAlives.size, answersOf(request)]).toEqual([0, []]);
  });

  it('ends with 502 when nothing follows its head for 270 s', async () => {
    const { request, begin, wait, world, keepAlives } = await streaming(CHAT_TO_GEMINI);
    await begin();
    wait(269_000);
    expect(answersOf(request)).toEqual([]);
    wait(1_000);
    expect(answersOf(request).map(({ localReply }) => localReply)).toEqual([
      {
        status: 502,
        details: 'aigw_unusable_answer',
        body: expect.objectContaining({
          error: expect.objectContaining({
            message:
              'the provider behind backend ns/a answered with a head and nothing behind it for more than four minutes',
          }),
        }),
      },
    ]);
    expect([keepAlives.size, (await recorded(world)).failed]).toEqual([0, 1]);
  });
});
