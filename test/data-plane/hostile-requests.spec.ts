import { describe, expect, it } from '@jest/globals';
import type { EndpointName } from '../../src/modules/extproc/endpoints/endpoint.js';
import { CELLS, minimalCall } from '../harness/cell.js';
import { takesForm, type CellName } from '../harness/cell-kind.js';
import {
  askRefusing,
  fateFault,
  requestFaults,
  rewrites,
  sentFault,
  type Body,
  type Fate,
  type Outcome,
} from '../harness/hostile-request.js';
import { inParallel } from '../harness/in-parallel.js';
import { useBackendOfEachSchema } from '../harness/schema-backends.js';

const world = useBackendOfEachSchema();

const JSON_CELLS = CELLS.filter((cell) => !takesForm(cell));
const FORM_CELLS = CELLS.filter(takesForm);
/** Puts members at the end of a JSON body. */
const withMembers = (text: string, members: string) => `${text.slice(0, -1)},${members}}`;
/** The texts that a smallest request has. */
const texts = /"(?:hi|q|d)"/g;
const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

const isBadRequest = (_: CellName, outcome: Outcome) =>
  outcome.status === 400 ? fateFault('refused', outcome) : `has status ${outcome.status}`;

describe('a body that is no request', () => {
  it.each<[string, (text: string) => Body]>([
    ['is cut', (text) => text.slice(0, text.length >> 1)],
    ['lacks its last byte', (text) => text.slice(0, -1)],
    ['is an array', (text) => `[${text}]`],
    ['is a text', (text) => JSON.stringify(text)],
    ['is a number', () => '7'],
    ['is two objects', (text) => text + text],
    ['begins with a byte order mark', (text) => `\uFEFF${text}`],
    ['is white space', () => ' \r\n\t '],
    ['has a raw control character', (text) => text.replace('"model":"', '"model":"\u0001')],
    ['is UTF-16', (text) => Buffer.from(text, 'utf16le')],
    ['is 20,000 arrays deep', (text) => withMembers(text, `"x":${nested(20_000)}`)],
    ['is 20,000 objects deep', (text) => withMembers(text, `"x":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`)],
    ['names its model by a number', (text) => text.replace(/"model":"\w+"/, '"model":7')],
    ['names its model by an array', (text) => text.replace(/"model":"\w+"/, '"model":["m"]')],
    ['names its model by an object', (text) => text.replace(/"model":"\w+"/, '"model":{"m":1}')],
    ['has NUL in its model', (text) => text.replace('"model":"', '"model":"\\u0000')],
    ['has half a surrogate pair in its model', (text) => text.replace('"model":"', '"model":"\\ud800')],
    ['has a megabyte of model', (text) => text.replace('"model":"', `"model":"${'m'.repeat(1 << 20)}`)],
  ])('is refused in the dialect of the client when it %s', async (_, bodyOf) => {
    expect(await requestFaults(world, JSON_CELLS, (_cell, text) => bodyOf(text), isBadRequest)).toEqual([]);
  });

  it('is refused when a form comes to an endpoint of JSON', async () => {
    const form = minimalCall('transcriptions').body;
    const type = 'multipart/form-data; boundary=b';
    expect(await requestFaults(world, JSON_CELLS, () => form, isBadRequest, type)).toEqual([]);
  });

  it.each<[string, (form: string) => Body]>([
    ['is cut', (form) => form.slice(0, form.length >> 1)],
    ['lacks the end', (form) => form.replace('--b--\r\n', '')],
    ['has line feeds only', (form) => form.replaceAll('\r\n', '\n')],
    ['has a part without a name', (form) => form.replace('form-data; name="file"', 'form-data')],
    ['has two names for a part', (form) => form.replace('name="file"', `name="file"; name*=UTF-8''model`)],
    ['has headers without an end', (form) => form.replaceAll('\r\n\r\n', '\r\n')],
    ['has 1,000 parts', (form) => '--b\r\ncontent-disposition: form-data; name="x"\r\n\r\n\r\n'.repeat(1000) + form],
    ['has a model with a line break', (form) => form.replace(/\r\n\r\n(\w+)\r\n/, '\r\n\r\na\nb\r\n')],
  ])('is refused when it is a form that %s', async (_, bodyOf) => {
    expect(await requestFaults(world, FORM_CELLS, (_cell, text) => bodyOf(text), isBadRequest)).toEqual([]);
  });

  // Those of images have a model by default, and files of several names.
  it.each<[string, (form: string) => Body]>([
    ['model', (form) => form.replace('name="model"', 'name="other"')],
    ['file', (form) => form.replace('name="file"', 'name="other"')],
    ['parts', () => '--b--\r\n'],
  ])('is refused when it is a form of audio without its %s', async (_, bodyOf) => {
    const cells = FORM_CELLS.filter(([endpoint]) => !endpoint.startsWith('images'));
    expect(await requestFaults(world, cells, (_cell, form) => bodyOf(form), isBadRequest)).toEqual([]);
  });

  it.each([
    ['another boundary', 'boundary=c'],
    ['no boundary', ''],
    ['an empty boundary', 'boundary=""'],
    ['a boundary of 1,000 characters', `boundary=${'b'.repeat(1000)}`],
    ['two boundaries', 'boundary=b; boundary=c'],
  ])('is refused when it is a form whose label names %s', async (_, parameters) => {
    const type = `multipart/form-data; ${parameters}`;
    expect(await requestFaults(world, FORM_CELLS, (_cell, form) => form, isBadRequest, type)).toEqual([]);
  });
});

const NO_MESSAGES = [
  7,
  true,
  'x',
  { length: 3 },
  [7],
  [null],
  ['x'],
  [[]],
  [{}],
  [{ role: 7 }],
  [{ role: 'user', content: 7 }],
];
const NO_TEXT = [7, true, { length: 3 }, [null], [[]], [{}], [7]];
const NO_LIST = [7, true, 'x', { length: 3 }, [7], [null], [[]]];
/** Values that the API of an endpoint does not know in its required members. */
const WRONG: Readonly<Partial<Record<EndpointName, Readonly<Record<string, readonly unknown[]>>>>> = {
  'chat-completions': { messages: NO_MESSAGES },
  completions: { prompt: NO_TEXT },
  embeddings: { input: NO_TEXT },
  responses: { input: NO_TEXT },
  'input-tokens': { input: NO_TEXT },
  'images-generations': { prompt: NO_TEXT },
  speech: { input: NO_TEXT, voice: NO_TEXT },
  moderations: { input: NO_TEXT },
  tokenize: { messages: NO_MESSAGES, prompt: NO_TEXT },
  messages: { messages: NO_MESSAGES, max_tokens: [true, '9', {}, [9]] },
  'count-tokens': { messages: NO_MESSAGES },
  rerank: { query: [null, 7, {}, []], documents: NO_LIST },
};

describe('a required member of a wrong type', () => {
  const rows = CELLS.flatMap((cell) =>
    Object.entries(WRONG[cell[0]] ?? {}).flatMap(([member, values]) =>
      values.map((value) => ({ cell, member, body: withMember(cell, member, value) })),
    ),
  );

  it('is known for every endpoint of JSON', () => {
    expect(JSON_CELLS.filter(([endpoint]) => WRONG[endpoint] === undefined)).toEqual([]);
  });

  it('is refused by its name where the request is translated, and left to the provider where it is not', async () => {
    const faults = await inParallel(rows, async ({ cell, member, body }) => {
      const outcome = await askRefusing(world, cell, body);
      const { message = '' } = outcome.sent ? {} : (JSON.parse(outcome.text) as { error: { message: string } }).error;
      const fault =
        outcome.fault ||
        fateFault(rewrites(cell) ? 'refused' : 'sent', outcome) ||
        (outcome.sent || message.includes(`"${member}`) ? '' : 'does not name the member');
      return fault && `${cell.join(' → ')} ${fault} for ${body}: ${outcome.text.slice(0, 200)}`;
    });
    expect(faults.filter((fault) => fault !== '')).toEqual([]);
    expect(world.gateway.extproc.process.end).toBeUndefined();
  });

  it('is refused when it is missing, or is the affair of the provider', async () => {
    const faults = await inParallel(rows, async ({ cell, member }) => {
      const outcome = await askRefusing(world, cell, withMember(cell, member, undefined));
      const fault = outcome.fault || sentFault(outcome);
      return fault && `${cell.join(' → ')} ${fault} without ${member}: ${outcome.text.slice(0, 200)}`;
    });
    expect(faults.filter((fault) => fault !== '')).toEqual([]);
  });
});

function withMember([endpoint, schema]: CellName, member: string, value: unknown): string {
  const { messages, ...body } = JSON.parse(minimalCall(endpoint, schema).body as string) as Record<string, unknown>;
  // A request to tokenize has one of both.
  const rest =
    messages === undefined || (endpoint === 'tokenize' && member === 'prompt') ? body : { ...body, messages };
  return JSON.stringify({ ...rest, [member]: value });
}

describe('a body that is odd', () => {
  it.each<[string, { readonly translated: Fate; readonly passed: Fate }, (text: string) => Body]>([
    [
      'has half a surrogate pair',
      { translated: 'sent', passed: 'sent' },
      (text) => text.replaceAll(texts, '"\\ud800"'),
    ],
    [
      'is not UTF-8',
      { translated: 'sent', passed: 'sent' },
      (text) => Buffer.from(text.replaceAll(texts, '"\u00ff\u00c3("'), 'latin1'),
    ],
    ['names its model twice', { translated: 'sent', passed: 'sent' }, (text) => `{"model":"nobody",${text.slice(1)}`],
    [
      'has __proto__',
      { translated: 'sent', passed: 'sent' },
      (text) =>
        withMembers(
          text,
          '"__proto__":{"model":"evil","input":"evil","stream":true},"constructor":{"prototype":{}},"toString":7',
        ),
    ],
    [
      'has numbers beyond all bounds',
      { translated: 'either', passed: 'sent' },
      (text) => withMembers(text, `"temperature":1e999,"top_p":-1e999,"top_n":1e999,"max_tokens":${'9'.repeat(400)}`),
    ],
    [
      'is 1,000 levels deep',
      { translated: 'refused', passed: 'sent' },
      (text) => withMembers(text, `"x":${nested(1000)}`),
    ],
    [
      'holds 300,000 objects',
      { translated: 'refused', passed: 'sent' },
      (text) => withMembers(text, `"x":[${'{},'.repeat(300_000)}{}]`),
    ],
    [
      'has 10,000 members',
      { translated: 'either', passed: 'sent' },
      (text) => withMembers(text, Array.from({ length: 10_000 }, (_, index) => `"member${index}":1`).join(',')),
    ],
  ])('is passed on whole, or translated to what is JSON, when it %s', async (title, { translated, passed }, bodyOf) => {
    const faults = await requestFaults(
      world,
      JSON_CELLS,
      (_cell, text) => bodyOf(text),
      (cell, outcome) => {
        const fate = fateFault(rewrites(cell) ? translated : passed, outcome);
        if (fate || !rewrites(cell) || !outcome.sent) return fate;
        const text = outcome.sent.toString();
        if (text.includes('evil')) return 'lets a prototype speak';
        return title.includes('numbers') && text.includes('null') ? 'sends null for a number' : sentFault(outcome);
      },
    );
    expect(faults).toEqual([]);
  });
});
