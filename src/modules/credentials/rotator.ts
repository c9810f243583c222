import type { Logger } from 'pino';
import type { ObjectKey } from '../../shared/api/kube-object.js';
import type { Timing } from '../crd/timing.js';
import type { CredentialMetrics } from './credential-metrics.js';
import { timeoutFailure, toFailure, unusableToken, type ExchangeFailure } from './exchange-failure.js';
import type { Exchange, ExchangedToken, ExchangeRequest } from './exchange.js';
import { encodedData } from './generated-secret.js';
import { ClockShift } from './clock-shift.js';
import { sealOf } from './policy/fingerprint.js';
import { providerOf } from './provider.js';

/** Of all providers together. */
const EXCHANGES_MAX = 8;
/** Of one provider, so that one that hangs leaves room for the others. */
const PER_PROVIDER_MAX = 6;
/** Of a provider whose last exchange failed after holding its slot for longer than {@link SLOW_MS}. */
const PER_HANGING_PROVIDER_MAX = 1;
const SLOW_MS = 1_000;
const DEADLINE_MS = 30_000;
/** Hanging providers that are remembered. */
const PROVIDERS_MAX = 1_000;

export interface RotatorLimits {
  /** For one exchange with all its steps. */
  readonly deadlineMs: number;
}

/** A token that was got and not lost since. */
export interface IssuedToken {
  readonly digest: string;
  /** Values of the Secret, base64. */
  readonly data: Readonly<Record<string, string>>;
  readonly seal: string;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
  /** As {@link CredentialRotator.clockShiftMs} was then. */
  readonly clockShiftMs: number;
}

/** What came of the exchanges for one policy so far. */
export interface RotationState {
  /** The latest one. */
  readonly issued: IssuedToken | undefined;
  readonly lastAttempt: EndedAttempt | undefined;
}

export interface EndedAttempt {
  readonly digest: string;
  /** In a row. */
  readonly failures: number;
  readonly failure: ExchangeFailure | undefined;
  readonly endedAt: Date;
  readonly endedAtMs: number;
}

export interface RotationTask {
  readonly request: ExchangeRequest;
  readonly digest: string;
  /** Lower ones first: when the present token ends, as a Unix time. */
  readonly urgencyMs: number;
}

interface Entry {
  /** Waits for a slot. */
  queued: RotationTask | undefined;
  running: { readonly task: RotationTask; readonly abort: AbortController } | undefined;
  issued: IssuedToken | undefined;
  lastAttempt: EndedAttempt | undefined;
}

/**
 * Runs exchanges beside the controller loop, which never waits for them: it asks for one, and is woken when it has ended.
 *
 *     ask ─▶ queue (most urgent first) ─▶ slot (8, few of one provider) ─▶ exchange, 30 s ─▶ issued or failed ─▶ wake
 *
 * At most one for each policy. What is known of a policy is kept until {@link forget}.
 */
export class CredentialRotator {
  readonly #entries = new Map<ObjectKey, Entry>();
  readonly #runningBy = new Map<string, number>();
  readonly #hanging = new Set<string>();
  readonly #exchange: Exchange;
  readonly #timing: Timing;
  readonly #metrics: CredentialMetrics;
  readonly #logger: Logger;
  readonly #limits: RotatorLimits;
  readonly #clockShift = new ClockShift();
  #running = 0;
  #isStopped = false;
  #onEnded: (policy: ObjectKey) => void = () => {};

  constructor(parts: {
    readonly exchange: Exchange;
    readonly timing: Timing;
    readonly metrics: CredentialMetrics;
    readonly logger: Logger;
    readonly limits?: RotatorLimits;
  }) {
    this.#exchange = parts.exchange;
    this.#timing = parts.timing;
    this.#metrics = parts.metrics;
    this.#logger = parts.logger;
    this.#limits = parts.limits ?? { deadlineMs: DEADLINE_MS };
  }

  /** Who is told when an exchange of a policy has ended. */
  onEnded(listener: (policy: ObjectKey) => void): void {
    this.#onEnded = listener;
  }

  /** By how much the clock of this machine was set back since the start. */
  clockShiftMs(): number {
    return this.#clockShift.note(this.#timing.date().getTime(), this.#timing.nowMs());
  }

  /** Does nothing when the same is under way; one with other inputs is given up for it. */
  ask(policy: ObjectKey, task: RotationTask): void {
    if (this.#isStopped) return;
    const entry = this.#entry(policy);
    if (entry.running?.task.digest === task.digest && !entry.running.abort.signal.aborted) {
      entry.queued = undefined;
      return;
    }
    entry.running?.abort.abort();
    entry.queued = task;
    this.#fill();
  }

  state(policy: ObjectKey): RotationState {
    const entry = this.#entries.get(policy);
    return { issued: entry?.issued, lastAttempt: entry?.lastAttempt };
  }

  /** Gives up what is under way for the policy, if anything is: nothing is due any more. */
  cancel(policy: ObjectKey): void {
    const entry = this.#entries.get(policy);
    if (!entry) return;
    entry.queued = undefined;
    entry.running?.abort.abort();
  }

  /** The policy needs no token any more: what is under way is given up, what was got is dropped. */
  forget(policy: ObjectKey): void {
    const entry = this.#entries.get(policy);
    this.#entries.delete(policy);
    entry?.running?.abort.abort();
  }

  /** Gives up what is under way; nobody is told of it. */
  stop(): void {
    this.#isStopped = true;
    for (const policy of this.#entries.keys()) this.forget(policy);
  }

  #entry(policy: ObjectKey): Entry {
    let entry = this.#entries.get(policy);
    if (!entry) {
      entry = { queued: undefined, running: undefined, issued: undefined, lastAttempt: undefined };
      this.#entries.set(policy, entry);
    }
    return entry;
  }

  #fill(): void {
    while (this.#running < EXCHANGES_MAX) {
      const next = this.#next();
      if (!next) return;
      this.#start(...next);
    }
  }

  /** The most urgent one whose provider has room. */
  #next(): readonly [ObjectKey, Entry, RotationTask] | undefined {
    let best: readonly [ObjectKey, Entry, RotationTask] | undefined;
    for (const [policy, entry] of this.#entries) {
      const task = entry.queued;
      if (!task || entry.running || (best && best[2].urgencyMs <= task.urgencyMs)) continue;
      if (this.#hasRoom(providerOf(task.request))) best = [policy, entry, task];
    }
    return best;
  }

  #hasRoom(provider: string): boolean {
    const max = this.#hanging.has(provider) ? PER_HANGING_PROVIDER_MAX : PER_PROVIDER_MAX;
    return (this.#runningBy.get(provider) ?? 0) < max;
  }

  #start(policy: ObjectKey, entry: Entry, task: RotationTask): void {
    const provider = providerOf(task.request);
    const abort = new AbortController();
    entry.queued = undefined;
    entry.running = { task, abort };
    const startMs = this.#timing.nowMs();
    this.#running++;
    this.#runningBy.set(provider, (this.#runningBy.get(provider) ?? 0) + 1);
    void this.#run(task, abort).then((result) => {
      this.#running--;
      const others = (this.#runningBy.get(provider) ?? 1) - 1;
      if (others > 0) this.#runningBy.set(provider, others);
      else this.#runningBy.delete(provider);
      entry.running = undefined;
      if (!abort.signal.aborted) {
        this.#remember(provider, 'code' in result && this.#timing.nowMs() - startMs > SLOW_MS);
        this.#end(policy, entry, task, result);
      }
      this.#fill();
    });
  }

  /** Never rejects, and ends with the deadline or the abort also when the exchange does not. */
  async #run(task: RotationTask, abort: AbortController): Promise<IssuedToken | ExchangeFailure> {
    const deadline = new AbortController();
    const signal = AbortSignal.any([abort.signal, deadline.signal]);
    const start = { issuedAt: inSeconds(this.#timing.date()), clockShiftMs: this.clockShiftMs() };
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<ExchangeFailure>((resolve) => {
      const end = () => {
        resolve(timeoutFailure(this.#limits.deadlineMs));
        deadline.abort();
      };
      timer = setTimeout(end, this.#limits.deadlineMs);
      abort.signal.addEventListener('abort', end, { once: true });
    });
    const exchanged = (async () => await this.#exchange(task.request, signal))().then(
      (token) => unusableToken(token, this.#timing.date()) ?? { ...issuedToken(token, task), ...start },
      (error: unknown) => toFailure(error, task.request),
    );
    const result = await Promise.race([exchanged, late]);
    clearTimeout(timer);
    return result;
  }

  #end(policy: ObjectKey, entry: Entry, { digest }: RotationTask, result: IssuedToken | ExchangeFailure): void {
    const failure = 'code' in result ? result : undefined;
    const former = entry.lastAttempt?.digest === digest ? entry.lastAttempt.failures : 0;
    entry.lastAttempt = {
      digest,
      failures: failure ? former + 1 : 0,
      failure,
      endedAt: this.#timing.date(),
      endedAtMs: this.#timing.nowMs(),
    };
    this.#metrics.attempted(policy, failure?.step);
    if ('code' in result) {
      const { step, code, message } = result;
      this.#logger.warn({ policy, step, code, reason: message }, 'cannot exchange a credential');
    } else {
      entry.issued = result;
      this.#logger.info({ policy, expiresAt: result.expiresAt }, 'exchanged a credential');
    }
    this.#onEnded(policy);
  }

  #remember(provider: string, isHanging: boolean): void {
    this.#hanging.delete(provider);
    if (!isHanging) return;
    this.#hanging.add(provider);
    const [oldest] = this.#hanging;
    if (this.#hanging.size > PROVIDERS_MAX && oldest !== undefined) this.#hanging.delete(oldest);
  }
}

function issuedToken(token: ExchangedToken, { digest }: RotationTask): Omit<IssuedToken, 'issuedAt' | 'clockShiftMs'> {
  const data = encodedData(token);
  return { digest, data, seal: sealOf(data, digest), expiresAt: inSeconds(token.expiresAt) };
}

/** As it is written down, so that nothing changes when it is read again. */
const inSeconds = (date: Date): Date => new Date(Math.floor(date.getTime() / 1_000) * 1_000);
