import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

const CONNECT_MS = 3_000;

/**
 * Stands in for the address of a Service with several Pods: a port of 127.0.0.1 whose connections go in turn to ports of
 * 127.0.0.1 on which somebody listens. A connection stays where it is until one side ends it.
 */
export class ServiceBalancer {
  /** Ports of the Pods. */
  readonly targets = new Set<number>();
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #turn = 0;

  private constructor() {
    this.#server = createServer((client) => {
      this.#keep(client);
      void this.#open(client);
    });
  }

  static async start(port: number): Promise<ServiceBalancer> {
    const balancer = new ServiceBalancer();
    balancer.#server.listen(port, '127.0.0.1');
    await once(balancer.#server, 'listening');
    return balancer;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  /** The next target, and those after it when it does not answer. */
  async #open(client: Socket): Promise<void> {
    const targets = [...this.targets];
    const first = (this.#turn += 1);
    for (let tried = 0; tried < targets.length; tried += 1) {
      const upstream = connect(targets[(first + tried) % targets.length]!, '127.0.0.1');
      this.#keep(upstream);
      try {
        await once(upstream, 'connect', { signal: AbortSignal.timeout(CONNECT_MS) });
      } catch {
        upstream.destroy();
        continue;
      }
      client.pipe(upstream).pipe(client);
      upstream.on('close', () => client.destroy());
      client.on('close', () => upstream.destroy());
      if (client.destroyed) upstream.destroy();
      return;
    }
    client.destroy();
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => {});
  }
}
