import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { ClusterConnection } from '../../src/modules/crd/connection/cluster-connection.js';
import { ApiCredentials } from '../../src/modules/crd/connection/api-credentials.js';
import type { KubeObject } from '../../src/shared/api/kube-object.js';

/** What the server does instead of answering properly; `drop` ends the connection without an answer. */
export type Fault = { readonly status: number; readonly retryAfter?: string } | 'drop' | 'hang';

interface StoredEvent {
  readonly version: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly collection: string;
  readonly object: KubeObject;
}

interface Watcher {
  readonly collection: string;
  readonly namespace: string | undefined;
  readonly selector: string | undefined;
  /** It is told of what is newer. */
  readonly from: number;
  readonly response: ServerResponse;
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
}

/**
 * An API server in memory over real HTTP, for what a real one does not do on demand: expired versions, watches that break or
 * fall silent, errors, slow answers. It knows list, watch, get, create, replace, merge patch and delete of any kind, with
 * versions and conflicts; server-side apply is tested on the real one.
 */
export class FakeKubeApi {
  readonly calls: Call[] = [];
  /** Asked for each request; undefined: answer properly. */
  fault: (call: Call) => Fault | undefined = () => undefined;
  /** Objects in a page that says to continue, whatever the client asks for. */
  pageSize = Infinity;
  readonly #objects = new Map<string, KubeObject>();
  #events: StoredEvent[] = [];
  #version = 100;
  /** Versions before it are gone. */
  #oldestVersion = 100;
  readonly #watchers = new Set<Watcher>();
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get connection(): ClusterConnection {
    const { port } = this.#server.address() as AddressInfo;
    return {
      server: new URL(`http://127.0.0.1:${port}`),
      namespace: undefined,
      tls: { rejectUnauthorized: false },
      credentials: new ApiCredentials(async () => ({ authorization: 'Bearer test' })),
    };
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** Writes an object as somebody else; `collection` is `<group>/<version>/<plural>` or `v1/<plural>`. */
  put(collection: string, object: KubeObject): KubeObject {
    const key = keyIn(collection, object.metadata.namespace, object.metadata.name);
    const before = this.#objects.get(key);
    const stored = {
      ...object,
      metadata: {
        uid: `uid-${this.#version}`,
        generation: 1,
        ...before?.metadata,
        ...object.metadata,
        ...(before && { uid: before.metadata.uid }),
        resourceVersion: String(++this.#version),
      },
    } as KubeObject;
    this.#objects.set(key, stored);
    this.#tell({ version: this.#version, type: before ? 'MODIFIED' : 'ADDED', collection, object: stored });
    return stored;
  }

  remove(collection: string, namespace: string, name: string): void {
    const key = keyIn(collection, namespace, name);
    const before = this.#objects.get(key);
    if (!before) throw new Error(`no ${key}`);
    this.#objects.delete(key);
    const object = { ...before, metadata: { ...before.metadata, resourceVersion: String(++this.#version) } };
    this.#tell({ version: this.#version, type: 'DELETED', collection, object });
  }

  get(collection: string, namespace: string, name: string): KubeObject | undefined {
    return this.#objects.get(keyIn(collection, namespace, name));
  }

  list(collection: string): readonly KubeObject[] {
    return [...this.#objects.entries()].filter(([key]) => key.startsWith(`${collection}|`)).map(([, object]) => object);
  }

  /** How many watches are open. */
  get watches(): number {
    return this.#watchers.size;
  }

  /** Calls of a method whose path contains the text. */
  callsOf(method: string, part: string): readonly Call[] {
    return this.calls.filter((call) => call.method === method && call.path.includes(part));
  }

  /** Forgets all events: a watch from an older version is told that it expired. */
  compact(): void {
    this.#events = [];
    this.#oldestVersion = this.#version;
  }

  bookmark(): void {
    for (const { response, collection } of this.#watchers)
      send(response, 'BOOKMARK', { kind: collection, metadata: { resourceVersion: String(this.#version) } });
  }

  /** Puts the objects and the count of versions back to now, as a restore of etcd would; watches break by themselves. */
  backup(): () => void {
    const [objects, version] = [new Map(this.#objects), this.#version];
    return () => {
      this.#objects.clear();
      for (const [key, object] of objects) this.#objects.set(key, object);
      this.#version = version;
      this.compact();
    };
  }

  /** Ends all watches in the middle of a line. */
  breakWatches(): void {
    for (const { response } of this.#watchers) {
      response.write('{"type":"ADD');
      response.destroy();
    }
    this.#watchers.clear();
  }

  /** Open watches stay open and are never told anything again, as behind a peer that vanished. */
  silenceWatches(): void {
    this.#watchers.clear();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', 'http://fake');
    const call = { method: request.method ?? '', path: url.pathname, query: url.searchParams };
    this.calls.push(call);
    const fault = this.fault(call);
    if (fault === 'hang') return;
    if (fault === 'drop') return void request.socket.destroy();
    if (fault) {
      const headers = fault.retryAfter === undefined ? {} : { 'retry-after': fault.retryAfter };
      return void response.writeHead(fault.status, headers).end(JSON.stringify(statusOf(fault.status, 'scripted')));
    }
    const place = placeOf(url.pathname);
    if (call.method === 'GET' && place.name === undefined) {
      if (url.searchParams.get('watch') === 'true') return this.#watch(place, url.searchParams, response);
      return this.#list(place, url.searchParams, response);
    }
    const body = await text(request);
    const [status, answer] = this.#single(call.method, place, body === '' ? undefined : JSON.parse(body));
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  }

  #list({ collection, namespace }: Place, query: URLSearchParams, response: ServerResponse): void {
    if (Number(query.get('resourceVersion') ?? 0) > this.#version) {
      const details = { causes: [{ reason: 'ResourceVersionTooLarge' }] };
      return void response.writeHead(504).end(JSON.stringify({ ...statusOf(504, 'Timeout'), details }));
    }
    const selector = query.get('labelSelector') ?? undefined;
    const all = [...this.#objects.entries()]
      .filter(([key, object]) => key.startsWith(`${collection}|`) && isSelected(object, namespace, selector))
      .map(([, object]) => object);
    const from = Number(query.get('continue') ?? 0);
    const to = Math.min(all.length, from + this.pageSize);
    const metadata = { resourceVersion: String(this.#version), ...(to < all.length && { continue: String(to) }) };
    response.writeHead(200).end(JSON.stringify({ metadata, items: all.slice(from, to) }));
  }

  #watch({ collection, namespace }: Place, query: URLSearchParams, response: ServerResponse): void {
    const version = Number(query.get('resourceVersion'));
    response.writeHead(200);
    response.flushHeaders();
    if (version < this.#oldestVersion) {
      send(response, 'ERROR', statusOf(410, 'Expired'));
      return void response.end();
    }
    const selector = query.get('labelSelector') ?? undefined;
    const watcher = { collection, namespace, selector, from: version, response };
    for (const event of this.#events) if (event.version > version) tell(watcher, event);
    this.#watchers.add(watcher);
    response.on('close', () => this.#watchers.delete(watcher));
  }

  #single(method: string, { collection, namespace, name, subresource }: Place, body: unknown): [number, object] {
    const content = body as KubeObject & { readonly status?: unknown };
    const key = keyIn(collection, namespace, name ?? content.metadata.name);
    const before = this.#objects.get(key);
    if (method === 'POST') {
      if (before) return [409, statusOf(409, 'AlreadyExists')];
      return [201, this.put(collection, content)];
    }
    if (!before) return [404, statusOf(404, 'NotFound')];
    if (method === 'GET') return [200, before];
    if (method === 'DELETE') {
      this.remove(collection, namespace ?? '', name ?? '');
      return [200, statusOf(200, '')];
    }
    const asked = content.metadata?.resourceVersion;
    if (asked !== undefined && asked !== before.metadata.resourceVersion) return [409, statusOf(409, 'Conflict')];
    const patched = method === 'PUT' ? content : (merged(before, content) as KubeObject);
    const written: KubeObject & { readonly status?: unknown } =
      subresource === 'status' ? { ...before, status: (patched as typeof content).status } : patched;
    return [200, this.put(collection, written)];
  }

  #tell(event: StoredEvent): void {
    this.#events.push(event);
    for (const watcher of this.#watchers) tell(watcher, event);
  }
}

interface Place {
  /** `<group>/<version>/<plural>`. */
  readonly collection: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
}

function placeOf(path: string): Place {
  const parts = path.split('/').slice(1);
  const version = parts[0] === 'api' ? parts.slice(1, 2) : parts.slice(1, 3);
  const rest = parts.slice(1 + version.length);
  const namespace = rest[0] === 'namespaces' ? rest[1] : undefined;
  const [plural, name, subresource] = namespace === undefined ? rest : rest.slice(2);
  return { collection: [...version, plural].join('/'), namespace, name, subresource };
}

const keyIn = (collection: string, namespace: string | undefined, name: string) =>
  `${collection}|${namespace ?? ''}|${name}`;

function isSelected({ metadata }: KubeObject, namespace: string | undefined, selector: string | undefined): boolean {
  if (namespace !== undefined && metadata.namespace !== namespace) return false;
  if (selector === undefined) return true;
  const [label = '', value] = selector.split('=');
  const found = metadata.labels?.[label];
  return value === undefined ? found !== undefined : found === value;
}

function tell(watcher: Watcher, { version, type, collection, object }: StoredEvent): void {
  if (
    version > watcher.from &&
    collection === watcher.collection &&
    isSelected(object, watcher.namespace, watcher.selector)
  )
    send(watcher.response, type, object);
}

const send = (response: ServerResponse, type: string, object: object) =>
  response.write(`${JSON.stringify({ type, object })}\n`);

const statusOf = (code: number, reason: string) => ({
  kind: 'Status',
  apiVersion: 'v1',
  code,
  reason,
  message: `fake ${reason}`,
});

/** RFC 7386. */
function merged(value: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> = typeof value === 'object' && value !== null ? { ...value } : {};
  for (const [member, change] of Object.entries(patch)) {
    if (change === null) delete result[member];
    else result[member] = merged(result[member], change);
  }
  return result;
}
