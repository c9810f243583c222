import { EventStreamCodec } from '@smithy/eventstream-codec';
import type { SchemaName } from '../../src/shared/filter-config/filter-config.js';
import { DEFAULT_TRANSLATION_OPTIONS, type TranslationOptions } from '../../src/shared/translation-options.js';
import { ENDPOINTS } from '../../src/modules/extproc/endpoints/endpoint-table.js';
import type { Endpoint, EndpointName } from '../../src/modules/extproc/endpoints/endpoint.js';
import { MATRIX } from '../../src/modules/extproc/translators/matrix.js';
import type {
  Exchange,
  ResponseFacts,
  ResponseHead,
  TranslatorEnv,
} from '../../src/modules/extproc/translators/translator.js';
import type { HeaderLookup } from '../../src/modules/extproc/wire/header-fields.js';

/** A clock that stands still and ids that count, e.g. `msg_000…1`. */
export function fixedEnv(options: Partial<TranslationOptions> = {}): TranslatorEnv {
  let ids = 0;
  return {
    options: { ...DEFAULT_TRANSLATION_OPTIONS, ...options },
    nowSeconds: () => 1_700_000_000,
    newId: (prefix, length = 24) => prefix + String(++ids).padStart(length, '0'),
  };
}

/** Header lookup over a plain record of lower-case names. */
export function headerLookup(headers: Readonly<Record<string, string>> = {}): HeaderLookup {
  return { get: (name) => headers[name], has: (name) => name in headers };
}

/** Head of a provider's answer. */
export const responseHead = (status: number, headers: Readonly<Record<string, string>> = {}): ResponseHead => ({
  status,
  headers: headerLookup(headers),
});

export function endpointNamed(name: EndpointName): Endpoint {
  const endpoint = ENDPOINTS.find((candidate) => candidate.name === name);
  if (endpoint === undefined) throw new Error(`no endpoint is named ${name}`);
  return endpoint;
}

export interface CellCall {
  /** The client's body. */
  readonly body: string | Uint8Array;
  readonly modelNameOverride?: string;
  readonly forcesUsage?: boolean;
  /** Of the client; lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Of the backend's schema. */
  readonly version?: string;
  readonly prefix?: string;
}

/** Parses a client's body and starts one cell, as the two request phases do. */
export function startCell(endpoint: EndpointName, schema: SchemaName, call: CellCall, env = fixedEnv()): Exchange {
  const translator = MATRIX[endpoint][schema];
  if (translator === undefined) throw new Error(`${endpoint} → ${schema} is no cell of the matrix`);
  const request = endpointNamed(endpoint).parse(Buffer.from(call.body), {
    contentType: call.headers?.['content-type'],
    forcesUsage: call.forcesUsage ?? false,
  });
  const override = call.modelNameOverride ?? '';
  return translator.start(
    {
      request,
      requestModel: override || request.model,
      hasModelOverride: override !== '',
      schema: {
        name: schema,
        ...(call.prefix === undefined ? {} : { prefix: call.prefix }),
        ...(call.version === undefined ? {} : { version: call.version }),
      },
      headers: headerLookup(call.headers),
    },
    env,
  );
}

/** One message of an AWS event stream. */
export interface Frame {
  /** `:event-type`, or `:exception-type` when `exception` is true. */
  readonly type: string;
  readonly payload: unknown;
  readonly exception?: boolean;
}

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes as Uint8Array).toString('utf8'),
  (text) => Buffer.from(text, 'utf8'),
);

/** AWS event stream bytes, framed by AWS's own codec. */
export function eventStream(frames: readonly Frame[]): Buffer {
  return Buffer.concat(
    frames.map(({ type, payload, exception }) =>
      codec.encode({
        headers: {
          ':message-type': { type: 'string', value: exception ? 'exception' : 'event' },
          [exception ? ':exception-type' : ':event-type']: { type: 'string', value: type },
          ':content-type': { type: 'string', value: 'application/json' },
        },
        body: Buffer.from(JSON.stringify(payload)),
      }),
    ),
  );
}

/** The frames in which Bedrock wraps events of Claude: `{"bytes": base64 of the event}`. */
export const chunkFrames = (events: readonly unknown[]): Frame[] =>
  events.map((event) => ({
    type: 'chunk',
    payload: { bytes: Buffer.from(JSON.stringify(event)).toString('base64'), p: 'abc' },
  }));

/** Everything that a client gets of a streamed answer and what was learned of it. */
export function playStream(exchange: Exchange, chunks: readonly Uint8Array[], head = responseHead(200)) {
  if (exchange.kind === 'observing') {
    const observer = exchange.observe(true, head);
    for (const chunk of chunks) observer.push(chunk);
    const isUsageFinalBeforeEnd = observer.isUsageFinal;
    observer.end();
    const text = Buffer.concat(chunks).toString('utf8');
    return { text, facts: observer.facts, hasError: observer.hasError, isUsageFinalBeforeEnd };
  }
  const stream = exchange.stream(head);
  const out = chunks.map((chunk) => Buffer.from(stream.push(chunk)));
  const isUsageFinalBeforeEnd = stream.isUsageFinal;
  out.push(Buffer.from(stream.end()));
  const text = Buffer.concat(out).toString('utf8');
  return { text, facts: stream.facts, hasError: stream.hasError, isUsageFinalBeforeEnd };
}

/** What was learned of a whole answer. */
export function playWhole(exchange: Exchange, body: Uint8Array, head = JSON_HEAD): ResponseFacts {
  if (exchange.kind === 'translating') return exchange.whole(head, body);
  const observer = exchange.observe(false, head);
  observer.push(body);
  observer.end();
  return observer.facts;
}

const JSON_HEAD = responseHead(200, { 'content-type': 'application/json' });

const CHAT_MESSAGES = [{ role: 'user', content: 'hi' }];
const FORM = [
  '--b\r\ncontent-disposition: form-data; name="model"\r\n\r\nm\r\n',
  '--b\r\ncontent-disposition: form-data; name="file"; filename="a.wav"\r\ncontent-type: audio/wav\r\n\r\nRIFF\r\n',
  '--b\r\ncontent-disposition: form-data; name="image"; filename="a.png"\r\ncontent-type: image/png\r\n\r\nPNG\r\n',
].join('');
const FORM_ENDPOINTS: ReadonlySet<EndpointName> = new Set([
  'images-edits',
  'images-variations',
  'transcriptions',
  'audio-translations',
]);
const OTHER_MEMBERS: Readonly<Partial<Record<EndpointName, object>>> = {
  'chat-completions': { messages: CHAT_MESSAGES },
  messages: { max_tokens: 9, messages: CHAT_MESSAGES },
  'count-tokens': { messages: CHAT_MESSAGES },
  embeddings: { input: 'hi' },
  responses: { input: 'hi' },
  'input-tokens': { input: 'hi' },
  tokenize: { messages: CHAT_MESSAGES },
  rerank: { query: 'q', documents: ['d'] },
  completions: { prompt: 'hi' },
  'images-generations': { prompt: 'hi' },
};

/** A request that every cell of a row takes. */
export function minimalCall(endpoint: EndpointName, model = 'm', isStreaming = false): CellCall {
  if (FORM_ENDPOINTS.has(endpoint)) {
    const stream = isStreaming ? '--b\r\ncontent-disposition: form-data; name="stream"\r\n\r\ntrue\r\n' : '';
    return {
      body: `${FORM.replace('\r\nm\r\n', () => `\r\n${model}\r\n`)}${stream}--b--\r\n`,
      headers: { 'content-type': 'multipart/form-data; boundary=b' },
    };
  }
  const body = { model, ...OTHER_MEMBERS[endpoint], ...(isStreaming ? streamMember(endpoint) : {}) };
  return { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
}

const streamMember = (endpoint: EndpointName) => (endpoint === 'speech' ? { stream_format: 'sse' } : { stream: true });

/** All cells of the matrix. */
export const CELLS: readonly (readonly [EndpointName, SchemaName])[] = Object.entries(MATRIX).flatMap(
  ([endpoint, row]) => Object.keys(row).map((schema) => [endpoint as EndpointName, schema as SchemaName] as const),
);
