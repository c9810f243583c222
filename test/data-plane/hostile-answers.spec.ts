import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { BREAK, chunked, DONE, event, json, whole, type Answer } from '../harness/answers.js';
import { CELLS } from '../harness/cell.js';
import { STREAMING_CELLS, translates, type CellName } from '../harness/cell-kind.js';
import { errorFault } from '../harness/client-dialect.js';
import { answerFaults, askAnswering, bodyOf, goodBody, type Seen } from '../harness/hostile-answer.js';
import { servesOn } from '../harness/hostile-request.js';
import { MEASURED } from '../harness/gateway.js';
import { residentBytes } from '../harness/resident-memory.js';
import { useBackendOfEachSchema } from '../harness/schema-backends.js';

const world = useBackendOfEachSchema({}, MEASURED);

const JSON_TYPE = { 'content-type': 'application/json' };
const HTML = '<html><h1>502 "Bad" Gateway</h1></html>';
const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
const shown = (text: string) => text.slice(0, 200);

/** A failure that the gateway tells in the dialect of the client, instead of what the provider said. */
const refusalFault = ([endpoint]: CellName, { status, text, details, errorType, contentType }: Seen) => {
  if (status !== 502) return `has status ${status}`;
  if (details !== 'aigw_unusable_answer') return `has the details ${details}`;
  if (errorType !== '_OTHER') return 'is no failure in the access log';
  return contentType === 'application/json' ? (errorFault(endpoint, text) ?? '') : `is ${contentType}`;
};

/** What went through untouched, as good answers do where the client speaks the provider's dialect (G11). */
const passedFault = ({ status, body, errorType }: Seen, sent: Buffer) => {
  if (status !== 200) return `has status ${status}`;
  if (errorType !== undefined) return 'is a failure in the access log';
  return body.equals(sent) ? '' : 'is changed';
};

type AnswerOf = (cell: CellName) => Answer | Promise<Answer>;
const half = (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1);

/** Answers with a good status that no cell can translate; those that no cell gives on are in hostile-no-answers. */
const UNUSABLE: readonly (readonly [string, AnswerOf])[] = [
  ['HTML that is called JSON', () => whole(200, HTML)],
  ['an array', () => whole(200, '[1]')],
  ['null', () => whole(200, 'null')],
  ['a text', () => whole(200, '"ok"')],
  [
    'an object with text behind it',
    async (cell) => whole(200, Buffer.concat([await goodBody(cell), Buffer.from('}')])),
  ],
  ['half of a good answer', async (cell) => whole(200, half(await goodBody(cell)))],
  ['20,000 arrays in each other', () => whole(200, nested(20_000))],
  ['20,000 arrays in an object', () => whole(200, `{"id":${nested(20_000)}}`)],
  [
    'a good answer under a label that nobody knows',
    async (cell) => whole(200, await goodBody(cell), { 'content-encoding': 'rot13' }),
  ],
  [
    'a good answer that is called gzip',
    async (cell) => whole(200, await goodBody(cell), { 'content-encoding': 'gzip' }),
  ],
  ['half of a gzip', async (cell) => whole(200, half(gzipSync(await goodBody(cell))), { 'content-encoding': 'gzip' })],
];

/** These say that a missing vector or an empty object is an answer. @see spec translators.md 7.3 */
const toleratesAnyObject = ([endpoint, schema]: CellName) => endpoint === 'embeddings' && schema === 'GCPVertexAI';

describe('a whole answer that is none', () => {
  const check = async (answerOf: AnswerOf, isStreaming: boolean) =>
    await answerFaults(
      world,
      isStreaming ? STREAMING_CELLS : CELLS,
      answerOf,
      (cell, seen) => (translates(cell, isStreaming) ? refusalFault(cell, seen) : ''),
      isStreaming,
    );

  it.each(UNUSABLE)('is an error of the dialect where it would be translated: %s', async (_, answerOf) => {
    expect(await check(answerOf, false)).toEqual([]);
  });

  it.each(UNUSABLE)('is an error of the dialect where a stream was asked for: %s', async (_, answerOf) => {
    expect(await check(answerOf, true)).toEqual([]);
  });

  it.each(UNUSABLE)('goes through as it is where nothing is translated: %s', async (_, answerOf) => {
    const cells = CELLS.filter((cell) => !translates(cell));
    const sent = new Map<string, Buffer>();
    const faults = await answerFaults(
      world,
      cells,
      async (cell) => {
        const answer = await answerOf(cell);
        sent.set(cell.join(), await bodyOf(answer));
        return answer;
      },
      (cell, seen) => passedFault(seen, sent.get(cell.join())!),
    );
    expect(faults).toEqual([]);
  });

  it.each<[string, AnswerOf]>([
    ['an object of another API', () => json({ hello: 'world' })],
    ['an error with a good status', () => json({ error: { code: 400, message: 'no', status: 'INVALID_ARGUMENT' } })],
    ['a stream of events', () => chunked([event({ id: 'x' }), DONE])],
  ])(
    'is an error of the dialect, of all cells but one that takes what is missing for nothing: %s',
    async (title, answerOf) => {
      const faults = await answerFaults(world, CELLS, answerOf, (cell, seen) =>
        !translates(cell) || (toleratesAnyObject(cell) && !title.includes('stream')) ? '' : refusalFault(cell, seen),
      );
      expect(faults).toEqual([]);
    },
  );
});

describe('a whole answer that is odd', () => {
  const goodFault = (cell: CellName, { status, text, errorType }: Seen) => {
    if (!translates(cell)) return '';
    if (status !== 200 || errorType !== undefined) return 'is refused';
    return text.startsWith('{') && (JSON.parse(text) as object) ? '' : 'is no JSON object';
  };

  it.each<[string, AnswerOf]>([
    ['gzip', async (cell) => whole(200, gzipSync(await goodBody(cell)), { 'content-encoding': 'gzip' })],
    [
      'of bytes that come one by one',
      async (cell) =>
        chunked(
          [...(await goodBody(cell))].map((byte) => Buffer.of(byte)),
          JSON_TYPE,
        ),
    ],
    ['with trailers', async (cell) => chunked([await goodBody(cell)], JSON_TYPE, { 'x-trailer': '1' })],
    ['without a type', async (cell) => ({ kind: 'respond', status: 200, headers: {}, body: [await goodBody(cell)] })],
    ['not UTF-8', async (cell) => whole(200, notUtf8(await goodBody(cell)))],
    [
      'with half a surrogate pair',
      async (cell) => whole(200, (await goodBody(cell)).toString().replaceAll('Here', '\\ud800')),
    ],
    [
      'with white space around it',
      async (cell) => whole(200, Buffer.concat([Buffer.from(' \n'), await goodBody(cell), Buffer.from('\r\n')])),
    ],
    ['of status 201', async (cell) => whole(201, await goodBody(cell))],
  ])('is translated when it is %s', async (title, answerOf) => {
    const faults = await answerFaults(world, CELLS, answerOf, (cell, seen) =>
      goodFault(cell, title.includes('201') && seen.status === 201 ? { ...seen, status: 200 } : seen),
    );
    expect(faults).toEqual([]);
  });

  it.each<[string, string]>([
    [
      'numbers',
      '{"choices":7,"content":7,"output":7,"candidates":7,"usage":7,"results":7,"embedding":7,"embeddings":7}',
    ],
    [
      'objects',
      '{"choices":{"length":1},"content":{"length":1},"output":{"message":{"content":{"length":1}}},"candidates":{"length":1},"results":{"length":1}}',
    ],
    [
      'nulls',
      '{"choices":[null],"content":[null],"output":{"message":{"content":[null]}},"candidates":[null],"results":[null],"usage":null}',
    ],
    [
      'empty parts',
      '{"choices":[{"message":{"tool_calls":[{}]}}],"content":[{}],"output":{"message":{"content":[{}]}},"candidates":[{"content":{"parts":[{}]}}]}',
    ],
    [
      'odd parts',
      '{"choices":[{"message":{"content":7,"tool_calls":[7]}}],"content":[{"type":"text","text":{}},{"type":"tool_use"}],"output":{"message":{"content":[{"text":{}},{"toolUse":7}]}},"candidates":[{"content":{"parts":[{"text":{}},{"functionCall":7}]}}],"stop_reason":{},"stopReason":[]}',
    ],
    [
      'odd counters',
      '{"inputTokens":"9","input_tokens":{},"totalTokens":-1,"usage":{"prompt_tokens":{},"inputTokens":-1,"input_tokens":1e99},"usageMetadata":[]}',
    ],
  ])('is JSON of the client, a good one or an error, when its members are %s', async (_, text) => {
    const faults = await answerFaults(
      world,
      CELLS,
      () => whole(200, text),
      (cell, seen) => {
        if (!translates(cell)) return passedFault(seen, Buffer.from(text));
        return seen.status === 502 ? refusalFault(cell, seen) : goodFault(cell, seen);
      },
    );
    expect(faults).toEqual([]);
  });
});

/** Breaks the UTF-8 of a text of the story, or of the id of a smaller answer. */
function notUtf8(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1').replace('Here', '\u00ff\u00c3').replace('"id":"', '"id":"\u00ff');
  return Buffer.from(text, 'latin1');
}

describe('an error of a provider', () => {
  const failureFault = (cell: CellName, { status, text, errorType, contentType }: Seen, expected: number) => {
    if (status !== expected) return `has status ${status}`;
    if (errorType !== '_OTHER') return 'is no failure in the access log';
    return contentType === 'application/json' ? (errorFault(cell[0], text) ?? '') : `is ${contentType}`;
  };

  it.each<[string, number, AnswerOf]>([
    ['HTML', 502, () => whole(502, HTML, { 'content-type': 'text/html; charset=utf-8' })],
    ['HTML that is called JSON', 500, () => whole(500, HTML)],
    ['nothing', 500, () => whole(500, '')],
    ['nothing, without a length', 503, () => ({ ...chunked([], JSON_TYPE), status: 503 })],
    ['nothing, without a type', 429, () => whole(429, '', { 'content-type': '' })],
    ['an array', 500, () => whole(500, '[1]')],
    ['null', 400, () => whole(400, 'null')],
    ['a text', 400, () => whole(400, '"no"')],
    ['JSON that is cut', 500, () => whole(500, '{"error":{"message":"no')],
    ['20,000 arrays in each other', 500, () => whole(500, nested(20_000))],
    [
      'text that is not UTF-8',
      500,
      () => whole(500, Buffer.from('\u00ff\u00c3(', 'latin1'), { 'content-type': 'text/plain' }),
    ],
    ['gzip', 500, () => whole(500, gzipSync(HTML), { 'content-type': 'text/html', 'content-encoding': 'gzip' })],
    ['a stream of events', 529, () => ({ ...chunked([event({ error: 'no' }), DONE]), status: 529 })],
    ['100 kB', 500, () => whole(500, 'x'.repeat(100_000), { 'content-type': 'text/plain' })],
  ])('is an error of the dialect when it is %s', async (_, status, answerOf) => {
    for (const isStreaming of [false, true]) {
      const check = (cell: CellName, seen: Seen) => failureFault(cell, seen, status);
      const cells = isStreaming ? STREAMING_CELLS : CELLS;
      expect(await answerFaults(world, cells, answerOf, check, isStreaming)).toEqual([]);
    }
  });

  it('keeps its headers when it gets a body', async () => {
    const { gateway, upstreams } = world;
    for (const model of ['OpenAI', 'Anthropic']) {
      const caseId = `retry-after-${model}`;
      upstreams.provider.script(caseId, whole(429, '', { 'retry-after': '7' }));
      const response = await gateway.send('/v1/chat/completions', { caseId, body: { model, messages: [] } });
      expect([response.status, response.headers['retry-after'], response.json()]).toMatchObject([
        429,
        '7',
        { error: { message: 'the provider answered 429 without a body' } },
      ]);
    }
  });

  it.each([301, 304])('of status %i stays without a body', async (status) => {
    const answer: Answer = { kind: 'respond', status, headers: { location: '/x' }, body: [] };
    const faults = await answerFaults(
      world,
      CELLS,
      () => answer,
      (_, seen) => (seen.status === status && seen.text === '' && seen.errorType === '_OTHER' ? '' : 'is changed'),
    );
    expect(faults).toEqual([]);
  });

  it.each<[string, Uint8Array, string]>([
    ['corrupt', Buffer.from('no gzip'), 'gzip'],
    ['of a label that nobody knows', Buffer.from('?'), 'rot13'],
  ])(
    'is told where it would be translated, and goes through where not, when its compression is %s',
    async (_, bytes, label) => {
      const answer = whole(500, bytes, { 'content-encoding': label });
      const faults = await answerFaults(
        world,
        CELLS,
        () => answer,
        (cell, seen) => {
          if (translates(cell)) return failureFault(cell, seen, 500);
          return seen.status === 500 && seen.body.equals(bytes) ? '' : 'is changed';
        },
      );
      expect(faults).toEqual([]);
    },
  );

  it.each<[string, Answer]>([
    ['before its first byte', { kind: 'reset' }],
    [
      'in the middle of what it says',
      { ...whole(200, '{"id":"', { 'content-length': '1000' }), body: ['{"id":"', BREAK] },
    ],
    ['in the middle of a chunk', chunked(['data: {"id"', BREAK])],
  ])('is a broken connection: an error of the dialect when it breaks %s', async (_, answer) => {
    for (const isStreaming of [false, true]) {
      const check = (cell: CellName, seen: Seen) => failureFault(cell, seen, 503);
      const cells = isStreaming ? STREAMING_CELLS : CELLS;
      expect(await answerFaults(world, cells, () => answer, check, isStreaming)).toEqual([]);
    }
  });
});

describe('a whole answer of very much', () => {
  it('is not unpacked beyond a bound when it is 100 MB in a few kB', async () => {
    const { pid } = world.gateway.extproc.process;
    const before = await residentBytes(pid);
    const bomb = whole(200, gzipSync(Buffer.alloc(100_000_000, '[')), { 'content-encoding': 'gzip' });
    const cells: readonly CellName[] = [
      ['chat-completions', 'GCPVertexAI'],
      ['messages', 'AWSBedrock'],
      ['embeddings', 'Cohere'],
      ['responses', 'Anthropic'],
    ];
    expect(await answerFaults(world, cells, () => bomb, refusalFault)).toEqual([]);
    expect((await residentBytes(pid)) - before).toBeLessThan(400 << 20);
  });

  const TEXT = 'x'.repeat(30_000_000);

  it.each<CellName>([
    ['chat-completions', 'OpenAI'],
    ['chat-completions', 'AWSBedrock'],
    ['messages', 'GCPVertexAI'],
    ['messages', 'OpenAI'],
    ['rerank', 'AWSBedrock'],
  ])('of 30 MB reaches the client, and is forgotten: %s → %s', async (...cell) => {
    const { pid } = world.gateway.extproc.process;
    const before = await residentBytes(pid);
    const text = (await goodBody(cell)).toString();
    const large = text.replace(cell[0] === 'rerank' ? '"results":' : /Here is/, (found) =>
      cell[0] === 'rerank' ? `"id":"${TEXT}",${found}` : found + TEXT,
    );
    const seen = await askAnswering(world, cell, whole(200, large));
    const { status, details, isComplete, cause } = seen;
    expect({ status, details, isComplete, cause, hasText: seen.text.includes(TEXT), text: shown(seen.text) }).toEqual({
      status: 200,
      details: 'via_upstream',
      isComplete: true,
      hasText: true,
      text: expect.any(String),
    });
    await servesOn(world);
    expect((await residentBytes(pid)) - before).toBeLessThan(400 << 20);
  });

  it('of 30 MB is a failed response of the Responses API, whose items are kept until their end', async () => {
    const text = (await goodBody(['responses', 'Anthropic'])).toString().replace('Here is', TEXT);
    const seen = await askAnswering(world, ['responses', 'Anthropic'], whole(200, text));
    expect([seen.status, JSON.parse(seen.text)]).toMatchObject([
      200,
      { status: 'failed', error: { code: 'server_error' } },
    ]);
    await servesOn(world);
  });
});
