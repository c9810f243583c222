import { createServer, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { once } from 'node:events';
import type { KubeObject } from '../../../src/shared/api/kube-object.js';
import type { KubeApi } from './api.js';

interface Service extends KubeObject {
  readonly spec: { readonly clusterIP?: string };
}

/**
 * Stands in for the network of Services as far as the API server uses it: it asks this proxy (HTTP CONNECT on a Unix
 * socket, its egress selector) for connections to webhooks. So webhook configurations stay as they were applied, and the
 * server checks the webhook's certificate for the Service's name.
 */
export class ServiceNetwork {
  readonly #ports = new Map<string, number>();
  readonly #sockets = new Set<Duplex>();
  readonly #server: Server;

  private constructor(private readonly api: () => KubeApi) {
    this.#server = createServer();
    this.#server.on('connect', ({ url = '' }, client: Duplex) => {
      this.#keep(client);
      void this.#open(url, client);
    });
  }

  static async start(socketPath: string, api: () => KubeApi): Promise<ServiceNetwork> {
    const network = new ServiceNetwork(api);
    network.#server.listen(socketPath);
    await once(network.#server, 'listening');
    return network;
  }

  /** Connections of the API server to any port of the Service go to a port of 127.0.0.1 from now on. */
  route(namespace: string, service: string, localPort: number): void {
    this.#ports.set(`${namespace}/${service}`, localPort);
  }

  /** As a Service without endpoints. */
  unroute(namespace: string, service: string): void {
    this.#ports.delete(`${namespace}/${service}`);
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  async #open(address: string, client: Duplex): Promise<void> {
    const port = await this.#portOf(address).catch(() => undefined);
    if (port === undefined) {
      client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
      return;
    }
    const upstream: Socket = connect(port, '127.0.0.1');
    this.#keep(upstream);
    upstream.on('connect', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      client.pipe(upstream).pipe(client);
    });
    upstream.on('close', () => client.destroy());
    client.on('close', () => upstream.destroy());
  }

  async #portOf(address: string): Promise<number | undefined> {
    const host = address.slice(0, address.lastIndexOf(':'));
    const services = await this.api().list<Service>({ apiVersion: 'v1', kind: 'Service' });
    const service = services.find(({ spec }) => spec.clusterIP === host);
    return service && this.#ports.get(`${service.metadata.namespace}/${service.metadata.name}`);
  }

  #keep(socket: Duplex): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => {});
  }
}
