import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { chunked, whole, type Answer } from '../harness/answers.js';
import { newCase } from '../harness/case-id.js';
import { CELLS, endpointNamed, minimalCall } from '../harness/cell.js';
import { STREAMING_CELLS, translates, type CellName } from '../harness/cell-kind.js';
import { errorFault, pathOf, readClientStream } from '../harness/client-dialect.js';
import { Gate } from '../harness/gate.js';
import { answerFaults, askAnswering, type Seen } from '../harness/hostile-answer.js';
import { servesOn } from '../harness/hostile-request.js';
import { useBackendOfEachSchema } from '../harness/schema-backends.js';

const world = useBackendOfEachSchema();

const HTML = '<html><h1>502 "Bad" Gateway</h1></html>';
const HTML_TYPE = { 'content-type': 'text/html; charset=utf-8' };
const JSON_TYPE = { 'content-type': 'application/json' };
const EVENTS = { 'content-type': 'text/event-stream' };

const faultsOf = async (
  answer: Answer,
  isStreaming: boolean,
  check: (cell: CellName, seen: Seen) => string,
  cells: readonly CellName[] = isStreaming ? STREAMING_CELLS : CELLS,
) => await answerFaults(world, cells, () => answer, check, isStreaming);

/** A failure that the gateway tells in the dialect of the client. */
function refusalFault([endpoint]: CellName, { status, text, details, errorType, contentType }: Seen): string {
  if (status !== 502) return `has status ${status}`;
  if (details !== 'aigw_unusable_answer') return `has the details ${details}`;
  if (errorType !== '_OTHER') return 'is no failure in the access log';
  return contentType === 'application/json' ? (errorFault(endpoint, text) ?? '') : `is ${contentType}`;
}

describe.each([
  ['whole', false],
  ['streamed', true],
] as const)('what is no answer where one is due that is %s', (_, isStreaming) => {
  it.each<[string, Answer]>([
    ['HTML', whole(200, HTML, HTML_TYPE)],
    ['HTML without a length', chunked([HTML], HTML_TYPE)],
    ['HTML that is gzip', whole(200, gzipSync(HTML), { ...HTML_TYPE, 'content-encoding': 'gzip' })],
    ['HTML of status 201', whole(201, HTML, HTML_TYPE)],
    ['HTML of no bytes', chunked([], HTML_TYPE)],
    ['nothing', whole(200, '')],
    ['nothing of no type', { kind: 'respond', status: 200, headers: { 'content-length': '0' }, body: [] }],
  ])('is an error of the dialect at every cell: %s', async (__, answer) => {
    expect(await faultsOf(answer, isStreaming, refusalFault)).toEqual([]);
  });

  it('is an error of the dialect at every cell, at once, when it is HTML that does not end', async () => {
    const never = new Gate();
    expect(await faultsOf(chunked([HTML, never], HTML_TYPE), isStreaming, refusalFault)).toEqual([]);
    never.open();
  });
});

describe('a body of nothing whose head does not tell', () => {
  /** Its head may have gone to the client by then: a 200 with an error for a body is the most that can be told. */
  function toldFault([endpoint]: CellName, { status, text, isComplete, errorType, contentType }: Seen): string {
    if (!isComplete) return 'is broken';
    if (errorType !== '_OTHER') return 'is no failure in the access log';
    if (contentType !== 'text/event-stream') {
      return [200, 502].includes(status) ? (errorFault(endpoint, text) ?? '') : `has status ${status}`;
    }
    const told = /^event: error\ndata: (?<data>.*)\n\n$/.exec(text)?.groups?.['data'];
    if (told !== undefined) return errorFault(endpoint, told) ?? '';
    const { fault, hasError } = readClientStream(endpoint, text);
    return fault ?? (hasError ? '' : 'tells of no failure');
  }

  it.each([JSON_TYPE, EVENTS])('is told as an error of the dialect: %j', async (type) => {
    for (const isStreaming of [false, true]) {
      expect(await faultsOf(chunked([], type), isStreaming, toldFault)).toEqual([]);
    }
  });

  it('is told with the status that the client has already', async () => {
    const { gateway, upstreams } = world;
    const caseId = newCase('late');
    const end = new Gate();
    upstreams.provider.script(caseId, chunked(['', end], JSON_TYPE));
    const { body } = minimalCall('embeddings', 'OpenAI');
    const response = await gateway.open(pathOf('embeddings'), { caseId, body });
    expect(response.status).toBe(200);
    end.open();
    const { received, isComplete } = await response.rest();
    expect([isComplete, errorFault('embeddings', received)]).toEqual([true, undefined]);
  });

  it('goes through where silence has no bytes', async () => {
    const cell: CellName = ['speech', 'OpenAI'];
    const seen = await askAnswering(world, cell, chunked([], { 'content-type': 'audio/mpeg' }));
    expect([seen.status, seen.text, seen.isComplete, seen.errorType]).toEqual([200, '', true, undefined]);
    await servesOn(world);
  });

  it('ends, as a failure, when trailers are all that comes', async () => {
    const answer = chunked([], EVENTS, { 'x-trailer': '1' });
    const cells = STREAMING_CELLS.filter((cell) => !translates(cell, true));
    const check = (_: CellName, { isComplete, errorType }: Seen) =>
      isComplete && errorType === '_OTHER' ? '' : `is ${String(errorType)}, complete: ${isComplete}`;
    expect(await faultsOf(answer, true, check, cells)).toEqual([]);
  });
});

describe('an error of a provider that is JSON', () => {
  it('goes through as it is where the client speaks the dialect of the provider', async () => {
    const told = '{"error":{"message":"slow down","type":"requests","param":null,"code":"x"}}';
    const cells = CELLS.filter(([endpoint]) => endpointNamed(endpoint).dialect === 'openai').filter(
      ([, schema]) => schema === 'OpenAI' || schema === 'AzureOpenAI',
    );
    const check = (_: CellName, { status, text }: Seen) => (status === 429 && text === told ? '' : 'is changed');
    expect(cells.some(([endpoint]) => endpoint === 'completions')).toBe(true);
    expect(await faultsOf(whole(429, told), false, check, cells)).toEqual([]);
  });
});
