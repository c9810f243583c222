import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { SchemaName } from '../../../shared/filter-config/filter-config.js';
import {
  CELLS,
  endpointNamed,
  fixedEnv,
  headerLookup,
  minimalCall,
  responseHead,
  startCell,
} from '../../../../test/harness/cell.js';
import type { EndpointName } from '../endpoints/endpoint.js';
import type { Dialect } from '../phases/error-dialect.js';
import { takesForm, translates } from '../../../../test/harness/cell-kind.js';
import { MATRIX } from './matrix.js';
import type { ObservingExchange, ResponseObserver } from './translator.js';

/** Cells whose whole answers go through. Streams that are unpacked all the same have the laws of those that translate. */
const OBSERVING = CELLS.filter((cell) => !translates(cell)).map(
  ([endpoint, schema]) => [`${endpoint} → ${schema}`, { endpoint, schema }] as const,
);

/** Claude in the clouds has the model in the path, and an API version in the body. */
const CLAUDE_IN_CLOUDS: ReadonlySet<SchemaName> = new Set(['AWSAnthropic', 'GCPAnthropic']);
/** Cells of JSON that names the model. */
const NAMING = OBSERVING.filter(
  ([, { endpoint, schema }]) => !takesForm([endpoint, schema]) && !CLAUDE_IN_CLOUDS.has(schema),
);

/** Rows whose answers are counts, or tell them elsewhere than under `usage`. */
const WITHOUT_USAGE: ReadonlySet<EndpointName> = new Set(['input-tokens', 'tokenize', 'count-tokens', 'rerank']);

interface Cell {
  readonly endpoint: EndpointName;
  readonly schema: SchemaName;
}

/** With the smallest request of the endpoint, which is to be streamed where that goes through, or with `text`. */
function start({ endpoint, schema }: Cell, text?: string, override = ''): ObservingExchange {
  const minimal = minimalCall(endpoint, 'm', !translates([endpoint, schema], true));
  const asked = { modelNameOverride: override, forcesUsage: true, prefix: 'v1', version: '2024-10-21' };
  const exchange = startCell(endpoint, schema, { ...minimal, ...asked, ...(text !== undefined && { body: text }) });
  if (exchange.kind !== 'observing') throw new Error(`${endpoint} → ${schema} translates ${text ?? 'what is minimal'}`);
  return exchange;
}

function deepFreeze<T extends object>(value: T): T {
  for (const member of Object.values(value)) {
    if (typeof member === 'object' && member !== null && !ArrayBuffer.isView(member)) deepFreeze(member as object);
  }
  return Object.freeze(value);
}

const modelName = fc.oneof(
  fc.constantFrom('m', 'gpt-4o', 'a/b', '../x', 'ä ö?&#', '"quoted"'),
  fc.string({ minLength: 1, maxLength: 12 }),
);
const cutsOf = fc.tuple(fc.array(fc.nat(), { maxLength: 10 }), fc.boolean());

function chunksOf(bytes: Buffer, [cuts, isCutEverywhere]: readonly [readonly number[], boolean]): Buffer[] {
  const size = bytes.length + 1;
  const offsets = isCutEverywhere ? [...bytes.keys()] : cuts.map((cut) => cut % size).toSorted((a, b) => a - b);
  return [0, ...offsets].map((from, index) => bytes.subarray(from, offsets[index] ?? size));
}

const GOOD = responseHead(200, { 'content-type': 'application/json' });
const headOf = (status: number, contentType: string | undefined) =>
  responseHead(status, contentType === undefined ? {} : { 'content-type': contentType });

function watch(observer: ResponseObserver, chunks: readonly Buffer[]) {
  for (const chunk of chunks) observer.push(chunk);
  observer.end();
  const { facts, isUsageFinal, hasError } = observer;
  return { facts, isUsageFinal, hasError };
}

/** Pieces of answers of all providers, good and bad. */
const STREAM_PIECES = fc.constantFrom(
  'data: {"model":"m-1","choices":[{"delta":{"content":"\\"usage\\":{}"}}]}\n\n',
  'data: {"model":"m-2","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}\n\n',
  'data: [DONE]\n\n',
  'data: {"error":{"message":"x"}}\r\n\r\n',
  'event: message_start\ndata: {"type":"message_start","message":{"model":"c-1","usage":{"input_tokens":9,"cache_read_input_tokens":4,"output_tokens":1}}}\n\n',
  'event: ping\ndata: {"type": "ping"}\n\n',
  'event: content_block_delta\ndata: {"type":"content_block_delta","delta":{"text":"message_stop\\" usage\\""}}\n\n',
  'event: message_delta\ndata: {"type":"message_delta","usage":{"input_tokens":0,"output_tokens":7}}\n\n',
  'event: message_stop\ndata: {"type":"message_stop"}\n\n',
  'event: error\ndata: {"type":"error","error":{"type":"overloaded_error"}}\n\n',
  ': comment\n\n',
  'data: {"usage":{"prompt',
  '\n\n',
  '\u0000\uFFFD',
);
const WHOLE_PIECES = fc.constantFrom(
  '{"model":"m","usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}',
  '{"model":"c","usage":{"input_tokens":3,"output_tokens":2,"cache_creation_input_tokens":1}}',
  '{"usage":null}',
  '{"usage":{"prompt_tokens":-1,"input_tokens":"x"}}',
  '[1]',
  '{"a":',
  'null',
  '',
);

describe.each(OBSERVING)('%s', (_, cell) => {
  it('starts twice alike and does not touch its input', () => {
    fc.assert(
      fc.property(modelName, fc.oneof(fc.constant(''), modelName), (model, override) => {
        // A form has no escapes for names that look like its boundary.
        const named = takesForm([cell.endpoint, cell.schema]) ? 'm' : model;
        const { body: text, headers } = minimalCall(cell.endpoint, named);
        const body = Buffer.from(text);
        const copy = Buffer.from(body);
        const contentType = headers?.['content-type'];
        const request = endpointNamed(cell.endpoint).parse(body, { contentType, forcesUsage: false });
        const input = deepFreeze({
          request,
          requestModel: override || named,
          hasModelOverride: override !== '',
          schema: { name: cell.schema, prefix: 'v1', version: '1' },
          headers: headerLookup(),
        });
        const translator = MATRIX[cell.endpoint][cell.schema]!;
        const [first, second] = [translator.start(input, fixedEnv()), translator.start(input, fixedEnv())];
        expect(first.request).toEqual(second.request);
        expect(first.fallbackModel).toBe(second.fallbackModel);
        expect(body.equals(copy)).toBe(true);
      }),
    );
  });

  it('sees the same in a stream however it is cut', () => {
    const text = fc.array(STREAM_PIECES, { maxLength: 8 }).map((pieces) => Buffer.from(pieces.join('')));
    fc.assert(
      fc.property(text, cutsOf, (bytes, cuts) => {
        const exchange = start(cell);
        expect(watch(exchange.observe(true, GOOD), chunksOf(bytes, cuts))).toEqual(
          watch(exchange.observe(true, GOOD), [bytes]),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('sees the same in a whole answer however it is cut', () => {
    fc.assert(
      fc.property(WHOLE_PIECES, cutsOf, (text, cuts) => {
        const exchange = start(cell);
        const bytes = Buffer.from(text);
        expect(watch(exchange.observe(false, GOOD), chunksOf(bytes, cuts))).toEqual(
          watch(exchange.observe(false, GOOD), [bytes]),
        );
      }),
    );
  });

  it('throws at no bytes and calls nothing an error or usage that is none', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.boolean(),
        fc.integer({ min: 300, max: 599 }),
        (garbage, isStream, status) => {
          const exchange = start(cell);
          const bytes = Buffer.from(garbage);
          expect(watch(exchange.observe(isStream, GOOD), [bytes])).toMatchObject({ facts: {}, hasError: false });
          exchange.error(responseHead(status), bytes);
        },
      ),
    );
  });

  it.each([300, 400, 401, 403, 404, 413, 422, 429, 500, 502, 503, 504, 529, 0])(
    'gives a valid error body for status %i',
    (status) => {
      const exchange = start(cell);
      const texts = ['upstream "is" down\n', '', '<html>\u0007</html>', '{"error":'];
      // As in the reference: what names no type goes through where it is Cohere's (translators.md section 14).
      const untyped = cell.endpoint === 'rerank' ? [] : [undefined];
      for (const contentType of [...untyped, 'text/plain', 'TEXT/HTML; charset=utf-8']) {
        for (const text of texts) {
          const { body, sets } = exchange.error(headOf(status, contentType), Buffer.from(text));
          expect(sets).toEqual([{ name: 'content-type', value: 'application/json' }]);
          expect(JSON.parse(Buffer.from(body!).toString())).toEqual(errorShape(cell.endpoint, text));
        }
      }
    },
  );

  it.each(['application/json', 'Application/JSON; charset=utf-8'])(
    'leaves an error body of type %s alone',
    (contentType) => {
      expect(start(cell).error(headOf(500, contentType), Buffer.from('{"type":"error","error":{}}'))).toEqual({});
    },
  );
});

describe.each(NAMING)('%s', (_, cell) => {
  const { endpoint } = cell;

  it('has an absolute path that a model name cannot extend', () => {
    fc.assert(
      fc.property(modelName, (model) => {
        const { path } = start(cell, '{"model":"x"}', model).request;
        const plain = start(cell, '{"model":"x"}', 'x').request.path;
        expect(path).toMatch(/^\/[!-~]*$/);
        expect(path.split(/[/?#]/).length).toBe(plain.split(/[/?#]/).length);
      }),
    );
  });

  it('changes nothing but the model when it changes the body', () => {
    fc.assert(
      fc.property(modelName, modelName, (model, override) => {
        const text = `{"seed":12345678901234567890, "model" : ${JSON.stringify(model)} ,"t":1.0,"model":"second"}`;
        const { body } = start(cell, text, override).request;
        const expected = `{"seed":12345678901234567890, "model" : ${JSON.stringify(override)} ,"t":1.0,"model":${JSON.stringify(override)}}`;
        expect([undefined, expected]).toContain(body && Buffer.from(body).toString());
        expect(start(cell, text).request.body).toBeUndefined();
      }),
    );
  });

  it('sees the same in an answer that is too large to be kept however it is cut', () => {
    const filler = 'x'.repeat(5 << 20);
    const usage = '"usage":{"prompt_tokens":3,"total_tokens":5,"input_tokens":3,"output_tokens":2}';
    for (const text of [`{"data":"${filler}",${usage}}`, `{${usage},"data":"${filler}"}`]) {
      const bytes = Buffer.from(text);
      const found = [bytes.length, 16_384, 1_000_000].map((size) => {
        const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (__, i) =>
          bytes.subarray(i * size, (i + 1) * size),
        );
        return watch(start(cell).observe(false, GOOD), chunks);
      });
      expect(found).toEqual([found[0], found[0], found[0]]);
      const isKept = found[0]!.facts.usage !== undefined;
      expect([endpoint, isKept]).toEqual([endpoint, !WITHOUT_USAGE.has(endpoint) && !text.endsWith('"}')]);
    }
  });
});

const ERROR_SHAPES: Readonly<Record<Dialect, (message: string) => object>> = {
  openai: (message) => ({ type: 'error', error: { type: 'OpenAIBackendError', code: expect.any(String), message } }),
  anthropic: (message) => ({
    type: 'error',
    error: { type: expect.stringMatching(/_error$|^request_too_large$/), message },
    request_id: '',
  }),
  cohere: (message) => ({ message }),
};
const errorShape = (endpoint: EndpointName, message: string) => ERROR_SHAPES[endpointNamed(endpoint).dialect](message);

describe('the model override', () => {
  const cell: Cell = { endpoint: 'chat-completions', schema: 'OpenAI' };

  it.each([
    ['{}', '{"model":"new"}'],
    ['{"a":1}', '{"model":"new","a":1}'],
    ['{"model":null}', '{"model":"new"}'],
    ['null', '{"model":"new"}'],
  ])('is added to a body that names no model: %s', (text, expected) => {
    expect(Buffer.from(start(cell, text, 'new').request.body!).toString()).toBe(expected);
  });

  it('goes into a body with forced usage', () => {
    expect(Buffer.from(start(cell, '{"model":"m","stream":true}', 'new').request.body!).toString()).toBe(
      '{"stream_options":{"include_usage":true},"model":"new","stream":true}',
    );
  });
});

describe('whole and streamed answers', () => {
  it.each([
    [
      'chat-completions',
      '{"model":"m","usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5,"prompt_tokens_details":{"cached_tokens":1}}}',
      'data: {"model":"m","choices":[{}]}\n\ndata: {"model":"m","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5,"prompt_tokens_details":{"cached_tokens":1}}}\n\ndata: [DONE]\n\n',
    ],
    [
      'messages',
      '{"type":"message","model":"m","usage":{"input_tokens":3,"cache_read_input_tokens":10,"cache_creation_input_tokens":20,"output_tokens":7,"output_tokens_details":{"thinking_tokens":4}}}',
      'data: {"type":"message_start","message":{"model":"m","usage":{"input_tokens":3,"cache_read_input_tokens":10,"cache_creation_input_tokens":20,"output_tokens":1}}}\n\ndata: {"type":"message_delta","usage":{"output_tokens":7,"output_tokens_details":{"thinking_tokens":4}}}\n\ndata: {"type":"message_stop"}\n\n',
    ],
  ] as const)('of %s have the same facts', (name, whole, stream) => {
    for (const [, cell] of OBSERVING) {
      if (cell.endpoint !== name || translates([cell.endpoint, cell.schema], true)) continue;
      const exchange = start(cell);
      const found = watch(exchange.observe(true, GOOD), [Buffer.from(stream)]);
      expect(found.facts).toEqual(watch(exchange.observe(false, GOOD), [Buffer.from(whole)]).facts);
      expect(found.isUsageFinal).toBe(true);
    }
  });
});
