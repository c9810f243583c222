import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { plant } from '../recording.js';

export interface TokenRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Of a form body. */
  readonly form: URLSearchParams;
}

export interface TokenAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What happens instead of the answer. */
export type Fault =
  /** A refusal; without a body in the provider's own words for the status. */
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: string; readonly body?: string }
  /** 200 with half of the answer. */
  | { readonly kind: 'malformed' }
  /** 200 with this body. */
  | { readonly kind: 'body'; readonly body: string }
  /** Nothing is ever answered. */
  | { readonly kind: 'silent' }
  /** The head and the first byte, and nothing more. */
  | { readonly kind: 'stalled' }
  /** The connection breaks. */
  | { readonly kind: 'reset' }
  | { readonly kind: 'huge' }
  | { readonly kind: 'redirect'; readonly to: string };

export interface TokenServerOptions {
  /** Speaks TLS for `localhost`. */
  readonly tls?: { readonly certificate: string; readonly key: string };
  /** Of the provider; real time by default. */
  readonly now?: () => Date;
}

const HUGE_BYTES = 3 * 1024 * 1024;

/**
 * A provider of tokens on loopback that speaks its real wire format, records what it was asked and fails as it is told.
 */
export abstract class TokenServer {
  readonly requests: TokenRequest[] = [];
  /** Every secret that was handed out. */
  readonly issued: string[] = [];
  /** For requests that it matches, in order; it stays until it is taken away. */
  fault: Fault | undefined;
  /** Paths that the fault is for; all by default. */
  faultPath: RegExp = /^/;
  /** Called when a request meets the fault. */
  onFault: () => void = () => undefined;
  /** How far the provider's clock is ahead of ours. */
  clockSkewMs = 0;
  /** Of what is issued; negative: it has expired already. */
  lifetimeS = 3600;
  readonly #server: Server;
  readonly #scheme: string;

  constructor(readonly options: TokenServerOptions = {}) {
    const listener = (request: IncomingMessage, response: ServerResponse) => {
      // A defect of the server must not leave its client waiting.
      this.#serve(request, response).catch(() => response.destroy());
    };
    const { tls } = options;
    this.#server = tls ? createTlsServer({ cert: tls.certificate, key: tls.key }, listener) : createServer(listener);
    this.#scheme = tls ? 'https://localhost' : 'http://127.0.0.1';
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get origin(): string {
    return `${this.#scheme}:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** Of the provider, skew included. */
  now(): Date {
    return new Date((this.options.now?.() ?? new Date()).getTime() + this.clockSkewMs);
  }

  /** When something issued now ends. */
  protected end(): Date {
    return new Date(this.now().getTime() + this.lifetimeS * 1000);
  }

  /** A secret that no other server hands out. */
  protected issue(prefix: string): string {
    const secret = `${prefix}.PLANTED-${this.constructor.name}-${this.issued.length}`;
    this.issued.push(plant(`token of ${this.constructor.name}`, secret));
    return secret;
  }

  protected abstract answer(request: TokenRequest): TokenAnswer;

  /** The provider's own words for a refusal without a body of the test. */
  protected abstract refusal(status: number, request: TokenRequest): TokenAnswer;

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(incoming).catch(() => '');
    const url = new URL(incoming.url ?? '/', this.origin);
    const request = {
      method: incoming.method ?? '',
      url,
      headers: incoming.headers,
      body,
      form: new URLSearchParams(body),
    };
    this.requests.push(request);
    const fault = this.faultPath.test(url.pathname) ? this.fault : undefined;
    if (fault) this.onFault();
    if (fault?.kind === 'silent') return;
    if (fault?.kind === 'reset') return void incoming.socket.resetAndDestroy();
    const given = this.#given(request, fault);
    const head = { 'content-type': given.contentType, date: this.now().toUTCString(), ...given.headers };
    response.writeHead(given.status, head);
    if (fault?.kind === 'stalled') response.write(given.body.slice(0, 1));
    else response.end(given.body);
  }

  #given(request: TokenRequest, fault: Fault | undefined): TokenAnswer {
    switch (fault?.kind) {
      case 'status': {
        const told = this.refusal(fault.status, request);
        const retry = fault.retryAfter === undefined ? {} : { 'retry-after': fault.retryAfter };
        return { ...told, body: fault.body ?? told.body, headers: { ...told.headers, ...retry } };
      }
      case 'redirect':
        return { status: 307, contentType: 'text/plain', body: '', headers: { location: fault.to } };
      case 'body':
        return { ...this.answer(request), status: 200, body: fault.body };
      case 'huge':
        return { ...this.answer(request), status: 200, body: ' '.repeat(HUGE_BYTES) };
      case 'malformed': {
        const whole = this.answer(request);
        return { ...whole, status: 200, body: whole.body.slice(0, whole.body.length / 2) };
      }
      default:
        return this.answer(request);
    }
  }
}

export const json = (status: number, members: object): TokenAnswer => ({
  status,
  contentType: 'application/json; charset=utf-8',
  body: JSON.stringify(members),
});

/** OAuth's words for a status. @see RFC 6749 section 5.2 */
export const oauthRefusal = (status: number): TokenAnswer => {
  const words: Readonly<Record<number, string>> = {
    400: 'invalid_request',
    401: 'invalid_client',
    403: 'access_denied',
  };
  const error = words[status];
  if (error) return json(status, { error, error_description: 'PLANTED-description of the provider' });
  return { status, contentType: 'text/html', body: '<html>PLANTED-page of a load balancer</html>' };
};
