import { once } from 'node:events';
import { createServer, request as sendRequest } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** What went through. */
export interface Proxied {
  readonly method: string;
  /** `host:port` of a tunnel, the absolute URL of a plain request. */
  readonly target: string;
  readonly authorization: string | undefined;
}

/** An HTTP proxy on loopback: tunnels (CONNECT) and forwards plain requests, and remembers both. */
export class ForwardProxy {
  readonly seen: Proxied[] = [];
  /** Refuses everything with 407. */
  refuses = false;
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((request, response) => {
    this.#record(request.method, request.url, request.headers['proxy-authorization']);
    if (this.refuses) return void response.writeHead(407).end();
    // What is meant for the proxy ends here. @see RFC 9110 section 11.7.1
    const { 'proxy-authorization': _mine, ...headers } = request.headers;
    const forwarded = sendRequest(request.url ?? '', { method: request.method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    forwarded.on('error', () => response.destroy());
    request.pipe(forwarded);
  });

  /** `places`: where tunnels go whose target, `host:port`, is to be somewhere else, as `host:port`. */
  constructor(places: ReadonlyMap<string, string> = new Map()) {
    this.#server.on('connection', (socket) => this.#keep(socket));
    this.#server.on('connect', (request, client: Socket, head: Buffer) => {
      this.#record('CONNECT', request.url, request.headers['proxy-authorization']);
      if (this.refuses) return void client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      const target = request.url ?? '';
      const [host = '', port = ''] = (places.get(target) ?? target).split(':');
      const upstream = connect(Number(port), host, () => {
        client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
        upstream.write(head);
        upstream.pipe(client).pipe(upstream);
      });
      this.#keep(upstream);
      upstream.on('error', () => client.destroy());
      client.on('error', () => upstream.destroy());
    });
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #record(method = '', target = '', authorization: string | undefined): void {
    this.seen.push({ method, target, authorization });
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }
}
