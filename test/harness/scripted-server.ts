import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface ScriptedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface ScriptedAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** An HTTP server on loopback that answers as the test says: for services that libraries call, such as metadata servers. */
export class ScriptedServer {
  readonly requests: ScriptedRequest[] = [];
  /** 404 without an answer; `hang` never answers. */
  answer: (request: ScriptedRequest) => ScriptedAnswer | 'hang' | undefined = () => undefined;
  readonly #server = createServer((request, response) => {
    void text(request).then((body) => {
      const seen = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body };
      this.requests.push(seen);
      const answer = this.answer(seen) ?? { status: 404 };
      if (answer !== 'hang') response.writeHead(answer.status ?? 200, answer.headers).end(answer.body);
    });
  });

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
