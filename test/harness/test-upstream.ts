import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import {
  constants,
  createServer as createHttp2Server,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { BREAK, json, type Answer } from './answers.js';
import { CASE_HEADER } from './case-id.js';
import { DEADLINE_MS, eventually, within } from './eventually.js';
import { Gate } from './gate.js';

export interface RecordedRequest {
  readonly method: string;
  /** With query. */
  readonly path: string;
  /** Lower-case names; several values joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Body bytes of the answer that the socket took so far. */
  readonly sentBytes: number;
  /** Resolves when the peer ended the request or its connection before the answer was complete. */
  readonly aborted: Promise<void>;
}

/** Requests kept for tests to look at; load tests send more and look at none. */
const RECORDED_MAX = 10_000;
const FALLBACK = json({ object: 'chat.completion', model: 'unscripted', choices: [] });

/** A provider that records what it got and plays the answers scripted for a case; the tests assert. */
export class TestUpstream {
  readonly #answers = new Map<string, Answer[]>();
  readonly #recorded: { caseId: string; request: RecordedRequest }[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server: Server | Http2Server;
  #served = 0;

  private constructor(readonly protocol: 'http1' | 'http2') {
    const serve = (request: IncomingMessage, response: ServerResponse) =>
      void this.#serve(request, response).catch(() => {});
    // The compatibility API of HTTP/2 has all calls that we use.
    const serveHttp2 = serve as unknown as (request: Http2ServerRequest, response: Http2ServerResponse) => void;
    this.#server = protocol === 'http1' ? createServer({ keepAliveTimeout: 0 }, serve) : createHttp2Server(serveHttp2);
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  static async start(protocol: 'http1' | 'http2' = 'http1'): Promise<TestUpstream> {
    const upstream = new TestUpstream(protocol);
    upstream.#server.listen(0, '127.0.0.1');
    await once(upstream.#server, 'listening');
    return upstream;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** All requests so far, of all cases. */
  get served(): number {
    return this.#served;
  }

  /** Answers for the requests of a case, in order; the last one repeats. */
  script(caseId: string, ...answers: Answer[]): void {
    this.#answers.set(caseId, answers);
  }

  requests(caseId: string): readonly RecordedRequest[] {
    return this.#recorded.flatMap((entry) => (entry.caseId === caseId ? [entry.request] : []));
  }

  /** The only request of a case; throws when there were none or several. */
  request(caseId: string): RecordedRequest {
    const found = this.requests(caseId);
    if (found.length !== 1) throw new Error(`expected 1 request of ${caseId}, found ${found.length}`);
    return found[0]!;
  }

  /** Waits for the n-th request of a case. */
  async awaitRequest(caseId: string, count = 1): Promise<RecordedRequest> {
    return await eventually(`request ${count} of ${caseId}`, () => this.requests(caseId)[count - 1]);
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await within('the test upstream to close', closed, DEADLINE_MS);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#served += 1;
    const caseId = String(request.headers[CASE_HEADER] ?? '');
    const aborted = new Gate();
    let isFinished = false;
    response.on('finish', () => (isFinished = true));
    response.on('close', () => {
      if (!isFinished) aborted.open();
    });
    const recorded = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: textHeaders(request),
      body: await buffer(request),
      sentBytes: 0,
      aborted: aborted.opened,
    };
    this.#recorded.push({ caseId, request: recorded });
    if (this.#recorded.length > RECORDED_MAX) this.#recorded.shift();
    const answer = this.#take(caseId);
    if (answer.kind === 'reset') breakConnection(response);
    if (answer.kind === 'respond') await respond(response, answer, recorded, aborted);
  }

  #take(caseId: string): Answer {
    const answers = this.#answers.get(caseId) ?? [];
    return (answers.length > 1 ? answers.shift() : answers[0]) ?? FALLBACK;
  }
}

async function respond(
  response: ServerResponse,
  answer: Extract<Answer, { kind: 'respond' }>,
  recorded: { sentBytes: number },
  aborted: Gate,
): Promise<void> {
  response.writeHead(answer.status, { ...answer.headers, ...(answer.trailers ? trailerNames(response, answer) : {}) });
  for await (const step of answer.body) {
    if (response.destroyed) return;
    if (step === BREAK) return breakConnection(response);
    if (step instanceof Gate) {
      // Headers and what came before must be out while we wait.
      if (recorded.sentBytes === 0) response.flushHeaders();
      await Promise.race([step.opened, aborted.opened]);
      continue;
    }
    const taken = response.write(step);
    if (!taken) await Promise.race([once(response, 'drain'), aborted.opened]);
    recorded.sentBytes += Buffer.byteLength(step);
  }
  if (answer.trailers) response.addTrailers(answer.trailers);
  response.end();
}

/** HTTP/1.1 announces trailers, and sends them only then. */
const trailerNames = (response: ServerResponse, answer: Extract<Answer, { kind: 'respond' }>) =>
  http2Stream(response) ? {} : { trailer: Object.keys(answer.trailers ?? {}).join(', ') };

const http2Stream = (response: ServerResponse): ServerHttp2Stream | undefined =>
  (response as unknown as Partial<Http2ServerResponse>).stream;

function breakConnection(response: ServerResponse): void {
  const stream = http2Stream(response);
  if (stream) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  else response.socket?.resetAndDestroy();
}

function textHeaders(request: IncomingMessage): Readonly<Record<string, string>> {
  const entries = Object.entries(request.headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value] as const],
  );
  return Object.fromEntries(entries);
}
