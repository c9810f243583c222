import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { CELLS, minimalCall, responseHead, startCell } from '../../../../../../test/harness/cell.js';
import { translates } from '../../../../../../test/harness/cell-kind.js';
import { parseMultipart } from '../../../codec/multipart.js';
import type { EndpointName } from '../../../endpoints/endpoint.js';

const MEDIA: ReadonlySet<EndpointName> = new Set([
  'images-generations',
  'images-edits',
  'images-variations',
  'speech',
  'transcriptions',
  'audio-translations',
]);
const ROWS = CELLS.filter((cell) => MEDIA.has(cell[0]) && !translates(cell)).map(
  ([endpoint, schema]) => [`${endpoint} → ${schema}`, endpoint, schema] as const,
);
const modelName = fc.oneof(
  fc.constantFrom('m', 'gpt-4o', 'a/b', '../x', '--b', 'ä ö?&#', '"quoted"', '\\', 'x\r\n--b--'),
  fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
    .filter((name) => name.isWellFormed() && !/^\.{1,2}$/.test(name)),
);

/** The fields of a form, or the members of a JSON body, as text. */
function fieldsOf(body: Uint8Array, contentType: string): readonly (readonly [string, string])[] {
  const text = Buffer.from(body).toString();
  if (!contentType.startsWith('multipart/')) return Object.entries(JSON.parse(text) as Record<string, string>);
  return parseMultipart(body, contentType).parts.map(({ name, content }) => [
    name,
    Buffer.from(body).toString('utf8', content.start, content.end),
  ]);
}

it('G33: has cells of media on OpenAI and Azure', () => {
  expect(ROWS.map(([name]) => name)).toHaveLength(12);
});

describe.each(ROWS)('%s', (_, endpoint, schema) => {
  const start = (modelNameOverride = '', isStreaming = false) => {
    const call = minimalCall(endpoint, 'asked-for', isStreaming);
    const exchange = startCell(endpoint, schema, { ...call, modelNameOverride, prefix: 'v1', version: '1' });
    if (exchange.kind !== 'observing') throw new Error('media goes through');
    return { call, exchange };
  };

  it('forwards the bytes of the client when nothing is overridden', () => {
    const { request, fallbackModel } = start().exchange;
    expect(request.body).toBeUndefined();
    expect(request.sets).toEqual([]);
    expect(fallbackModel).toBe('asked-for');
  });

  it('replaces the model and nothing else, in the body or in the path', () => {
    fc.assert(
      fc.property(modelName, (model) => {
        const { call, exchange } = start(model);
        const { body, path, sets } = exchange.request;
        expect(exchange.fallbackModel).toBe(model);
        expect(
          startCell(endpoint, schema, { ...call, modelNameOverride: model, prefix: 'v1', version: '1' }).request,
        ).toEqual(exchange.request);
        expect(path).toMatch(/^\/[!-~]*$/);
        expect(path.split(/[/?#]/)).toHaveLength(start('x').exchange.request.path.split(/[/?#]/).length);
        const contentType = call.headers!['content-type']!;
        const before = fieldsOf(Buffer.from(call.body), contentType);
        const after = body ? fieldsOf(body, sets[0]?.value ?? contentType) : before;
        const expected = before.map(([name, value]) => [name, body && name === 'model' ? model : value]);
        expect(after).toEqual(expected);
        expect(body === undefined).toBe(schema === 'AzureOpenAI');
        const root = schema === 'AzureOpenAI' ? `/openai/deployments/${encodeURIComponent(model)}/` : '/v1/';
        expect(path.startsWith(root)).toBe(true);
      }),
    );
  });

  it('G11: fails at no answer, whatever its type and bytes', () => {
    const contentType = fc.constantFrom('application/json', 'text/event-stream', 'audio/mpeg', '');
    fc.assert(
      fc.property(contentType, fc.uint8Array({ maxLength: 200 }), fc.boolean(), (type, garbage, isStream) => {
        const observer = start('', isStream).exchange.observe(isStream, responseHead(200, { 'content-type': type }));
        observer.push(Buffer.from(garbage));
        observer.end();
        expect(observer).toMatchObject({ facts: {}, hasError: false, isUsageFinal: false });
      }),
    );
  });

  it.each([400, 404, 413, 429, 500, 503])('gives an error of OpenAI for status %i', (status) => {
    const { exchange } = start();
    const { body, sets } = exchange.error(responseHead(status, { 'content-type': 'text/html' }), Buffer.from('"no"\n'));
    expect(sets).toEqual([{ name: 'content-type', value: 'application/json' }]);
    expect(JSON.parse(Buffer.from(body!).toString())).toEqual({
      type: 'error',
      error: { type: 'OpenAIBackendError', code: String(status), message: '"no"\n' },
    });
    const json = responseHead(status, { 'content-type': 'application/json' });
    expect(exchange.error(json, Buffer.from('{}'))).toEqual({});
  });
});
