import {
  Agent,
  request as httpRequest,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import { buffer } from 'node:stream/consumers';
import { CASE_HEADER } from './case-id.js';
import { within } from './eventually.js';

export interface Message {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Objects are sent as JSON. */
  readonly body?: string | Uint8Array | object;
  readonly caseId?: string;
  /** Connections are closed after each request when absent. */
  readonly agent?: Agent;
  /** Ends the request when it fires. */
  readonly signal?: AbortSignal;
}

/** A whole response; the body as it came, not decoded. */
export interface Received {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
  /** Parses the body; throws for what is no JSON. */
  json<T = Record<string, unknown>>(): T;
}

/** Sends a request to a port of 127.0.0.1 and waits for the whole response. POST when there is a body. */
export async function send(port: number, path: string, message: Message = {}): Promise<Received> {
  const response = await openResponse(start(port, path, message));
  const body = await within(`the response to ${path}`, buffer(response), 20_000);
  const text = body.toString('utf8');
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body,
    text,
    json: <T>() => JSON.parse(text) as T,
  };
}

/** Sends a request and returns when the response headers are there. */
export async function open(port: number, path: string, message: Message = {}): Promise<OpenResponse> {
  const request = start(port, path, message);
  return new OpenResponse(request, await openResponse(request));
}

/** What came of a response up to its end. */
export interface Rest {
  /** One character per byte. */
  readonly received: string;
  readonly isComplete: boolean;
  /** Why it is not complete: a broken connection, or nothing for 20 s. */
  readonly cause?: string;
}

/** A response under way. */
export class OpenResponse {
  #received = '';
  readonly #chunks: AsyncIterator<Buffer>;

  constructor(
    private readonly request: ClientRequest,
    private readonly response: IncomingMessage,
  ) {
    response.setEncoding('latin1');
    this.#chunks = response[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  get status(): number {
    return this.response.statusCode ?? 0;
  }

  get headers(): IncomingHttpHeaders {
    return this.response.headers;
  }

  /** All that came so far, one character per byte. */
  get received(): string {
    return this.#received;
  }

  /** Reads until the text has come; throws if the response ends before. */
  async until(text: string): Promise<void> {
    while (!this.#received.includes(text)) {
      const { done, value } = await within(`${JSON.stringify(text)} in the response`, this.#chunks.next());
      if (done) throw new Error(`the response ended without ${JSON.stringify(text)}: ${this.#received.slice(-500)}`);
      this.#received += String(value);
    }
  }

  /** Reads to the end, or to the point where the connection breaks: `cause` says how. */
  async rest(): Promise<Rest> {
    try {
      for (;;) {
        const { done, value } = await within('the rest of the response', this.#chunks.next(), 20_000);
        if (done) return { received: this.#received, isComplete: this.response.complete };
        this.#received += String(value);
      }
    } catch (error) {
      return { received: this.#received, isComplete: false, cause: String(error) };
    }
  }

  /** Leaves without a word, as a client that is closed. */
  abort(): void {
    this.request.destroy();
  }

  /** Stops reading from the socket; what has arrived stays unread. */
  pause(): void {
    this.response.socket.pause();
  }

  resume(): void {
    this.response.socket.resume();
  }
}

function start(port: number, path: string, { method, headers, body, caseId, agent, signal }: Message): ClientRequest {
  const bytes = body === undefined ? undefined : bytesOf(body);
  const request = httpRequest({
    host: '127.0.0.1',
    port,
    path,
    method: method ?? (bytes ? 'POST' : 'GET'),
    agent: agent ?? false,
    ...(signal ? { signal } : {}),
    headers: {
      host: 'gateway.test',
      ...(bytes ? { 'content-type': 'application/json', 'content-length': bytes.length } : {}),
      ...(caseId === undefined ? {} : { [CASE_HEADER]: caseId }),
      ...(headers as Record<string, string | string[]> | undefined),
    },
  });
  request.end(bytes);
  return request;
}

async function openResponse(request: ClientRequest): Promise<IncomingMessage> {
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    request.on('response', resolve);
    request.on('error', reject);
  });
  return await within(`a response to ${request.path}`, answered, 20_000);
}

function bytesOf(body: string | Uint8Array | object): Buffer {
  if (typeof body === 'string' || body instanceof Uint8Array) return Buffer.from(body);
  return Buffer.from(JSON.stringify(body));
}
