import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';

/** One request to the API server, in the terms of RBAC. */
export interface ApiRequest {
  readonly verb: string;
  readonly group: string;
  /** With its subresource, `pods/status`. Empty for paths that are no resources. */
  readonly resource: string;
  /** Empty: all, or a kind that has none. */
  readonly namespace: string;
  readonly name: string;
  readonly path: string;
  readonly status: number;
}

interface Kubeconfig {
  readonly clusters: readonly [
    { readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string } },
  ];
}

/** Stands between one client and the API server, and writes down what is asked. */
export class RecordingProxy {
  readonly requests: ApiRequest[] = [];
  readonly #server: Server;
  readonly #agent: Agent;

  private constructor(private readonly target: { readonly server: URL; readonly ca: string }) {
    this.#agent = new Agent({ ca: target.ca, keepAlive: true });
    this.#server = createServer((incoming, outgoing) => this.#forward(incoming, outgoing));
  }

  /** The path is that of a kubeconfig of the harness. */
  static async start(kubeconfigPath: string): Promise<RecordingProxy> {
    const { cluster } = (JSON.parse(readFileSync(kubeconfigPath, 'utf8')) as Kubeconfig).clusters[0];
    const ca = Buffer.from(cluster['certificate-authority-data'], 'base64').toString('utf8');
    const proxy = new RecordingProxy({ server: new URL(cluster.server), ca });
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  /** The kubeconfig with this proxy in the place of the API server. */
  kubeconfigText(kubeconfigPath: string): string {
    const config = JSON.parse(readFileSync(kubeconfigPath, 'utf8')) as Kubeconfig;
    const { port } = this.#server.address() as AddressInfo;
    return JSON.stringify({
      ...config,
      clusters: [{ ...config.clusters[0], cluster: { server: `http://127.0.0.1:${port}` } }],
    });
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
    this.#agent.destroy();
  }

  #forward(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { method = '', url = '', headers } = incoming;
    const { hostname, port } = this.target.server;
    const upstream = httpsRequest({ agent: this.#agent, hostname, port, method, path: url, headers });
    upstream.on('response', (response) => {
      this.requests.push(...requestsOf(method, url, response.statusCode ?? 0));
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      outgoing.flushHeaders();
      response.pipe(outgoing);
    });
    upstream.on('error', () => outgoing.destroy());
    outgoing.on('close', () => upstream.destroy());
    incoming.pipe(upstream);
  }
}

const CREATED = 201;

/** An apply that created its object needed two rights. */
export function requestsOf(method: string, url: string, status: number): readonly ApiRequest[] {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const match =
    /^\/(?:api|apis\/(?<group>[^/]+))\/[^/]+(?:\/namespaces\/(?<namespace>[^/]+))?\/(?<plural>[^/]+)(?:\/(?<name>[^/]+))?(?:\/(?<sub>[^/]+))?$/.exec(
      pathname,
    );
  const { group = '', namespace = '', plural = '', name = '', sub } = match?.groups ?? {};
  const resource = sub === undefined ? plural : `${plural}/${sub}`;
  const verb = verbOf(method, name, searchParams.get('watch') === 'true');
  const one: ApiRequest = { verb, group, resource, namespace, name, path: url, status };
  return verb === 'patch' && status === CREATED ? [one, { ...one, verb: 'create' }] : [one];
}

function verbOf(method: string, name: string, isWatch: boolean): string {
  if (method === 'GET') return name !== '' ? 'get' : isWatch ? 'watch' : 'list';
  return { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' }[method] ?? method;
}
