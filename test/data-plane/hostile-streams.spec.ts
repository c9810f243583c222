import { crc32, gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { MEASURED, type GatewaySettings } from '../harness/gateway.js';
import type { SchemaName } from '../../src/shared/filter-config/filter-config.js';
import { BREAK, chunked, gated, type Answer, type BodyStep } from '../harness/answers.js';
import { newCase } from '../harness/case-id.js';
import { chunkFrames, eventStream, minimalCall } from '../harness/cell.js';
import { STREAMING_CELLS, translates, type CellName } from '../harness/cell-kind.js';
import { pathOf, readClientStream } from '../harness/client-dialect.js';
import { answerFaults, askAnswering, bodyOf, goodStream, type Seen } from '../harness/hostile-answer.js';
import { servesOn } from '../harness/hostile-request.js';
import { residentBytes } from '../harness/resident-memory.js';
import { useBackendOfEachSchema } from '../harness/schema-backends.js';

const CHATS = STREAMING_CELLS.filter(([endpoint]) => ['chat-completions', 'messages', 'responses'].includes(endpoint));
const TRANSLATED = CHATS.filter((cell) => translates(cell, true));
const isAws = (schema: SchemaName) => schema.startsWith('AWS');
const SSE = TRANSLATED.filter(([, schema]) => !isAws(schema));
const AWS = TRANSLATED.filter(([, schema]) => isAws(schema));

const streamType = (schema: SchemaName) => ({
  'content-type': isAws(schema) ? 'application/vnd.amazon.eventstream' : 'text/event-stream',
});
const streamed = (schema: SchemaName, body: Iterable<BodyStep>, more: Readonly<Record<string, string>> = {}) =>
  chunked(body, { ...streamType(schema), ...more });

/** The events, or frames, of a provider's stream. */
function piecesOf(schema: SchemaName, bytes: Buffer): Buffer[] {
  if (!isAws(schema))
    return bytes
      .toString()
      .split(/(?<=\n\n)/)
      .map((text) => Buffer.from(text));
  const pieces: Buffer[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = start + bytes.readUInt32BE(start);
    pieces.push(bytes.subarray(start, end));
    start = end;
  }
  return pieces;
}

/** What a provider of the schema writes when it fails in the middle of its answer. */
function errorPiece(schema: SchemaName): Buffer {
  const busy = { type: 'error', error: { type: 'overloaded_error', message: 'busy' } };
  switch (schema) {
    case 'AWSBedrock':
      return eventStream([{ type: 'throttlingException', payload: { message: 'busy' }, exception: true }]);
    case 'AWSAnthropic':
      return eventStream(chunkFrames([busy]));
    case 'Anthropic':
    case 'GCPAnthropic':
      return Buffer.from(`event: error\ndata: ${JSON.stringify(busy)}\n\n`);
    case 'GCPVertexAI':
      return Buffer.from('data: {"error":{"code":429,"message":"busy","status":"RESOURCE_EXHAUSTED"}}\n\n');
    default:
      return Buffer.from('data: {"error":{"message":"busy","type":"server_error"}}\n\n');
  }
}

/** The head of a frame of this size, with a checksum that holds. */
function frameHead(sizeBytes: number): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt32BE(sizeBytes, 0);
  head.writeUInt32BE(crc32(head.subarray(0, 8)), 8);
  return head;
}

const flipped = (bytes: Buffer, offset: number) => bytes.with(offset, bytes[offset]! ^ 1);
/** The third piece is the first that says something. */
const cutAfter3 = (schema: SchemaName, bytes: Buffer) => {
  const pieces = piecesOf(schema, bytes);
  return [pieces.slice(0, 3), pieces.slice(3)] as const;
};

/** A complete stream of the dialect, which tells of a failure when there was one, and so does the access log. */
function streamFault([endpoint]: CellName, { status, text, isComplete, errorType, contentType }: Seen, fails: boolean) {
  if (status !== 200 || !isComplete) return 'is broken';
  if (contentType !== 'text/event-stream') return `is ${contentType}`;
  const { fault, hasError } = readClientStream(endpoint, text);
  if (fault !== undefined) return fault;
  if (hasError !== fails) return fails ? 'tells of no failure' : 'tells of a failure';
  return (errorType === '_OTHER') === fails ? '' : `has the error type ${String(errorType)}`;
}

type Steps = (bytes: Buffer, schema: SchemaName) => Iterable<BodyStep>;

describe.each<[string, GatewaySettings]>([
  ['chunk by chunk', {}],
  ['in full duplex', { extprocEnv: () => ({ AIGW_STREAM_KEEPALIVE_INTERVAL: '1s' }) }],
])('%s:', (mode, settings) => {
  const isDuplex = mode === 'in full duplex';
  const world = useBackendOfEachSchema({}, { ...MEASURED, ...settings });
  const faultsOf = async (cells: readonly CellName[], fails: boolean, steps: Steps, more = {}) =>
    await answerFaults(
      world,
      cells,
      async (cell) => streamed(cell[1], steps(await goodStream(cell), cell[1]), more),
      (cell, seen) => streamFault(cell, seen, fails),
      true,
    );

  describe('a stream that cannot be read', () => {
    it.each<[string, Steps]>([
      // Envoy 1.38.3 holds it back in full duplex until the processor gives up (decision 19).
      ...(isDuplex ? [] : [['is empty', () => []] satisfies [string, Steps]]),
      ['is HTML', () => ['<html><h1>502</h1></html>']],
      ['is random bytes', () => [Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 7919) % 251))]],
      ['is cut in its middle', (bytes) => [bytes.subarray(0, bytes.length >> 1)]],
      ['fails with its first event', (_, schema) => [errorPiece(schema)]],
      ['fails with its first event and goes on', (bytes, schema) => [errorPiece(schema), bytes]],
      [
        'fails with its fourth event and goes on',
        (bytes, schema) => {
          const [first, rest] = cutAfter3(schema, bytes);
          return [...first, errorPiece(schema), ...rest];
        },
      ],
      [
        'is of another API',
        (_, schema) => [isAws(schema) ? 'data: {"hello":"world"}\n\n' : 'event: x\ndata: {"hello":"world"}\n\n'],
      ],
      [
        'is made of no objects',
        (_, schema) =>
          isAws(schema)
            ? [
                eventStream([
                  { type: 'chunk', payload: [1] },
                  { type: 'contentBlockDelta', payload: null },
                ]),
              ]
            : ['data: [1]\n\ndata: null\n\ndata: "x"\n\n'],
      ],
    ])('ends with an error of the dialect when it %s', async (_, steps) => {
      expect(await faultsOf(TRANSLATED, true, steps)).toEqual([]);
    });

    it.each<[string, Steps]>([
      ['has a frame with a wrong checksum', (bytes) => [flipped(bytes, bytes.length >> 1)]],
      ['has a first frame with a wrong checksum of its head', (bytes) => [flipped(bytes, 9)]],
      ['has a last frame with a wrong checksum', (bytes) => [flipped(bytes, bytes.length - 1)]],
      ['has a wrong length that its checksum tells', (bytes) => [flipped(bytes, 3)]],
      ['has a frame of 4 GB', () => [frameHead(0xffff_ffff)]],
      ['has a fourth frame of 4 GB', (bytes, schema) => [...cutAfter3(schema, bytes)[0], frameHead(0xffff_ffff)]],
      ['has a frame of no bytes', (bytes, schema) => [...cutAfter3(schema, bytes)[0], frameHead(0)]],
      ['ends inside a head', (bytes, schema) => [...cutAfter3(schema, bytes)[0], frameHead(100).subarray(0, 7)]],
      ['ends behind a head', (bytes, schema) => [...cutAfter3(schema, bytes)[0], frameHead(100)]],
    ])('ends with an error of the dialect when it is of AWS and %s', async (title, steps) => {
      // Converse has told all but the usage by then, and messages have ended.
      const isLast = title.includes('last frame');
      const cells = AWS.filter(([, schema]) => !isLast || schema === 'AWSAnthropic');
      expect(await faultsOf(cells, true, steps)).toEqual([]);
    });

    it('ends with an error of the dialect when an event is nested too deep', async () => {
      const deep = `data: {"choices":${'['.repeat(20_000)}${']'.repeat(20_000)}}\n\n`;
      // Where OpenAI is translated, what is no JSON object is passed over, as some servers need it.
      const cells = SSE.filter(([, schema]) => !schema.includes('OpenAI'));
      const steps: Steps = (bytes, schema) => [...cutAfter3(schema, bytes)[0], deep];
      expect(await faultsOf(cells, true, steps)).toEqual([]);
    });

    it.each<[string, Steps, string]>([
      ['is cut gzip', (bytes) => [gzipSync(bytes).subarray(0, 200)], 'gzip'],
      ['is called gzip and is not', (bytes) => [bytes], 'gzip'],
      ['is called br and is not', (bytes) => [bytes], 'br'],
    ])('ends with an error of the dialect when it %s', async (_, steps, coding) => {
      expect(await faultsOf(TRANSLATED, true, steps, { 'content-encoding': coding })).toEqual([]);
    });
  });

  describe('a stream that is odd', () => {
    it.each<[string, Steps]>([
      ['comes byte by byte', (bytes) => [...bytes].map((byte) => Buffer.of(byte))],
      ['comes twice', (bytes) => [bytes, bytes]],
      ['has its events in reverse', (bytes, schema) => piecesOf(schema, bytes).reverse()],
    ])('is complete when it %s', async (_, steps) => {
      expect(await faultsOf(TRANSLATED, false, steps)).toEqual([]);
    });

    it('is complete when it fails behind its end', async () => {
      // A stream of Gemini has no end of its own.
      const cells = TRANSLATED.filter(([, schema]) => schema !== 'GCPVertexAI');
      expect(await faultsOf(cells, false, (bytes, schema) => [bytes, errorPiece(schema)])).toEqual([]);
    });

    it.each<[string, (text: string) => BodyStep]>([
      ['ends its lines with CRLF', (text) => text.replaceAll('\n', '\r\n')],
      ['ends its lines with CR', (text) => text.replaceAll('\n', '\r')],
      [
        'has comments, ids and no space',
        (text) => `: hello\n\n${text.replaceAll('data: ', ':\nid: 7\nretry: 5\ndata:')}`,
      ],
      ['begins with a byte order mark', (text) => `\uFEFF${text}`],
      ['begins with zeros', (text) => `\0\0\n\n${text}`],
      ['has half a surrogate pair', (text) => text.replace('Here', '\\ud800')],
      ['has 100,000 empty lines', (text) => '\n'.repeat(100_000) + text],
      ['lacks its last line break', (text) => text.trimEnd()],
    ])('is complete when it is of events and %s', async (_, edit) => {
      expect(await faultsOf(SSE, false, (bytes) => [edit(bytes.toString())])).toEqual([]);
    });

    it('is complete when it is of events and is not UTF-8', async () => {
      const broken = (bytes: Buffer) => Buffer.from(bytes.toString('latin1').replace('Here', '\u00ff\u00c3'), 'latin1');
      expect(await faultsOf(SSE, false, (bytes) => [broken(bytes)])).toEqual([]);
    });

    it('is complete when it has no type', async () => {
      const answerOf = async (cell: CellName): Promise<Answer> => ({
        kind: 'respond',
        status: 200,
        headers: {},
        body: [await goodStream(cell)],
      });
      const faults = await answerFaults(
        world,
        TRANSLATED,
        answerOf,
        (cell, seen) => streamFault(cell, seen, false),
        true,
      );
      expect(faults).toEqual([]);
    });

    it('is complete when it is gzip', async () => {
      const steps: Steps = (bytes) => [gzipSync(bytes)];
      expect(await faultsOf(TRANSLATED, false, steps, { 'content-encoding': 'gzip' })).toEqual([]);
    });

    it('is complete when trailers follow its end', async () => {
      // What Gemini's answers lack: an end that is seen before the trailers. Chunk by chunk the rest is lost there.
      const cells = TRANSLATED.filter(([, schema]) => isDuplex || schema !== 'GCPVertexAI');
      const answerOf = async (cell: CellName) =>
        chunked([await goodStream(cell)], streamType(cell[1]), { 'x-trailer': '1' });
      const faults = await answerFaults(world, cells, answerOf, (cell, seen) => streamFault(cell, seen, false), true);
      expect(faults).toEqual([]);
    });

    it('is a failure in log and metrics when trailers follow its middle', async () => {
      const answerOf = async (cell: CellName) => {
        const bytes = await goodStream(cell);
        return chunked([bytes.subarray(0, bytes.length >> 1)], streamType(cell[1]), { 'x-trailer': '1' });
      };
      const check = (_: CellName, { errorType }: Seen) => (errorType === '_OTHER' ? '' : 'is no failure');
      expect(await answerFaults(world, TRANSLATED, answerOf, check, true)).toEqual([]);
    });
  });

  describe('a stream that goes through', () => {
    const PASSED = STREAMING_CELLS.filter((cell) => !translates(cell, true));
    const sentOf = new Map<string, Buffer>();
    const passedFault =
      (fails: boolean) =>
      (cell: CellName, { status, body, isComplete, errorType }: Seen) => {
        if (status !== 200 || !isComplete || !body.equals(sentOf.get(cell.join())!)) return 'is changed';
        return (errorType === '_OTHER') === fails ? '' : `has the error type ${String(errorType)}`;
      };
    const passed = async (cells: readonly CellName[], fails: boolean, steps: Steps) =>
      await answerFaults(
        world,
        cells,
        async (cell) => {
          const isChat = cell[1] !== 'Cohere' && CHATS.includes(cell);
          const answer = streamed(
            cell[1],
            steps(await goodStream(isChat ? cell : ['chat-completions', 'OpenAI']), cell[1]),
          );
          sentOf.set(cell.join(), await bodyOf(answer));
          return answer;
        },
        passedFault(fails),
        true,
      );

    it.each<[string, Steps]>([
      ['is HTML by another name', () => ['<html>']],
      ['is random bytes', () => [Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 7919) % 251))]],
      ['is cut', (bytes) => [bytes.subarray(0, bytes.length >> 1)]],
      ['comes byte by byte', (bytes) => [...bytes].map((byte) => Buffer.of(byte))],
      ['ends its lines with CRLF', (bytes) => [bytes.toString().replaceAll('\n', '\r\n')]],
      ['is made of no objects', () => ['data: [1]\n\ndata: null\n\n']],
      ['is nested without end', () => [`data: {"usage":${'['.repeat(100_000)}\n\n`]],
    ])('reaches the client as it is when it %s', async (_, steps) => {
      expect(await passed(PASSED, false, steps)).toEqual([]);
    });

    it('is a failure in log and metrics when it has an error event', async () => {
      const steps: Steps = (bytes, schema) => [...cutAfter3(schema, bytes)[0], errorPiece(schema)];
      expect(await passed(PASSED, true, steps)).toEqual([]);
      expect(await passed(PASSED, true, (_, schema) => [errorPiece(schema)])).toEqual([]);
    });
  });

  describe('a stream that breaks off', () => {
    it.each(TRANSLATED.map((cell) => [...cell] as const))(
      'leaves the client with what came: %s → %s',
      async (...cell) => {
        const { gateway, upstreams } = world;
        const [endpoint, schema] = cell;
        const cancelled = { error_type: 'cancelled' };
        const duration = 'gen_ai_server_request_duration_seconds_count';
        const before = (await gateway.extproc.metrics()).sum(duration, cancelled);
        const bytes = await goodStream(cell);
        const caseId = newCase('breaks');
        const { body: steps, gates } = gated([bytes.subarray(0, bytes.length >> 1), '']);
        upstreams.provider.script(caseId, streamed(schema, [...steps, BREAK]));
        const { body, headers } = minimalCall(endpoint, schema, true);
        const response = await gateway.open(pathOf(endpoint), { caseId, body, headers: { ...headers } });
        await response.until('data: ');
        gates[0]!.open();
        const { received, isComplete } = await response.rest();
        expect([response.status, isComplete, received.startsWith('data: ') || received.startsWith('event: ')]).toEqual([
          200,
          false,
          true,
        ]);
        await gateway.extproc.awaitMetric(duration, cancelled, before + 1);
        expect((await gateway.envoy.accessLog.entry(caseId)).status).toBe(200);
        await servesOn(world);
      },
    );
  });

  describe('an event without an end', () => {
    const FILLERS = Array.from({ length: 20 }, () => Buffer.alloc(1_000_000, 'x'));
    const OPEN_EVENT = Buffer.from('data: {"x":"');
    const GROWTH_MAX = 150 << 20;

    it.each(TRANSLATED.map((cell) => [...cell] as const))(
      'ends the stream before the memory: %s → %s',
      async (...cell) => {
        const { pid } = world.gateway.extproc.process;
        const before = await residentBytes(pid);
        const [first] = cutAfter3(cell[1], await goodStream(cell));
        const open = isAws(cell[1]) ? frameHead(20_000_000) : OPEN_EVENT;
        const seen = await askAnswering(world, cell, streamed(cell[1], [...first, open, ...FILLERS]), true);
        expect(streamFault(cell, seen, true)).toBe('');
        await servesOn(world);
        expect((await residentBytes(pid)) - before).toBeLessThan(GROWTH_MAX);
      },
    );

    it.each<CellName>([
      ['chat-completions', 'OpenAI'],
      ['messages', 'Anthropic'],
      ['responses', 'OpenAI'],
      ['images-generations', 'OpenAI'],
    ])('goes through, and is not kept: %s → %s', async (...cell) => {
      const { pid } = world.gateway.extproc.process;
      const before = await residentBytes(pid);
      const steps = [OPEN_EVENT, ...FILLERS];
      const seen = await askAnswering(world, cell, streamed(cell[1], steps), true);
      expect([seen.status, seen.isComplete, seen.body.equals(Buffer.concat(steps))]).toEqual([200, true, true]);
      expect((await residentBytes(pid)) - before).toBeLessThan(GROWTH_MAX);
    });
  });
});
