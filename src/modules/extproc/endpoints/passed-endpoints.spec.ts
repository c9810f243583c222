import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { DEFAULT_ENDPOINT_PREFIXES, parseEndpointPrefixes } from '../../../shared/endpoint-prefixes.js';
import type { SchemaConfig } from '../../../shared/filter-config/filter-config.js';
import { modelOfAgent } from './agent-model.js';
import { withOwnLinks } from './batch-links.js';
import { modelOfBatch } from './batch-models.js';
import { buildEndpointTable, findTarget, PASSED_ENDPOINTS, pathsOf } from './endpoint-table.js';

const table = buildEndpointTable('/', DEFAULT_ENDPOINT_PREFIXES);
const KEPT = PASSED_ENDPOINTS.filter(({ isKeptByProvider }) => isKeptByProvider);
const PREFIX = { openai: '', anthropic: '/anthropic', cohere: '/cohere' };
const ROWS = KEPT.flatMap((endpoint) => endpoint.paths.map((path) => [path.path, endpoint, path] as const));
/** Of a client that says no more than its path. */
const HEAD = { headers: new Map<string, string>(), query: new URLSearchParams() };
const filled = (path: string, ids: readonly string[]) => {
  let next = 0;
  return path.replaceAll('{id}', () => ids[next++]!);
};
/** Segments that stand where an id could. */
const WORDS = ['input_tokens', 'batches', 'poll', 'stats', 'stream'];
const id = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.:=~-]{0,60}$/).filter((text) => !WORDS.includes(text));
const ids = fc.tuple(id, id);

describe.each(ROWS)('G33: %s', (path, endpoint, expected) => {
  it('is found with any ids, and goes to the same place of its provider', () => {
    fc.assert(
      fc.property(ids, (found) => {
        const own = filled(path, found);
        const target = findTarget(table, `${PREFIX[endpoint.vendor]}${own}?x=1`);
        expect(target).toEqual({ target: { kind: 'passed', endpoint, path: expected }, path: own });
        for (const [name, cell] of Object.entries(endpoint.cells)) {
          const schema = { name, prefix: name === 'AzureOpenAI' ? 'openai/v1' : 'p' } as SchemaConfig;
          const call = { operation: own.slice('/v1/'.length), requestModel: 'm', schema, ...HEAD };
          const prefix = name === 'AzureOpenAI' ? '/openai/v1/' : '/p/';
          expect(cell(call).path).toBe(prefix + own.slice('/v1/'.length));
        }
      }),
      { numRuns: 30 },
    );
  });

  it('is found with no id that could lead elsewhere', () => {
    if (!path.includes('{id}')) return;
    const hostile = fc.oneof(
      fc.constantFrom(
        '',
        '.',
        '..',
        '%2e%2e',
        'a%2Fb',
        'a%00',
        'a b',
        'a;b',
        '{id}',
        'a'.repeat(257),
        '-a',
        'ä',
        'a\\b',
      ),
      fc
        .string({ unit: 'binary', maxLength: 8 })
        .filter((text) => !/^[A-Za-z0-9_][\w.:=~-]*$/.test(text) && !/[/?]/.test(text)),
    );
    fc.assert(
      fc.property(hostile, (text) => {
        expect(findTarget(table, PREFIX[endpoint.vendor] + filled(path, [text, text]))).toBeUndefined();
      }),
    );
  });
});

describe('the table', () => {
  it('G33: names every path that is served, those with ids too', () => {
    expect(pathsOf(table)).toEqual(
      expect.arrayContaining([
        '/v1/chat/completions',
        '/v1/files/{id}/content',
        '/anthropic/v1/messages/batches',
        '/v1/messages/batches/{id}/results',
        '/anthropic/v1/sessions/{id}/threads/{id}/events',
      ]),
    );
  });

  it('G33: keeps prefixes out of what goes to the provider', () => {
    const prefixed = buildEndpointTable('/ai', parseEndpointPrefixes('openai:/o/v1,anthropic:/a'));
    expect(findTarget(prefixed, '/ai/o/v1/v1/files/f')).toMatchObject({ path: '/v1/files/f' });
    expect(findTarget(prefixed, '/ai/v1/messages/batches/b')).toMatchObject({ path: '/v1/messages/batches/b' });
    expect(findTarget(prefixed, '/v1/files/f')).toBeUndefined();
  });

  it('G33: has dated paths of Azure by default', () => {
    const [stored, files] = ['stored-responses', 'files'].map((name) =>
      KEPT.find((endpoint) => endpoint.name === name)!,
    );
    const call = (version?: string) => ({
      operation: 'x/y',
      requestModel: 'm',
      schema: { name: 'AzureOpenAI' as const, ...(version && { version }) },
      ...HEAD,
    });
    expect(stored!.cells.AzureOpenAI!(call()).path).toBe('/openai/x/y?api-version=2025-04-01-preview');
    expect(files!.cells.AzureOpenAI!(call()).path).toBe('/openai/x/y?api-version=2024-10-21');
    expect(files!.cells.AzureOpenAI!(call('2026-01-01')).path).toBe('/openai/x/y?api-version=2026-01-01');
  });

  it('G33: tells Anthropic a version where the client tells none', () => {
    const cell = KEPT.find(({ name }) => name === 'message-batches')!.cells.Anthropic!;
    const call = { operation: 'x', requestModel: 'm', schema: { name: 'Anthropic' as const, prefix: 'v1' }, ...HEAD };
    expect(cell(call).sets).toEqual([{ name: 'anthropic-version', value: '2023-06-01' }]);
    expect(cell({ ...call, headers: new Map([['anthropic-version', '2']]) }).sets).toEqual([]);
  });
});

const batch = (...models: readonly unknown[]) => ({ requests: models.map((model) => ({ params: { model } })) });
const readBatch = (body: unknown) =>
  modelOfBatch('/p', Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)));

describe('modelOfBatch', () => {
  it('G33: finds the one model of all requests, wherever it is named', () => {
    const text = '{"requests":[{"params":{"model":"m"},"params":{"a":1,"model":"m","\\u006dodel":"\\u006d"}},{}]}';
    const { model, modelRanges } = readBatch(text);
    expect([model, modelRanges.map(({ start, end }) => text.slice(start, end))]).toEqual([
      'm',
      ['"m"', '"m"', '"\\u006d"'],
    ]);
  });

  it.each([
    [batch('a', 'b'), 'all requests of one batch must name the same model'],
    [batch('a', ''), 'must be a string that is not empty'],
    [batch(1), 'must be a string that is not empty'],
    [batch(null), 'must be a string that is not empty'],
    [
      batch(),
      'no requests[].params.model in the body of /p; name the model whose backend serves this: add ?model=<model>',
    ],
    [{ requests: {} }, 'no requests[].params.model'],
    [{ requests: [1, []] }, 'no requests[].params.model'],
    [{ model: 'm' }, 'no requests[].params.model'],
    [batch('a\n'), 'without control characters'],
    ['{"requests":[', 'the body of /p is not a JSON object: unexpected end at byte 13'],
    ['[]', 'the body of /p is not a JSON object'],
  ])('refuses %j', (body, message) => {
    expect(() => readBatch(body)).toThrow(message);
  });
});

describe('modelOfAgent', () => {
  const read = (body: unknown) =>
    modelOfAgent('/p', Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)));

  it.each([
    [{ name: 'a', model: 'm' }, ['"m"']],
    [{ model: { speed: 'fast', id: 'm' }, tools: [{ model: 'other' }] }, ['"m"']],
    ['{"model":"m","model":{"id":"m"}}', ['"m"', '"m"']],
  ])('G33: finds the model of %j', (body, expected) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const { model, modelRanges } = read(text);
    expect([model, modelRanges.map(({ start, end }) => text.slice(start, end))]).toEqual(['m', expected]);
  });

  it('refuses one that names several models, whatever a provider would read', () => {
    expect(() => read('{"model":"a","model":{"id":"b"}}')).toThrow('the body of /p names different models');
  });

  it.each([{}, { model: '' }, { model: 1 }, { model: { speed: 'fast' } }])('refuses %j', (body) => {
    expect(() => read(body)).toThrow('no model in the body of /p; name the model');
  });

  it('refuses what is no JSON', () => {
    expect(() => read('{')).toThrow('malformed request: the body of /p is not a JSON object: unexpected end at byte 1');
  });
});

describe('withOwnLinks', () => {
  const rewritten = (answer: string) =>
    Buffer.from(withOwnLinks(Buffer.from(answer), (path) => `http://gw/a${path}?model=m`)).toString();
  const theirs = 'https://api.anthropic.com/v1/messages/batches/b_1/results';
  const ours = 'http://gw/a/v1/messages/batches/b_1/results?model=m';

  it('G33: leads to the gateway, and changes nothing else', () => {
    const answer = `{ "id" : "b_1", "n":1.0, "results_url" :"${theirs}"}`;
    expect(rewritten(answer)).toBe(answer.replace(theirs, ours));
    const list = `{"data":[ {"results_url":null}, {"results_url":"${theirs}"} ],"x":{"results_url":"${theirs}"}}`;
    expect(rewritten(list)).toBe(list.replace(theirs, ours));
  });

  it.each([
    '',
    'no JSON',
    '[]',
    '{"data":1,"results_url":1}',
    '{"results_url":"https://elsewhere.test/x"}',
    '{"results_url":"/v1/messages/batches/a%2Fb/results"}',
  ])('leaves %j alone', (answer) => {
    expect(rewritten(answer)).toBe(answer);
  });
});
