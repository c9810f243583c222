import type { Logger } from 'pino';
import { kinds } from '../../../shared/api/kinds.js';
import { keyOf, type KubeObject, type ObjectKey, type ObjectMeta } from '../../../shared/api/kube-object.js';
import type { ClusterClient } from '../connection/cluster-client.js';
import { Slots } from '../connection/slots.js';
import type { InformerSink } from '../informers/informer.js';
import { retryDelayMs } from '../retry-delay.js';
import type { Timing } from '../timing.js';
import type { Decoded } from './decode-object.js';
import type { Store } from './store.js';

/** Which Secrets the control plane reads; of all others it only knows that they exist. @see spec controller.md 19, row 31 */
export interface SecretInterest {
  /** Keys of the Secrets that an object refers to. */
  readonly references: (object: KubeObject) => Iterable<ObjectKey>;
  /** Secrets that are read whoever refers to them: those that carry our labels. */
  readonly isOwn: (metadata: ObjectMeta) => boolean;
}

const FETCHES_MAX = 8;
const RETRY = { firstMs: 200, maxMs: 15_000 };

/**
 * Puts the content of those Secrets into the store that somebody refers to. A metadata-only informer says which Secrets
 * exist and when they change, `get` brings what is in them.
 *
 *     metadata event ─┐
 *                     ├─▶ wanted, and not in the store in this version? ─▶ get ─▶ store
 *     reference ──────┘
 */
export class ReferencedSecrets implements InformerSink {
  /** Versions of all Secrets that exist. */
  readonly #versions = new Map<ObjectKey, string>();
  readonly #own = new Set<ObjectKey>();
  readonly #referrers = new Map<ObjectKey, number>();
  readonly #fetching = new Map<ObjectKey, Promise<void>>();
  readonly #failures = new Map<ObjectKey, number>();
  readonly #retries = new Map<ObjectKey, NodeJS.Timeout>();
  readonly #slots = new Slots(FETCHES_MAX);
  readonly #interest: SecretInterest;
  readonly #client: ClusterClient;
  readonly #store: Store;
  readonly #timing: Timing;
  readonly #logger: Logger;
  #isStopped = false;

  constructor(
    interest: SecretInterest,
    parts: { readonly client: ClusterClient; readonly store: Store; readonly timing: Timing; readonly logger: Logger },
  ) {
    this.#interest = interest;
    this.#client = parts.client;
    this.#store = parts.store;
    this.#timing = parts.timing;
    this.#logger = parts.logger;
  }

  /** A Secret of this name exists, though it may not be in the store. */
  exists(key: ObjectKey): boolean {
    return this.#versions.has(key);
  }

  put({ object }: Decoded): void {
    const key = keyOf(object);
    this.#versions.set(key, object.metadata.resourceVersion ?? '');
    if (this.#interest.isOwn(object.metadata)) this.#own.add(key);
    else this.#own.delete(key);
    this.#update(key);
  }

  remove(key: ObjectKey, uid: string | undefined): void {
    this.#versions.delete(key);
    this.#own.delete(key);
    this.#giveUp(key);
    this.#store.remove(key, uid);
  }

  /** An object came, changed or went: what it refers to now, and what no longer. */
  onChange(before: KubeObject | undefined, after: KubeObject | undefined): void {
    const former = new Set(before ? this.#interest.references(before) : []);
    const current = new Set(after ? this.#interest.references(after) : []);
    for (const key of current) if (!former.has(key)) this.#count(key, 1);
    for (const key of former) if (!current.has(key)) this.#count(key, -1);
  }

  /** What is being fetched has come, or has failed once. Passes wait for it, so that no Secret seems to be missing. */
  async settled(): Promise<void> {
    while (this.#fetching.size > 0) await Promise.all(this.#fetching.values());
  }

  get isSettled(): boolean {
    return this.#fetching.size === 0;
  }

  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#retries.values()) clearTimeout(timer);
    this.#retries.clear();
  }

  #count(key: ObjectKey, by: 1 | -1): void {
    const count = (this.#referrers.get(key) ?? 0) + by;
    if (count > 0) this.#referrers.set(key, count);
    else this.#referrers.delete(key);
    this.#update(key);
  }

  #isWanted(key: ObjectKey): boolean {
    return this.#versions.has(key) && (this.#own.has(key) || this.#referrers.has(key));
  }

  #update(key: ObjectKey): void {
    if (!this.#isWanted(key)) {
      this.#giveUp(key);
      // One that no event told of yet is one that we have just written.
      if (this.#versions.has(key)) this.#store.remove(key);
    } else if (!this.#isCurrent(key)) this.#fetch(key);
  }

  #isCurrent(key: ObjectKey): boolean {
    return this.#store.getByKey(key)?.metadata.resourceVersion === this.#versions.get(key);
  }

  #fetch(key: ObjectKey): void {
    if (this.#isStopped || this.#fetching.has(key)) return;
    const fetching = this.#slots
      .run(() => this.#get(key))
      .finally(() => {
        this.#fetching.delete(key);
        // It changed while it was on its way; a failure waits for its retry.
        if (this.#isWanted(key) && !this.#isCurrent(key) && !this.#retries.has(key)) this.#fetch(key);
      });
    this.#fetching.set(key, fetching);
  }

  /** Never rejects. */
  async #get(key: ObjectKey): Promise<void> {
    if (!this.#isWanted(key)) return;
    const asked = this.#versions.get(key);
    try {
      const found = await this.#client.get({ type: kinds.secret, ...nameOf(key) });
      this.#failures.delete(key);
      if (!found) {
        // Its DELETED event is on the way, unless it came back meanwhile.
        if (this.#versions.get(key) === asked) this.remove(key, undefined);
      } else if (this.#isWanted(key)) {
        // The version is newer than the one that the informer told of when an event is on its way.
        if (this.#versions.get(key) === asked) this.#versions.set(key, found.object.metadata.resourceVersion ?? '');
        this.#store.put(found, true);
      }
    } catch (error) {
      if (this.#isStopped) return;
      const failures = (this.#failures.get(key) ?? 0) + 1;
      this.#failures.set(key, failures);
      const waitMs = retryDelayMs(failures, RETRY, this.#timing.random());
      const timer = setTimeout(() => {
        this.#retries.delete(key);
        this.#update(key);
      }, waitMs);
      this.#retries.set(key, timer);
      this.#logger.warn({ key, reason: (error as Error).message }, 'cannot read a secret, trying again');
    }
  }

  #giveUp(key: ObjectKey): void {
    clearTimeout(this.#retries.get(key));
    this.#retries.delete(key);
    this.#failures.delete(key);
  }
}

function nameOf(key: ObjectKey): { readonly namespace: string; readonly name: string } {
  const [, , namespace = '', name = ''] = key.split('/');
  return { namespace, name };
}
