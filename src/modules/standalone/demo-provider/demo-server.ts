import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import {
  answerChat,
  answerCompletion,
  answerEmbeddings,
  answerModels,
  InvalidDemoRequest,
  isObject,
  type DemoAnswer,
  type JsonObject,
} from './demo-answers.js';

const BODY_SIZE_MAX_BYTES = 16 << 20;
const HOST = '127.0.0.1';

/** What somebody asked an instance to do wrong. */
export interface DemoTrouble {
  /** Every API request is answered with this status. */
  readonly failStatus?: number;
  /** Every API request waits this long first. */
  readonly delayMs?: number;
}

export interface DemoServerOptions {
  /** Named in every answer, e.g. `demo-primary`. */
  readonly instance: string;
  /** On loopback; 0 = any free port. */
  readonly port: number;
  /** Pause between the events of a stream, so that streaming can be seen by eye. */
  readonly eventIntervalMs?: number;
  /** Sees every request first and says whether it answered it. */
  readonly intercept?: (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;
}

/**
 * An OpenAI-compatible provider on loopback whose answers depend on the request alone. It stands in for a real provider
 * in the quickstart and in tests. Takes every model name; needs no key.
 */
export class DemoServer {
  trouble: DemoTrouble = {};
  readonly #options: DemoServerOptions;
  #port: number;
  #server: Server | undefined;

  constructor(options: DemoServerOptions) {
    this.#options = options;
    this.#port = options.port;
  }

  get instance(): string {
    return this.#options.instance;
  }

  /** The port that is or will be listened on; the chosen one after the first start when 0 was asked for. */
  get port(): number {
    return this.#port;
  }

  get isListening(): boolean {
    return this.#server !== undefined;
  }

  /** Opens the port. Does nothing when it is open. Rejects with the socket's error, e.g. `EADDRINUSE`. */
  async start(): Promise<void> {
    if (this.#server) return;
    const server = createServer((request, response) => {
      this.#answer(request, response).catch((cause: unknown) => response.destroy(cause as Error));
    });
    server.listen(this.#port, HOST);
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Closes the port and cuts every connection, as a provider that has gone away does. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (await this.#options.intercept?.(request, response)) return;
    const { failStatus, delayMs } = this.trouble;
    // A pause must not hold up the end of the process.
    if (delayMs !== undefined) await delay(delayMs, undefined, { ref: false });
    if (failStatus !== undefined) {
      request.resume();
      return sendError(response, failStatus, `${this.instance} was asked to fail`, 'server_error');
    }
    try {
      const answer = await this.#route(request);
      if (answer) await this.#send(response, answer);
      else sendError(response, 404, `no such endpoint: ${request.method} ${request.url}`, 'invalid_request_error');
    } catch (error) {
      if (!(error instanceof InvalidDemoRequest)) throw error;
      sendError(response, 400, error.message, 'invalid_request_error', error.param);
    }
  }

  async #route(request: IncomingMessage): Promise<DemoAnswer | undefined> {
    const path = request.url?.split('?', 1)[0];
    switch (`${request.method} ${path}`) {
      case 'GET /v1/models':
        return { json: answerModels() };
      case 'POST /v1/chat/completions':
        return answerChat(this.instance, await readJson(request));
      case 'POST /v1/completions':
        return answerCompletion(this.instance, await readJson(request));
      case 'POST /v1/embeddings':
        return answerEmbeddings(await readJson(request));
      default:
        request.resume();
        return undefined;
    }
  }

  async #send(response: ServerResponse, answer: DemoAnswer): Promise<void> {
    if ('json' in answer) return sendJson(response, 200, answer.json);
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    for (const event of [...answer.events.map((one) => JSON.stringify(one)), '[DONE]']) {
      if (response.destroyed) return;
      if (!response.write(`data: ${event}\n\n`)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
      if (this.#options.eventIntervalMs) await delay(this.#options.eventIntervalMs, undefined, { ref: false });
    }
    response.end();
  }
}

export function sendJson(response: ServerResponse, status: number, body: object): void {
  const bytes = Buffer.from(`${JSON.stringify(body)}\n`);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length }).end(bytes);
}

const sendError = (
  response: ServerResponse,
  status: number,
  message: string,
  type: string,
  param: string | null = null,
) => sendJson(response, status, { error: { message, type, param, code: null } });

async function readJson(request: IncomingMessage): Promise<JsonObject> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > BODY_SIZE_MAX_BYTES)
      throw new InvalidDemoRequest(`the body is larger than ${BODY_SIZE_MAX_BYTES} bytes`, null);
    chunks.push(chunk);
  }
  let body: unknown;
  try {
    body = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new InvalidDemoRequest('the body is not valid JSON', null);
  }
  if (!isObject(body)) throw new InvalidDemoRequest('the body must be a JSON object', null);
  return body;
}
