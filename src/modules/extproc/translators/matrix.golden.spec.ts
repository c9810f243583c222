import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import { parse } from 'yaml';
import type { SchemaName } from '../../../shared/filter-config/filter-config.js';
import { UserFacingError } from '../../../shared/errors.js';
import {
  CELLS,
  chunkFrames,
  eventStream,
  playStream,
  responseHead,
  startCell,
  type Frame,
} from '../../../../test/harness/cell.js';
import { checkGolden, goldenCases, type GoldenCase } from '../../../../test/harness/golden.js';
import type { EndpointName } from '../endpoints/endpoint.js';
import { MalformedRequestError } from '../request-error.js';
import { UpstreamAnswerError, type Exchange } from './translator.js';

/**
 * A case file: what a client or a provider sends. Bodies are text, or YAML that is sent as JSON.
 * Cases in `testdata/<endpoint>/` run on every cell of the row, those in `testdata/<endpoint>/<Schema>/` on that cell.
 */
interface Case {
  readonly kind: 'request' | 'whole' | 'stream' | 'error';
  /** The client's (kind `request`) or the provider's. */
  readonly body?: unknown;
  /** The provider's AWS event stream, in place of `body`. */
  readonly frames?: readonly Frame[];
  /** Claude's events, sent in Bedrock's frames, before `frames`. */
  readonly claudeEvents?: readonly unknown[];
  /** The client's body, of the other kinds. */
  readonly request?: unknown;
  readonly modelNameOverride?: string;
  readonly forcesUsage?: boolean;
  readonly version?: string;
  readonly prefix?: string;
  /** The client's headers. */
  readonly requestHeaders?: Readonly<Record<string, string>>;
  /** The provider's status and headers. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly contentType?: string;
}

const bytesOf = (body: unknown) => Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));

/** What a cell makes of it, as text. */
function outcome(endpoint: EndpointName, schema: SchemaName, given: Case): unknown {
  const body = given.kind === 'request' ? given.body : (given.request ?? defaultRequest(endpoint, given));
  try {
    const exchange = startCell(endpoint, schema, {
      body: bytesOf(body),
      version: given.version ?? (schema === 'AzureOpenAI' ? '2024-10-21' : ''),
      prefix: given.prefix ?? 'v1',
      ...(given.modelNameOverride === undefined ? {} : { modelNameOverride: given.modelNameOverride }),
      ...(given.forcesUsage === undefined ? {} : { forcesUsage: given.forcesUsage }),
      ...(given.requestHeaders === undefined ? {} : { headers: given.requestHeaders }),
    });
    return shown(exchange, given);
  } catch (error) {
    if (error instanceof MalformedRequestError) return { refusedWith400: error.message };
    if (error instanceof UserFacingError) return { refusedWith422: error.message };
    if (error instanceof UpstreamAnswerError) return { answeredWith502: error.message };
    throw error;
  }
}

function defaultRequest(endpoint: EndpointName, given: Case): unknown {
  const stream = given.kind === 'stream' ? { stream: true } : {};
  switch (endpoint) {
    case 'chat-completions':
      return { model: 'asked-for', messages: [{ role: 'user', content: 'hi' }], ...stream };
    case 'count-tokens':
      return { model: 'asked-for', messages: [{ role: 'user', content: 'hi' }] };
    case 'messages':
      return { model: 'asked-for', max_tokens: 99, messages: [{ role: 'user', content: 'hi' }], ...stream };
    case 'images-generations':
      return { model: 'asked-for', prompt: 'hi', ...stream };
    case 'rerank':
      return { model: 'asked-for', query: 'q', documents: ['a', 'b', 'c'] };
    default:
      return { model: 'asked-for', input: 'hi', ...stream };
  }
}

function shown(exchange: Exchange, given: Case): unknown {
  const body = given.frames || given.claudeEvents ? framed(given) : bytesOf(given.body ?? '');
  const headers = { ...(given.contentType ? { 'content-type': given.contentType } : {}), ...given.headers };
  switch (given.kind) {
    case 'request':
      return {
        kind: exchange.kind,
        ...exchange.request,
        body: readable(exchange, exchange.request.body),
        fallbackModel: exchange.fallbackModel,
      };
    case 'stream': {
      const { text, ...learned } = playStream(exchange, [body], responseHead(given.status ?? 200, headers));
      const events = exchange.kind === 'translating' ? text.split('\n\n') : '(untouched)';
      return { events, ...learned };
    }
    case 'whole': {
      if (exchange.kind === 'translating') {
        const answer = exchange.whole(responseHead(given.status ?? 200, headers), body);
        return { ...answer, body: readable(exchange, answer.body) };
      }
      const observer = exchange.observe(false, responseHead(given.status ?? 200, headers));
      observer.push(body);
      observer.end();
      return { facts: observer.facts, hasError: observer.hasError };
    }
    case 'error': {
      const answer = exchange.error(responseHead(given.status!, headers), body);
      return { ...answer, body: readable(exchange, answer.body) };
    }
  }
}

const framed = ({ claudeEvents = [], frames = [] }: Case) => eventStream([...chunkFrames(claudeEvents), ...frames]);

/** Passed-through bytes as they are, to the space; translated ones as JSON. */
function readable(exchange: Exchange, body: Uint8Array | undefined): unknown {
  if (body === undefined) return '(untouched)';
  const text = Buffer.from(body).toString();
  return exchange.kind === 'observing' || !text.startsWith('{') ? text : JSON.parse(text);
}

const testdata = (path: string) => fileURLToPath(new URL(`./testdata/${path}`, import.meta.url));
/** A row may have cases of its cells alone. */
const hasCases = (path: string) => existsSync(path) && readdirSync(path).some((file) => file.endsWith('.in.yaml'));
const casesIn = (path: string): readonly GoldenCase[] => (hasCases(testdata(path)) ? goldenCases(testdata(path)) : []);

const RUNS = CELLS.flatMap(([endpoint, schema]) => {
  const shared = casesIn(endpoint).map((found) => ({ found, path: found.outputPath('json', schema) }));
  const own = casesIn(`${endpoint}/${schema}`).map((found) => ({ found, path: found.outputPath('json') }));
  return [...shared, ...own].map((run) => ({ ...run, endpoint, schema, name: `${endpoint} → ${schema}` }));
});

it.each(RUNS.map((run) => [run.name, run.found.name, run] as const))(
  '%s does with %s what the golden file says',
  (_, __, { endpoint, schema, found, path }) => {
    const result = outcome(endpoint, schema, parse(found.inputText) as Case);
    const text = `${JSON.stringify(result, undefined, 2)}\n`;
    expect(() => checkGolden(path, text)).not.toThrow();
  },
);

it('has a case for every cell', () => {
  const names = new Set(RUNS.map((run) => run.name));
  expect(CELLS.map(([endpoint, schema]) => `${endpoint} → ${schema}`).filter((name) => !names.has(name))).toEqual([]);
});
