import { DEFAULT_ENDPOINT_PREFIXES } from '../../src/shared/endpoint-prefixes.js';
import type { EndpointName } from '../../src/modules/extproc/endpoints/endpoint.js';
import { endpointNamed } from './cell.js';

/** Where clients find an endpoint. */
export function pathOf(name: EndpointName): string {
  const { vendor, path } = endpointNamed(name);
  return `${DEFAULT_ENDPOINT_PREFIXES[vendor]}/${path}`.replaceAll(/\/+/g, '/');
}

/** What keeps a client of an endpoint from reading a body as an error of its API; undefined when nothing does. */
export function errorFault(endpoint: EndpointName, text: string): string | undefined {
  const body = parsed(text);
  if (!isObject(body)) return 'is no JSON object';
  if (endpointNamed(endpoint).dialect === 'cohere') {
    return typeof body['message'] === 'string' ? undefined : 'has no "message"';
  }
  const { error } = body;
  if (!isObject(error)) return 'has no "error"';
  if (typeof error['message'] !== 'string') return 'has no "error.message"';
  if (typeof error['type'] !== 'string') return 'has no "error.type"';
  return endpointNamed(endpoint).dialect === 'anthropic' && body['type'] !== 'error'
    ? 'has no type "error"'
    : undefined;
}

/** A stream of events as its client reads it. */
export interface ClientStream {
  /** What is wrong with its form. */
  readonly fault: string | undefined;
  /** Its objects, in order. */
  readonly events: readonly Readonly<Record<string, unknown>>[];
  /** It told the client of a failure. */
  readonly hasError: boolean;
}

/** The last event of a complete stream, where the dialect has one. */
const LAST_TYPES: Readonly<Partial<Record<EndpointName, readonly string[]>>> = {
  messages: ['message_stop', 'error'],
  responses: ['response.completed', 'response.incomplete', 'response.failed'],
};

/** Reads a whole stream that the gateway wrote, strictly: one line of data per event, its name before it where the dialect has names. */
export function readClientStream(endpoint: EndpointName, text: string): ClientStream {
  const blocks = text
    .split('\n\n')
    .slice(0, -1)
    .filter((block) => !block.startsWith(':'));
  const events: Record<string, unknown>[] = [];
  let fault = text.endsWith('\n\n') ? undefined : 'does not end with a blank line';
  for (const [index, block] of blocks.entries()) {
    const { name, data } = /^(?:event: (?<name>[\w.]+)\n)?data: (?<data>[^\r\n]*)$/.exec(block)?.groups ?? {};
    if (data === '[DONE]' && index === blocks.length - 1) continue;
    const event = data === undefined ? undefined : parsed(data);
    if (!isObject(event)) fault ??= `has the event ${JSON.stringify(block.slice(0, 200))}`;
    else if (name !== undefined && name !== event['type'])
      fault ??= `calls an event ${name} that is ${String(event['type'])}`;
    else events.push(event);
  }
  return { fault: fault ?? endFault(endpoint, events, blocks.at(-1)), events, hasError: events.some(isFailure) };
}

function endFault(
  endpoint: EndpointName,
  events: readonly Readonly<Record<string, unknown>>[],
  lastBlock: string | undefined,
): string | undefined {
  const types = LAST_TYPES[endpoint];
  if (types === undefined) return lastBlock === 'data: [DONE]' ? undefined : 'does not end with [DONE]';
  const last = String(events.at(-1)?.['type']);
  if (!types.includes(last)) return `ends with ${last}`;
  const ends = events.filter(({ type }) => types.includes(String(type))).length;
  return ends === 1 ? undefined : `has ${ends} ends`;
}

/** `error` of a chunk, the events `error` and `response.failed`. */
const isFailure = ({ error, type }: Readonly<Record<string, unknown>>) =>
  (error !== undefined && error !== null) || type === 'error' || type === 'response.failed';

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
