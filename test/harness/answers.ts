import { Gate } from './gate.js';

/** Cuts the connection (HTTP/1.1) or resets the stream (HTTP/2) at this point of a body. */
export const BREAK = Symbol('break');
/** What a scripted body is made of: bytes to be sent, gates to wait for, or the end of the connection. */
export type BodyStep = string | Uint8Array | Gate | typeof BREAK;

/** How the test upstream answers one request. */
export type Answer =
  | {
      readonly kind: 'respond';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      /** Each bytes step leaves as one write; the next one waits until the socket takes it. */
      readonly body: Iterable<BodyStep> | AsyncIterable<BodyStep>;
      readonly trailers?: Readonly<Record<string, string>>;
    }
  /** Breaks the connection without a byte. */
  | { readonly kind: 'reset' }
  /** Reads the request and stays silent. */
  | { readonly kind: 'hang' };

export const reset: Answer = { kind: 'reset' };
export const hang: Answer = { kind: 'hang' };

/** A whole answer with its length. */
export function whole(
  status: number,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Extract<Answer, { kind: 'respond' }> {
  const bytes = Buffer.from(body);
  return {
    kind: 'respond',
    status,
    headers: { 'content-type': 'application/json', 'content-length': String(bytes.length), ...headers },
    body: bytes.length > 0 ? [bytes] : [],
  };
}

export const json = (body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}) =>
  whole(status, JSON.stringify(body), headers);

/** An answer without a length: chunks as they come. */
export function chunked(
  body: Iterable<BodyStep> | AsyncIterable<BodyStep>,
  headers: Readonly<Record<string, string>> = {},
  trailers?: Readonly<Record<string, string>>,
): Extract<Answer, { kind: 'respond' }> {
  return {
    kind: 'respond',
    status: 200,
    headers: { 'content-type': 'text/event-stream', ...headers },
    body,
    ...(trailers ? { trailers } : {}),
  };
}

/** One server-sent event. */
export const event = (data: unknown) => `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
export const DONE = event('[DONE]');

/** A whole body, cut where an answer needs a gate: `gated([a, b, c])` gives a, gate, b, gate, c. */
export function gated(parts: readonly (string | Uint8Array)[]): { body: BodyStep[]; gates: Gate[] } {
  const gates = parts.slice(1).map(() => new Gate());
  return { body: parts.flatMap((part, index) => (index === 0 ? [part] : [gates[index - 1]!, part])), gates };
}
