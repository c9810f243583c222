import type { Logger } from 'pino';
import { keyOf, type KubeObject, type ObjectKey } from '../../../shared/api/kube-object.js';
import type { ResourceType } from '../../../shared/api/resources.js';
import type { ClusterClient, WatchEvent } from '../connection/cluster-client.js';
import { ApiError, isExpired } from '../connection/api-error.js';
import { retryDelayMs } from '../retry-delay.js';
import type { Decoded } from '../store/decode-object.js';
import type { Timing } from '../timing.js';
import { pause } from './pause.js';

/** Objects of one kind, in one namespace or all, that carry the labels. */
export interface Selection {
  readonly resource: ResourceType;
  /** Absent: all namespaces, and kinds that have none. */
  readonly namespace?: string;
  /** `<label>` (it is there) or `<label>=<value>`. */
  readonly labelSelector?: string;
  readonly isMetadataOnly?: boolean;
  /** The kind may not be installed; it counts as empty until it is. */
  readonly isOptional?: boolean;
  /** What is kept of an object; it may change the object in place. */
  readonly reduce?: (object: KubeObject) => KubeObject;
}

export interface InformerSink {
  /** `isFromList`: the state of the object now, not an event of it. */
  put(item: Decoded, isFromList: boolean): void;
  remove(key: ObjectKey, uid: string | undefined): void;
}

export interface InformerLimits {
  readonly pageSize: number;
  /** Bounds within which each watch is given a random time; so they do not all end together. */
  readonly watchSeconds: readonly [number, number];
  /** Bookmarks come every minute. */
  readonly silenceMaxMs: number;
  readonly retry: { readonly firstMs: number; readonly maxMs: number };
  /** A kind that is not installed is looked for again after this time. */
  readonly absentRetryMs: number;
  /** A watch that lived as long was no failure. */
  readonly healthyMs: number;
}

export const INFORMER_LIMITS: InformerLimits = {
  pageSize: 500,
  watchSeconds: [240, 480],
  silenceMaxMs: 150_000,
  retry: { firstMs: 200, maxMs: 15_000 },
  absentRetryMs: 30_000,
  healthyMs: 10_000,
};

const WARNED_FAILURES = new Set([1, 10, 100, 1_000]);

export type InformerState = 'starting' | 'synced' | 'absent';

/**
 * List, then watch, for ever.
 *
 *          ┌───────── version expired ─────────┐
 *          ▼                                   │
 *     ┌─ list ──▶ synced ─▶ watch ─ ended ─▶ confirm ─▶ watch …
 *     │   ▲  │                │
 *     │   │  └─ 404 ─▶ absent │ broken, silent: back-off, then watch again from the last version
 *     └───┘      (30 s) ─▶ list
 *   failed: back-off
 *
 * A list is compared with what is known, so that nothing that happened meanwhile is lost. @see style.md 1.4
 */
export class Informer {
  readonly selection: Selection;
  readonly #client: ClusterClient;
  readonly #sink: InformerSink;
  readonly #limits: InformerLimits;
  readonly #timing: Timing;
  readonly #logger: Logger;
  readonly #onRestart: () => void;
  /** With the uid of each, for deletions that only a list shows. */
  readonly #known = new Map<ObjectKey, string | undefined>();
  readonly #synced = Promise.withResolvers<void>();
  #state: InformerState = 'starting';
  #version = '';
  #failures = 0;
  #lastError: unknown;

  constructor(
    selection: Selection,
    parts: {
      readonly client: ClusterClient;
      readonly sink: InformerSink;
      readonly timing: Timing;
      readonly logger: Logger;
      readonly limits?: InformerLimits;
      /** A list or watch failed and is tried again. */
      readonly onRestart?: () => void;
    },
  ) {
    this.selection = selection;
    this.#client = parts.client;
    this.#sink = parts.sink;
    this.#timing = parts.timing;
    this.#limits = parts.limits ?? INFORMER_LIMITS;
    this.#onRestart = parts.onRestart ?? (() => {});
    const { resource, namespace } = selection;
    this.#logger = parts.logger.child({ kind: resource.kind, ...(namespace && { namespace }) });
  }

  get state(): InformerState {
    return this.#state;
  }

  /** Why it is not synced, as far as it is known. */
  get lastError(): unknown {
    return this.#lastError;
  }

  /** Resolves after the first list, or when an optional kind is not installed. */
  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  has(key: ObjectKey): boolean {
    return this.#known.has(key);
  }

  /** Resolves once the signal ended it. */
  async run(signal: AbortSignal): Promise<void> {
    let mustList = true;
    while (!signal.aborted) {
      const startedMs = this.#timing.nowMs();
      try {
        if (mustList) await this.#list(signal);
        else await this.#confirm(signal);
        mustList = false;
        if (this.#state === 'absent') {
          mustList = true;
          await pause(this.#limits.absentRetryMs, signal);
          continue;
        }
        await this.#watch(signal);
        this.#failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        if (this.#timing.nowMs() - startedMs > this.#limits.healthyMs) this.#failures = 0;
        if (isExpired(error) || isNotFound(error)) mustList = true;
        await this.#afterFailure(error, signal);
      }
    }
  }

  async #afterFailure(error: unknown, signal: AbortSignal): Promise<void> {
    this.#failures++;
    this.#lastError = error;
    this.#onRestart();
    const waitMs = retryDelayMs(this.#failures, this.#limits.retry, this.#timing.random());
    const reason = error instanceof Error ? error.message : String(error);
    if (isExpired(error)) this.#logger.debug({ reason }, 'version expired, listing again');
    // When the API server is away, all informers say so at once.
    else
      this.#logger[WARNED_FAILURES.has(this.#failures) ? 'warn' : 'debug'](
        { reason, retryInMs: Math.round(waitMs), failures: this.#failures },
        'cannot watch, trying again',
      );
    const askedMs = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
    await pause(Math.max(waitMs, Math.min(askedMs, this.#limits.retry.maxMs)), signal);
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { isOptional } = this.selection;
    try {
      await this.#listAll(signal);
      if (this.#state === 'absent') this.#logger.info('kind was installed, watching it');
      this.#state = 'synced';
    } catch (error) {
      if (!isNotFound(error) || !isOptional) throw error;
      if (this.#state !== 'absent') this.#logger.info('kind is not installed, waiting for it');
      this.#state = 'absent';
      this.#version = '';
      for (const [key, uid] of this.#known) this.#forget(key, uid);
    }
    this.#lastError = undefined;
    this.#synced.resolve();
  }

  /**
   * The first list takes what the server has in its cache; later ones want nothing older than what was seen, else the
   * world could go back in time. When the server no longer has that version, it gives the newest.
   */
  async #listAll(signal: AbortSignal): Promise<void> {
    try {
      await this.#listFrom(this.#version === '' ? '0' : this.#version, signal);
    } catch (error) {
      if (!isExpired(error)) throw error;
      await this.#listFrom(undefined, signal);
    }
  }

  async #listFrom(resourceVersion: string | undefined, signal: AbortSignal): Promise<void> {
    const { resource, namespace, labelSelector, isMetadataOnly } = this.selection;
    const seen = new Set<ObjectKey>();
    let version = '';
    let continueToken: string | undefined;
    do {
      signal.throwIfAborted();
      const page = await this.#client.list(resource, {
        namespace,
        labelSelector,
        isMetadataOnly,
        limit: this.#limits.pageSize,
        ...(continueToken === undefined ? { resourceVersion } : { continueToken }),
      });
      for (const item of page.items) seen.add(this.#put(item, true));
      ({ continueToken, resourceVersion: version } = page);
    } while (continueToken !== undefined);
    this.#version = version;
    for (const [key, uid] of this.#known) if (!seen.has(key)) this.#forget(key, uid);
  }

  /**
   * Rejects as expired when the server has never heard of the last version, since its data was restored from a backup: a watch
   * from there would be silent until it has caught up, and never tell what went back. Without labels, because the server looks
   * for the one object in a long list otherwise.
   */
  async #confirm(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { resource, namespace } = this.selection;
    await this.#client.list(resource, {
      namespace,
      isMetadataOnly: true,
      limit: 1,
      resourceVersion: this.#version,
    });
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { resource, namespace, labelSelector, isMetadataOnly } = this.selection;
    const [min, max] = this.#limits.watchSeconds;
    await this.#client.watch(
      resource,
      {
        namespace,
        labelSelector,
        isMetadataOnly,
        resourceVersion: this.#version,
        timeoutSeconds: Math.round(min + (max - min) * this.#timing.random()),
        silenceMaxMs: this.#limits.silenceMaxMs,
      },
      signal,
      (event) => this.#onEvent(event),
    );
  }

  #onEvent({ type, item }: WatchEvent): void {
    // Kept after each event: a watch that breaks goes on from here.
    this.#version = item.object.metadata.resourceVersion ?? this.#version;
    if (type === 'put') this.#put(item, false);
    else if (type === 'delete') this.#forget(keyOf(item.object), item.object.metadata.uid);
  }

  #put(item: Decoded, isFromList: boolean): ObjectKey {
    const { reduce } = this.selection;
    const key = keyOf(item.object);
    this.#known.set(key, item.object.metadata.uid);
    this.#sink.put(reduce ? { ...item, object: reduce(item.object) } : item, isFromList);
    return key;
  }

  #forget(key: ObjectKey, uid: string | undefined): void {
    this.#known.delete(key);
    this.#sink.remove(key, uid);
  }
}

const isNotFound = (error: unknown): boolean => error instanceof ApiError && error.status === 404;
