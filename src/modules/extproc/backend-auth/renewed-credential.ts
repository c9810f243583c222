import { failureReason } from './failure-reason.js';

/** A credential and when it ends, in Unix ms; undefined: not known. */
export interface Issued<T> {
  readonly value: T;
  readonly expiresAtMs: number | undefined;
}

export interface CredentialClock {
  /** Unix time. */
  unixMs(): number;
  /** Never set back; from any origin. */
  monotonicMs(): number;
}

export interface RenewedCredentialOptions<T> {
  /** What is fetched, from where and what to do when it fails; part of every message. */
  readonly what: string;
  readonly repair: string;
  /** Fetches a new one. Its errors are told by kind, never by their texts, which may hold answers of servers. */
  issue(): Promise<Issued<T>>;
  readonly clock: CredentialClock;
  /** A fetch failed, also one in the background that no request waits for. */
  readonly onFailure?: ((message: string) => void) | undefined;
}

/** Why no credential can be had; without any secret. */
export class CredentialUnavailableError extends Error {
  override readonly name = 'CredentialUnavailableError';
}

/** Below the 10 s that Envoy waits for an answer of ours (extension-server.md section 9.2). */
const WAIT_LIMIT_MS = 8_000;
/** A fetch that takes longer is given up, so that the next one may start. */
const ISSUE_LIMIT_MS = 30_000;
const RENEW_BEFORE_MAX_MS = 5 * 60_000;
/** A credential without end is read again after this time: files and mounted Secrets change. */
const REREAD_AFTER_MS = 5 * 60_000;
/** After a fetch, good or not; issuers may hand out the old credential until shortly before its end. */
const INTERVAL_MIN_MS = 10_000;
const BACK_OFF_FIRST_MS = 1_000;
const BACK_OFF_MAX_MS = 30_000;

/**
 * A credential that is fetched with its first use and renewed by use.
 *
 *     none ──get──▶ fetching ──▶ fresh ──5 min or a fifth of its life before its end──▶ due ──end──▶ expired
 *                      │           ▲                                                    │             │
 *                      └─failed─▶ back-off 1 s … 30 s ◀──── fetch in the background ────┘             │
 *                                  ▲────────────────────────────── fetch, requests wait ──────────────┘
 *
 * One fetch runs at a time. Requests wait only when nothing valid is at hand, and at most 8 s from the start of the fetch;
 * during back-off they fail at once with the last reason, so that an outage costs one fetch per interval.
 */
export class RenewedCredential<T> {
  #current: Issued<T> | undefined;
  #renewAtMs = 0;
  /** What requests wait for while a fetch runs; rejects before the fetch ends when that takes too long. */
  #awaited: Promise<T> | undefined;
  #failure: CredentialUnavailableError | undefined;
  #failures = 0;
  #idleUntilMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: RenewedCredentialOptions<T>) {}

  /** Rejects with {@link CredentialUnavailableError} only. */
  get(): T | Promise<T> {
    const nowMs = this.options.clock.unixMs();
    const current = this.#current;
    if (current && nowMs < this.#renewAtMs) return current.value;
    const isValid = current !== undefined && (current.expiresAtMs === undefined || nowMs < current.expiresAtMs);
    if (this.#awaited === undefined && this.#mayFetch(isValid)) this.#start();
    if (isValid) return current.value;
    return this.#awaited ?? Promise.reject(this.#failure!);
  }

  /** An expired credential is replaced at once, unless fetching it has just failed. */
  #mayFetch(isValid: boolean): boolean {
    return (!isValid && this.#failures === 0) || this.options.clock.monotonicMs() >= this.#idleUntilMs;
  }

  #start(): void {
    const fetching = this.#fetch();
    const awaited = within(fetching, WAIT_LIMIT_MS, () => this.#unavailable('no answer within 8 s'));
    this.#awaited = awaited;
    // There may be no request that waits.
    awaited.catch(() => undefined);
    const done = () => (this.#awaited = undefined);
    void fetching.then(done, done);
  }

  async #fetch(): Promise<T> {
    try {
      const issued = await within(this.options.issue(), ISSUE_LIMIT_MS, () =>
        this.#unavailable('no answer within 30 s'),
      );
      this.#accept(issued);
      return issued.value;
    } catch (error) {
      this.#fail(error instanceof CredentialUnavailableError ? error : this.#unavailable(failureReason(error)));
      throw this.#failure;
    }
  }

  #accept(issued: Issued<T>): void {
    const { clock } = this.options;
    const nowMs = clock.unixMs();
    const lifeMs = issued.expiresAtMs === undefined ? undefined : issued.expiresAtMs - nowMs;
    // Not a number when an answer held no date.
    if (lifeMs !== undefined && !(lifeMs > 0)) throw this.#unavailable('the one that was given has expired already');
    this.#current = issued;
    this.#renewAtMs =
      nowMs + (lifeMs === undefined ? REREAD_AFTER_MS : lifeMs - Math.min(RENEW_BEFORE_MAX_MS, lifeMs / 5));
    this.#failures = 0;
    this.#failure = undefined;
    this.#idleUntilMs = clock.monotonicMs() + INTERVAL_MIN_MS;
  }

  #fail(failure: CredentialUnavailableError): void {
    const backOffMs = Math.min(BACK_OFF_MAX_MS, BACK_OFF_FIRST_MS * 2 ** Math.min(this.#failures, 10));
    this.#failures += 1;
    this.#failure = failure;
    this.#idleUntilMs = this.options.clock.monotonicMs() + backOffMs;
    this.options.onFailure?.(failure.message);
  }

  #unavailable(reason: string): CredentialUnavailableError {
    return new CredentialUnavailableError(`no ${this.options.what}: ${reason}; ${this.options.repair}`);
  }
}

/** The promise, unless the limit passes first; its later end then has no effect. */
async function within<T>(promise: Promise<T>, limitMs: number, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), limitMs);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}
