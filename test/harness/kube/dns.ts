import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { dnsAnswer } from './dns-message.js';

const ZONES = ['test', 'svc.cluster.local'];
const LOOPBACK = ['127.0.0.1'];

/** A name server for programs under test: a name below `test` and `svc.cluster.local` is this machine unless set. */
export class DnsServer {
  readonly #addresses = new Map<string, readonly string[]>();

  private constructor(private readonly socket: Socket) {
    socket.on('message', (query, peer) => {
      const answer = dnsAnswer(query, (name) => this.#addressesOf(name));
      if (answer) socket.send(answer, peer.port, peer.address);
    });
  }

  static async start(): Promise<DnsServer> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new DnsServer(socket);
  }

  /** UDP port of 127.0.0.1. */
  get port(): number {
    return this.socket.address().port;
  }

  /** Undefined: back to 127.0.0.1. */
  setAddresses(name: string, addresses: readonly string[] | undefined): void {
    if (addresses) this.#addresses.set(name, addresses);
    else this.#addresses.delete(name);
  }

  async close(): Promise<void> {
    this.socket.close();
    await once(this.socket, 'close');
  }

  #addressesOf(name: string): readonly string[] | undefined {
    const isOurs = ZONES.some((zone) => name.endsWith(`.${zone}`));
    return this.#addresses.get(name) ?? (isOurs ? LOOPBACK : undefined);
  }
}
