import { Agent, request as httpsRequest, type RequestOptions } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { within } from '../eventually.js';

export interface KubeEndpoint {
  /** `https://127.0.0.1:<port>`. */
  readonly server: string;
  /** PEM. */
  readonly certificateAuthority: string;
  readonly token: string;
}

export interface KubeRequest {
  readonly method?: string;
  /** Objects are sent as JSON. */
  readonly body?: string | object;
  readonly contentType?: string;
}

const ANSWER_MS = 30_000;

/** What the API server refused: its Status object as an error. */
export class KubeApiError extends Error {
  constructor(
    what: string,
    readonly status: number,
    /** Machine-readable: `NotFound`, `Conflict`, `Invalid`, `Forbidden` … */
    readonly reason: string,
    /** The server's sentence; for `Invalid` it names each field. */
    readonly detail: string,
  ) {
    super(`${what}: ${status} ${reason}: ${detail}`);
  }
}

/** HTTPS to an API server with a bearer token. */
export class KubeTransport {
  readonly #agent: Agent;

  constructor(readonly endpoint: KubeEndpoint) {
    this.#agent = new Agent({ keepAlive: true, ca: endpoint.certificateAuthority });
  }

  /** The answer's text. Throws {@link KubeApiError} for a refusal, the socket's error when there is no answer. */
  async text(
    path: string,
    { method = 'GET', body, contentType = 'application/json' }: KubeRequest = {},
  ): Promise<string> {
    const bytes = typeof body === 'object' ? JSON.stringify(body) : body;
    const headers = bytes === undefined ? {} : { 'content-type': contentType };
    const exchange = async () => {
      const response = await this.#start(path, { method, headers }, bytes);
      return { status: response.statusCode ?? 0, answer: await text(response) };
    };
    const { status, answer } = await within(`an answer to ${method} ${path}`, exchange(), ANSWER_MS);
    if (status >= 400) throw refusal(`${method} ${path}`, status, answer);
    return answer;
  }

  async json<T>(path: string, request: KubeRequest = {}): Promise<T> {
    return JSON.parse(await this.text(path, request)) as T;
  }

  /** The lines of an answer without end, until the server ends it. Throws when the connection breaks or the signal fires. */
  async *lines(path: string, signal: AbortSignal): AsyncGenerator<string> {
    const response = await this.#start(path, { method: 'GET', signal });
    if ((response.statusCode ?? 0) >= 400) throw refusal(`GET ${path}`, response.statusCode ?? 0, await text(response));
    response.setEncoding('utf8');
    let rest = '';
    for await (const chunk of response as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  async #start(path: string, options: RequestOptions, body?: string): Promise<IncomingMessage> {
    return await new Promise((resolve, reject) => {
      const request = httpsRequest(new URL(path, this.endpoint.server), { ...options, agent: this.#agent });
      request.setHeader('authorization', `Bearer ${this.endpoint.token}`);
      request.on('response', resolve);
      request.on('error', reject);
      request.end(body);
    });
  }
}

function refusal(what: string, code: number, answer: string): KubeApiError {
  try {
    const { reason = '', message = answer } = JSON.parse(answer) as { reason?: string; message?: string };
    return new KubeApiError(what, code, reason, message);
  } catch {
    return new KubeApiError(what, code, '', answer);
  }
}
