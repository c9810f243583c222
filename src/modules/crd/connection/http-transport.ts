import { Agent as HttpAgent, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { NoAnswerError } from './api-error.js';
import type { RequestCredentials } from './api-credentials.js';
import type { ClusterConnection } from './cluster-connection.js';

/** Time to a connection and TLS, and to the head of a response. */
const OPEN_TIMEOUT_MS = 30_000;
/** So that a peer that vanished is found by the kernel before long. */
const KEEP_ALIVE_PROBE_MS = 15_000;
/** Idle connections that are kept for the next burst. */
const FREE_SOCKETS_MAX = 16;
const SOCKETS_MAX = 64;

export interface TransportRequest {
  readonly method: 'GET' | 'PATCH' | 'POST' | 'PUT' | 'DELETE';
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** For the whole exchange. */
  readonly timeoutMs: number;
  readonly responseBytesMax: number;
}

export interface TransportResponse {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: string;
}

/** HTTP/1.1 with kept connections: a watch that hangs holds up nothing but itself. */
export class HttpTransport {
  readonly #connection: ClusterConnection;
  readonly #isTls: boolean;
  readonly #agent: HttpAgent;
  readonly #watchAgent: HttpAgent;

  constructor(connection: ClusterConnection) {
    this.#connection = connection;
    this.#isTls = connection.server.protocol === 'https:';
    const Agent = this.#isTls ? HttpsAgent : HttpAgent;
    const tls = this.#isTls ? connection.tls : {};
    const keepAlive = { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_PROBE_MS };
    this.#agent = new Agent({ ...tls, ...keepAlive, maxSockets: SOCKETS_MAX, maxFreeSockets: FREE_SOCKETS_MAX });
    // One socket for each watch, gone with it.
    this.#watchAgent = new Agent({ ...tls, keepAlive: false });
  }

  /** The whole answer, whatever its status. Rejects with NoAnswerError. */
  async send(request: TransportRequest): Promise<TransportResponse> {
    const credentials = await this.#connection.credentials.get();
    for (let isRetry = false; ; isRetry = true) {
      try {
        const response = await this.#exchange(request, credentials);
        if (response.status === 401) this.#connection.credentials.invalidate();
        return response;
      } catch (error) {
        // The server closed an idle connection at the moment in which it was taken again.
        const isSafe = request.method !== 'POST';
        if (isRetry || !isSafe || !(error instanceof StaleSocketError)) throw error;
      }
    }
  }

  /** The response as soon as its head is there; `signal` ends it at any time. Rejects with NoAnswerError. */
  async open(path: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<IncomingMessage> {
    const credentials = await this.#connection.credentials.get();
    signal.throwIfAborted();
    const message = this.#start('GET', path, headers, credentials, this.#watchAgent);
    const abort = () => message.destroy(new NoAnswerError(`GET ${path}: given up`));
    signal.addEventListener('abort', abort, { once: true });
    message.once('close', () => signal.removeEventListener('abort', abort));
    message.on('socket', (socket) => socket.setKeepAlive(true, KEEP_ALIVE_PROBE_MS));
    message.end();
    return await responseOf(message, `GET ${path}`);
  }

  close(): void {
    this.#agent.destroy();
    this.#watchAgent.destroy();
  }

  async #exchange(request: TransportRequest, credentials: RequestCredentials): Promise<TransportResponse> {
    const { method, path, headers, body, timeoutMs, responseBytesMax } = request;
    const what = `${method} ${path}`;
    const message = this.#start(
      method,
      path,
      body === undefined ? headers : { ...headers, 'content-length': String(Buffer.byteLength(body)) },
      credentials,
      this.#agent,
    );
    const timer = setTimeout(
      () => message.destroy(new NoAnswerError(`${what}: no whole answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
    try {
      message.end(body);
      const response = await responseOf(message, what);
      return {
        status: response.statusCode ?? 0,
        retryAfter: response.headers['retry-after'],
        body: await collect(response, responseBytesMax, what),
      };
    } finally {
      clearTimeout(timer);
    }
  }

  #start(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    { authorization, ...tls }: RequestCredentials,
    agent: HttpAgent,
  ): ClientRequest {
    const { server } = this.#connection;
    const prefix = server.pathname === '/' ? '' : server.pathname.replace(/\/$/, '');
    const start = this.#isTls ? httpsRequest : httpRequest;
    return start({
      agent,
      method,
      // URL keeps the brackets of IPv6 addresses.
      hostname: server.hostname.replace(/^\[|\]$/g, ''),
      port: server.port,
      path: `${prefix}${path}`,
      headers: { ...headers, ...(authorization !== undefined && { authorization }) },
      ...(this.#isTls && tls),
    });
  }
}

class StaleSocketError extends NoAnswerError {}

async function responseOf(message: ClientRequest, what: string): Promise<IncomingMessage> {
  return await new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => message.destroy(new NoAnswerError(`${what}: no answer within ${OPEN_TIMEOUT_MS} ms`)),
      OPEN_TIMEOUT_MS,
    );
    message.once('response', (response) => {
      clearTimeout(timer);
      resolve(response);
    });
    message.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      if (error instanceof NoAnswerError) return reject(error);
      const isStale = message.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      const Reason = isStale ? StaleSocketError : NoAnswerError;
      reject(new Reason(`${what}: ${error.message}`, { cause: error }));
    });
  });
}

async function collect(response: IncomingMessage, bytesMax: number, what: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > bytesMax) throw new Error(`the answer is longer than ${bytesMax} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof NoAnswerError) throw error;
    throw new NoAnswerError(`${what}: ${(error as Error).message}`, { cause: error });
  }
  return Buffer.concat(chunks).toString('utf8');
}
