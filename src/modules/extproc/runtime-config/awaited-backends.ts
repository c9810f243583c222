/** Spreads by which Secrets are projected and xDS travels; well below Envoy's `message_timeout` of 10 s. */
const WAIT_MAX_MS = 3000;
/** A name that nobody asked for in this time is new when it is missed again. */
const FORGOTTEN_AFTER_MS = 30_000;
const NAMES_MAX = 100;
const WAITING_MAX = 1000;

interface MissedBackend {
  /** Monotonic. */
  askedAtMs: number;
  /** Resolved when the backend has come or is not waited for any more. */
  readonly over: Promise<void>;
  readonly end: () => void;
}

/**
 * Backends that Envoy has chosen and the configuration does not have: xDS was faster (X31). Attempts at one wait for it,
 * at most 3 s since it was first missed; later ones are not held up, so that a backend that never comes costs each client
 * no time. At most 100 names, of which the oldest goes first, and 1,000 attempts that wait.
 */
export class AwaitedBackends {
  readonly #missed = new Map<string, MissedBackend>();
  #waiting = 0;
  #isClosed = false;

  /** Resolves when the backend has come, when its time is over, or at once when too many wait. Never rejects. */
  async wait(name: string, nowMs: number): Promise<void> {
    if (this.#isClosed || this.#waiting >= WAITING_MAX) return;
    const missed = this.#missedSince(name, nowMs);
    missed.askedAtMs = nowMs;
    this.#waiting += 1;
    await missed.over;
    this.#waiting -= 1;
  }

  /** A configuration became active: whoever waits for one of its backends goes on. */
  settle(backends: ReadonlyMap<string, unknown>): void {
    for (const name of this.#missed.keys()) if (backends.has(name)) this.#forget(name);
  }

  /** Nobody waits any more, now or later. */
  close(): void {
    this.#isClosed = true;
    for (const name of this.#missed.keys()) this.#forget(name);
  }

  #missedSince(name: string, nowMs: number): MissedBackend {
    const known = this.#missed.get(name);
    if (known !== undefined && nowMs - known.askedAtMs < FORGOTTEN_AFTER_MS) return known;
    this.#forget(name);
    const [oldest] = this.#missed.keys();
    if (oldest !== undefined && this.#missed.size >= NAMES_MAX) this.#forget(oldest);
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, WAIT_MAX_MS).unref();
    const end = () => {
      clearTimeout(timer);
      resolve();
    };
    const missed = { askedAtMs: nowMs, over: promise, end };
    this.#missed.set(name, missed);
    return missed;
  }

  #forget(name: string): void {
    this.#missed.get(name)?.end();
    this.#missed.delete(name);
  }
}
