import { setTimeout as delay } from 'node:timers/promises';
import type { KubeObject } from '../../../src/shared/api/kube-object.js';
import { DEADLINE_MS } from '../eventually.js';
import { plantSecret } from '../planted-objects.js';
import { KubeApiError, KubeTransport, type KubeEndpoint } from './kube-transport.js';

/** One object by name. A {@link KubeObject} gives its reference with {@link refOf}. */
export interface ObjectRef {
  readonly apiVersion: string;
  readonly kind: string;
  /** Absent for kinds without namespace. */
  readonly namespace?: string;
  readonly name: string;
}

export type ObjectType = Pick<ObjectRef, 'apiVersion' | 'kind'>;

export interface Selection {
  /** Absent: all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface WatchEvent<T extends KubeObject> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: T;
}

interface ObjectList<T> {
  readonly metadata: { readonly resourceVersion: string };
  readonly items: readonly T[];
}

/** Field manager of what tests apply, unless they say otherwise. */
const FIELD_MANAGER = 'test';
const RECONNECT_MS = 50;

export const refOf = ({ apiVersion, kind, metadata: { name, namespace } }: KubeObject): ObjectRef => ({
  apiVersion,
  kind,
  name,
  ...(namespace === undefined ? {} : { namespace }),
});

/** A small client of the API server for tests: any kind that the server knows, typed by the caller. */
export class KubeApi {
  readonly transport: KubeTransport;
  readonly #resources = new Map<string, Promise<{ plural: string; isNamespaced: boolean }>>();

  constructor(endpoint: KubeEndpoint) {
    this.transport = new KubeTransport(endpoint);
  }

  /** Undefined when there is no such object. */
  async get<T extends KubeObject>(ref: ObjectRef): Promise<T | undefined> {
    const path = await this.#pathOf(ref);
    return await orUndefinedIfMissing(this.transport.json<T>(path));
  }

  async list<T extends KubeObject>(type: ObjectType, selection: Selection = {}): Promise<readonly T[]> {
    return (await this.#list<T>(type, selection)).items.map((item) => ({ ...item, ...only(type) }));
  }

  async create<T extends KubeObject>(object: T): Promise<T> {
    plantSecret(object);
    const path = await this.#collectionOf(object, object.metadata.namespace ?? 'default');
    return await this.transport.json<T>(path, { method: 'POST', body: object });
  }

  /** Server-side apply that takes the fields over from others. */
  async apply<T extends KubeObject>(object: T, fieldManager = FIELD_MANAGER): Promise<T> {
    plantSecret(object);
    const path = `${await this.#pathOf(refOf(object))}?fieldManager=${fieldManager}&force=true`;
    return await this.transport.json<T>(path, {
      method: 'PATCH',
      body: object,
      contentType: 'application/apply-patch+yaml',
    });
  }

  /** PUT: fails with `Conflict` when `metadata.resourceVersion` is not the current one. */
  async replace<T extends KubeObject>(object: T): Promise<T> {
    plantSecret(object);
    return await this.transport.json<T>(await this.#pathOf(refOf(object)), { method: 'PUT', body: object });
  }

  /** JSON merge patch. */
  async patch<T extends KubeObject>(ref: ObjectRef, patch: object, subresource?: 'status' | 'scale'): Promise<T> {
    const path = `${await this.#pathOf(ref)}${subresource ? `/${subresource}` : ''}`;
    return await this.transport.json<T>(path, {
      method: 'PATCH',
      body: patch,
      contentType: 'application/merge-patch+json',
    });
  }

  /** Does nothing when there is no such object. A Pod with a grace period stays until its kubelet has ended it. */
  async delete(ref: ObjectRef, gracePeriodSeconds = 0): Promise<void> {
    const path = `${await this.#pathOf(ref)}?gracePeriodSeconds=${gracePeriodSeconds}&propagationPolicy=Background`;
    await orUndefinedIfMissing(this.transport.json(path, { method: 'DELETE' }));
  }

  /** Creates it unless it is there. */
  async ensureNamespace(name: string): Promise<void> {
    await this.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }

  /**
   * Events from now on, first an `ADDED` for each object that exists. Outlives restarts of the API server: it lists
   * again, which repeats `ADDED` and may miss a `DELETED`. Ends with the signal.
   */
  async *watch<T extends KubeObject>(
    type: ObjectType,
    selection: Selection,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<T>> {
    for await (const news of this.#follow<T>(type, selection, signal)) {
      if ('type' in news) yield news;
      else for (const object of news) yield { type: 'ADDED', object };
    }
  }

  /**
   * Waits for a state of one object; `probe` gets undefined while it does not exist. Returns what `probe` gives unless
   * that is undefined or false. Throws with the last seen object when the deadline passes.
   */
  async eventually<T extends KubeObject, R>(
    ref: ObjectRef,
    what: string,
    probe: (object: T | undefined) => R | undefined | false,
    deadlineMs = DEADLINE_MS,
  ): Promise<R> {
    const deadline = AbortSignal.timeout(deadlineMs);
    const ended = new AbortController();
    const selection = { fieldSelector: `metadata.name=${ref.name}`, ...namespaceOf(ref) };
    let last: T | undefined;
    try {
      for await (const news of this.#follow<T>(ref, selection, AbortSignal.any([deadline, ended.signal]))) {
        if ('type' in news) last = news.type === 'DELETED' ? undefined : news.object;
        else last = news[0];
        const found = probe(last);
        if (found !== undefined && found !== false) return found;
      }
    } finally {
      ended.abort();
    }
    throw new Error(`not within ${deadlineMs} ms: ${what}; ${nameOf(ref)} is ${JSON.stringify(last) ?? 'not there'}`);
  }

  /** Waits until the object exists. */
  async exists<T extends KubeObject>(ref: ObjectRef, deadlineMs = DEADLINE_MS): Promise<T> {
    return await this.eventually<T, T>(ref, `${nameOf(ref)} to exist`, (object) => object, deadlineMs);
  }

  /** Waits until the object does not exist. */
  async isGone(ref: ObjectRef, deadlineMs = DEADLINE_MS): Promise<void> {
    await this.eventually(ref, `${nameOf(ref)} to be gone`, (object) => object === undefined, deadlineMs);
  }

  close(): void {
    this.transport.close();
  }

  /** First all objects, then each event; again from the start when the connection ends before the signal. */
  async *#follow<T extends KubeObject>(
    type: ObjectType,
    selection: Selection,
    signal: AbortSignal,
  ): AsyncGenerator<readonly T[] | WatchEvent<T>> {
    while (!signal.aborted) {
      try {
        const { metadata, items } = await this.#list<T>(type, selection);
        yield items.map((item) => ({ ...item, ...only(type) }));
        const query = { watch: 'true', resourceVersion: metadata.resourceVersion };
        for await (const line of this.transport.lines(await this.#selected(type, selection, query), signal)) {
          const event = JSON.parse(line) as WatchEvent<T> | { readonly type: 'ERROR' };
          if (event.type === 'ERROR') break;
          yield event;
        }
      } catch (error) {
        if (error instanceof KubeApiError && !isPassing(error)) throw error;
      }
      await delay(RECONNECT_MS, undefined, { signal }).catch(() => {});
    }
  }

  async #list<T>(type: ObjectType, selection: Selection): Promise<ObjectList<T>> {
    return await this.transport.json<ObjectList<T>>(await this.#selected(type, selection, {}));
  }

  async #selected(type: ObjectType, selection: Selection, more: Record<string, string>): Promise<string> {
    const { namespace, labelSelector, fieldSelector } = selection;
    const query = new URLSearchParams({
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
      ...more,
    });
    return `${await this.#collectionOf(type, namespace)}?${query.toString()}`;
  }

  async #pathOf(ref: ObjectRef): Promise<string> {
    return `${await this.#collectionOf(ref, ref.namespace ?? 'default')}/${ref.name}`;
  }

  async #collectionOf({ apiVersion, kind }: ObjectType, namespace: string | undefined): Promise<string> {
    const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const key = `${root}/${kind}`;
    let resource = this.#resources.get(key);
    if (!resource) {
      resource = this.#discover(root, kind);
      this.#resources.set(key, resource);
      // A kind may come later.
      resource.catch(() => this.#resources.delete(key));
    }
    const { plural, isNamespaced } = await resource;
    return isNamespaced && namespace !== undefined ? `${root}/namespaces/${namespace}/${plural}` : `${root}/${plural}`;
  }

  async #discover(root: string, kind: string): Promise<{ plural: string; isNamespaced: boolean }> {
    const { resources } = await this.transport.json<{
      resources: readonly { name: string; kind: string; namespaced: boolean }[];
    }>(root);
    const found = resources.find((resource) => resource.kind === kind && !resource.name.includes('/'));
    if (!found) throw new Error(`the API server knows no ${kind} in ${root}: is its CRD installed?`);
    return { plural: found.name, isNamespaced: found.namespaced };
  }
}

const only = ({ apiVersion, kind }: ObjectType): ObjectType => ({ apiVersion, kind });

/** The server restarts, is busy, or no longer knows where the watch stood. */
const isPassing = ({ status }: KubeApiError) => status >= 500 || status === 429 || status === 410;

const namespaceOf = ({ namespace }: ObjectRef) => (namespace === undefined ? {} : { namespace });

const nameOf = ({ kind, namespace, name }: ObjectRef) => `${kind} ${namespace ? `${namespace}/` : ''}${name}`;

async function orUndefinedIfMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof KubeApiError && error.status === 404) return undefined;
    throw error;
  }
}
