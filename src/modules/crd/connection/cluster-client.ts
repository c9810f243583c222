import type { GroupKind, KubeObject } from '../../../shared/api/kube-object.js';
import { apiVersionOf, resourceOf, type ResourceType } from '../../../shared/api/resources.js';
import { decodeObject, type Decoded } from '../store/decode-object.js';
import { FIELD_MANAGER } from '../store/managed-keys.js';
import { ApiError, apiErrorOf, apiErrorOfEvent, NoAnswerError } from './api-error.js';
import { HttpTransport, type TransportRequest, type TransportResponse } from './http-transport.js';
import type { ClusterConnection } from './cluster-connection.js';
import { JsonLines } from './json-lines.js';
import { Slots } from './slots.js';

/** etcd holds 1.5 MiB per object; the API server takes 3 MiB and answers with the managed fields added. */
const OBJECT_BYTES_MAX = 16 * 1024 * 1024;
/** A page of a list; servers ignore the limit when they answer from their cache. */
const LIST_BYTES_MAX = 512 * 1024 * 1024;
const CALL_TIMEOUT_MS = 30_000;
const LIST_TIMEOUT_MS = 60_000;
/** Writes in flight at once. */
const WRITES_MAX = 16;
/** Reads of single objects in flight at once. */
const READS_MAX = 16;

export interface ListOptions {
  /** Absent: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  /** `0`: any state that the server has at hand; a version: not older; absent: the newest. */
  readonly resourceVersion?: string | undefined;
  readonly limit?: number | undefined;
  readonly continueToken?: string | undefined;
  /** Only `metadata` is sent. */
  readonly isMetadataOnly?: boolean | undefined;
}

export interface Page {
  readonly items: readonly Decoded[];
  readonly resourceVersion: string;
  /** Of the next page, if there is one. */
  readonly continueToken: string | undefined;
}

export interface WatchOptions extends Omit<ListOptions, 'limit' | 'continueToken'> {
  readonly resourceVersion: string;
  /** The server ends the watch after this time. */
  readonly timeoutSeconds: number;
  /** The watch is given up when nothing, not even a bookmark, came for this time. */
  readonly silenceMaxMs: number;
}

/** `bookmark`: nothing changed up to this version. */
export interface WatchEvent {
  readonly type: 'put' | 'delete' | 'bookmark';
  readonly item: Decoded;
}

/** Name of an object on the wire. `namespace` is ignored for kinds that have none. */
export interface ObjectName {
  readonly type: GroupKind;
  readonly namespace: string;
  readonly name: string;
}

/**
 * The verbs of the API server on objects of the kinds of `shared/api/resources.ts`. Every call has a deadline and a bound
 * on what it takes in; it rejects with ApiError when the server refuses, NoAnswerError when it does not answer.
 */
export class ClusterClient {
  readonly #transport: HttpTransport;
  readonly #writes = new Slots(WRITES_MAX);
  readonly #reads = new Slots(READS_MAX);
  #writesAllowed = true;

  constructor(connection: ClusterConnection) {
    this.#transport = new HttpTransport(connection);
  }

  /** No write leaves this process any more, those that wait for a slot included: another process may lead. */
  forbidWrites(): void {
    this.#writesAllowed = false;
  }

  /** Undefined when there is none, also when the kind is not installed. */
  async get({ type, namespace, name }: ObjectName): Promise<Decoded | undefined> {
    const resource = resourceOf(type);
    const path = pathOf(resource, namespace, name);
    const response = await this.#reads.run(() => this.#send({ method: 'GET', path, headers: ACCEPT_JSON }));
    if (response.status === 404) return undefined;
    return decodeObject(parsed(response, `GET ${path}`), resource);
  }

  async list(type: GroupKind, options: ListOptions = {}): Promise<Page> {
    const resource = resourceOf(type);
    const path = withQuery(pathOf(resource, options.namespace), {
      ...selection(options),
      resourceVersion: options.resourceVersion,
      // Without it a version together with a limit means exactly that version.
      resourceVersionMatch: options.resourceVersion === undefined ? undefined : 'NotOlderThan',
      limit: options.limit?.toString(),
      continue: options.continueToken,
    });
    const response = await this.#send({
      method: 'GET',
      path,
      headers: options.isMetadataOnly ? ACCEPT_METADATA_LIST : ACCEPT_JSON,
      timeoutMs: LIST_TIMEOUT_MS,
      responseBytesMax: LIST_BYTES_MAX,
    });
    const list = parsed(response, `GET ${path}`) as {
      readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
      readonly items?: readonly unknown[];
    };
    return {
      items: (list.items ?? []).map((item) => decodeObject(item, resource)),
      resourceVersion: list.metadata?.resourceVersion ?? '',
      continueToken: list.metadata?.continue || undefined,
    };
  }

  /**
   * Calls `onEvent` for each event, in order, until the server ends the watch; then resolves. Rejects when the watch
   * breaks, stays silent for too long, or says an error, of which an expired version is one.
   */
  async watch(
    type: GroupKind,
    options: WatchOptions,
    signal: AbortSignal,
    onEvent: (event: WatchEvent) => void,
  ): Promise<void> {
    const resource = resourceOf(type);
    const path = withQuery(pathOf(resource, options.namespace), {
      ...selection(options),
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: options.resourceVersion,
      timeoutSeconds: String(options.timeoutSeconds),
    });
    const what = `GET ${path}`;
    const response = await this.#transport.open(path, options.isMetadataOnly ? ACCEPT_METADATA : ACCEPT_JSON, signal);
    if (response.statusCode !== 200) throw await refusedWatch(response, what);
    const silence = setTimeout(
      () => response.destroy(new NoAnswerError(`${what}: silent for ${options.silenceMaxMs} ms`)),
      options.silenceMaxMs,
    );
    const lines = new JsonLines(OBJECT_BYTES_MAX);
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        silence.refresh();
        for (const line of lines.push(chunk)) onEvent(eventOf(line, resource, what));
      }
    } catch (error) {
      if (error instanceof ApiError || error instanceof NoAnswerError) throw error;
      throw new NoAnswerError(`${what}: ${(error as Error).message}`, { cause: error });
    } finally {
      clearTimeout(silence);
      response.destroy();
    }
  }

  /**
   * Server-side apply: the fields of `object` become ours, those of it that were ours and are missing now go away.
   * Without `force`, fields that another manager set to other values are a Conflict.
   */
  async apply(object: KubeObject, { force }: { readonly force: boolean }): Promise<Decoded> {
    const resource = resourceOfObject(object);
    const path = withQuery(pathOf(resource, object.metadata.namespace ?? '', object.metadata.name), {
      fieldManager: FIELD_MANAGER,
      force: String(force),
    });
    return await this.#write('PATCH', path, resource, object, 'application/apply-patch+yaml');
  }

  /** RFC 7386. With `metadata.resourceVersion` in the patch it is a Conflict when the object changed since. */
  async mergePatch({ type, namespace, name }: ObjectName, patch: object, subresource?: 'status'): Promise<Decoded> {
    const resource = resourceOf(type);
    const path = withQuery(pathOf(resource, namespace, name, subresource), { fieldManager: FIELD_MANAGER });
    return await this.#write('PATCH', path, resource, patch, 'application/merge-patch+json');
  }

  /** RFC 6902. */
  async jsonPatch({ type, namespace, name }: ObjectName, patch: readonly object[]): Promise<Decoded> {
    const resource = resourceOf(type);
    const path = withQuery(pathOf(resource, namespace, name), { fieldManager: FIELD_MANAGER });
    return await this.#write('PATCH', path, resource, patch, 'application/json-patch+json');
  }

  async create(object: KubeObject): Promise<Decoded> {
    const resource = resourceOfObject(object);
    const path = withQuery(pathOf(resource, object.metadata.namespace ?? ''), { fieldManager: FIELD_MANAGER });
    return await this.#write('POST', path, resource, object, 'application/json');
  }

  /** The whole object; a Conflict when `metadata.resourceVersion` is not the one of the server. */
  async replace(object: KubeObject): Promise<Decoded> {
    const resource = resourceOfObject(object);
    const path = withQuery(pathOf(resource, object.metadata.namespace ?? '', object.metadata.name), {
      fieldManager: FIELD_MANAGER,
    });
    return await this.#write('PUT', path, resource, object, 'application/json');
  }

  /** Resolves also when there is none. A Conflict when the object of that name is another one than `uid`. */
  async delete({ type, namespace, name }: ObjectName, uid: string): Promise<void> {
    const path = pathOf(resourceOf(type), namespace, name);
    const options = {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      preconditions: { uid },
      propagationPolicy: 'Background',
    };
    const response = await this.#sendWrite('DELETE', path, options, 'application/json');
    if (response.status !== 404) parsed(response, `DELETE ${path}`);
  }

  /** `major` and `minor` of the API server, as it writes them. */
  async version(): Promise<{ readonly major: string; readonly minor: string }> {
    const response = await this.#send({ method: 'GET', path: '/version', headers: ACCEPT_JSON });
    const { major, minor } = parsed(response, 'GET /version') as { readonly major?: string; readonly minor?: string };
    return { major: major ?? '', minor: minor ?? '' };
  }

  /** Breaks off what is under way. */
  close(): void {
    this.#transport.close();
  }

  async #write(
    method: 'PATCH' | 'POST' | 'PUT',
    path: string,
    resource: ResourceType,
    content: object,
    contentType: string,
  ): Promise<Decoded> {
    const response = await this.#sendWrite(method, path, content, contentType);
    return decodeObject(parsed(response, `${method} ${path}`), resource);
  }

  async #sendWrite(
    method: 'PATCH' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    content: object,
    contentType: string,
  ): Promise<TransportResponse> {
    const body = JSON.stringify(content);
    return await this.#writes.run(async () => {
      if (!this.#writesAllowed)
        throw new NoAnswerError(`${method} ${path}: not sent, this process may not write any more`);
      return await this.#send({ method, path, headers: { ...ACCEPT_JSON, 'content-type': contentType }, body });
    });
  }

  async #send(
    request: Omit<TransportRequest, 'timeoutMs' | 'responseBytesMax'> & Partial<TransportRequest>,
  ): Promise<TransportResponse> {
    return await this.#transport.send({ timeoutMs: CALL_TIMEOUT_MS, responseBytesMax: OBJECT_BYTES_MAX, ...request });
  }
}

const USER_AGENT = { 'user-agent': 'nest-ai-gateway' } as const;
const ACCEPT_JSON = { accept: 'application/json', ...USER_AGENT } as const;
const ACCEPT_METADATA = {
  accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
  ...USER_AGENT,
} as const;
const ACCEPT_METADATA_LIST = {
  accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
  ...USER_AGENT,
} as const;

function pathOf(resource: ResourceType, namespace: string | undefined, name?: string, subresource?: string): string {
  const version = apiVersionOf(resource);
  const parts = [
    resource.group === '' ? `/api/${version}` : `/apis/${version}`,
    ...(resource.isNamespaced && namespace ? ['namespaces', encodeURIComponent(namespace)] : []),
    resource.plural,
    ...(name === undefined ? [] : [encodeURIComponent(name)]),
    ...(subresource === undefined ? [] : [subresource]),
  ];
  return parts.join('/');
}

function withQuery(path: string, parameters: Readonly<Record<string, string | undefined>>): string {
  const query = Object.entries(parameters)
    .filter((entry): entry is [string, string] => entry[1] !== undefined)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
  return query === '' ? path : `${path}?${query}`;
}

const selection = ({ labelSelector }: ListOptions) => ({ labelSelector });

const resourceOfObject = ({ apiVersion, kind }: KubeObject): ResourceType =>
  resourceOf({ group: apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '', kind });

function parsed({ status, body, retryAfter }: TransportResponse, request: string): unknown {
  if (status < 200 || status > 299) throw apiErrorOf(status, body, retryAfter, request);
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new NoAnswerError(`${request}: the answer is not JSON`, { cause: error });
  }
}

async function refusedWatch(
  response: AsyncIterable<Buffer> & { statusCode?: number | undefined; destroy(): unknown },
  what: string,
) {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  const body = Buffer.concat(chunks).subarray(0, OBJECT_BYTES_MAX).toString('utf8');
  return apiErrorOf(response.statusCode ?? 0, body, undefined, what);
}

const EVENT_TYPES = { ADDED: 'put', MODIFIED: 'put', DELETED: 'delete', BOOKMARK: 'bookmark' } as const;

function eventOf(line: string, resource: ResourceType, what: string): WatchEvent {
  const { type, object } = JSON.parse(line) as { readonly type?: string; readonly object?: unknown };
  if (type === 'ERROR') throw apiErrorOfEvent(object, what);
  if (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED' || type === 'BOOKMARK')
    return { type: EVENT_TYPES[type], item: decodeObject(object, resource) };
  throw new NoAnswerError(`${what}: unknown event type "${type}"`);
}
