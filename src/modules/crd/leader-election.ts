import type { Logger } from 'pino';
import { kinds } from '../../shared/api/kinds.js';
import type { KubeObject } from '../../shared/api/kube-object.js';
import { microTime } from './apply/event-recorder.js';
import { ApiError } from './connection/api-error.js';
import type { ClusterClient } from './connection/cluster-client.js';
import { pause } from './informers/pause.js';
import type { Timing } from './timing.js';

/** Name of the reference's Lease: of two controllers of which one is the reference, one leads. @see spec controller.md 3 */
export const LEASE_NAME = 'envoy-ai-gateway-controller';

export interface LeaseTimes {
  /** Others wait so long after the last sign of life. */
  readonly leaseMs: number;
  /** The leader stops when it could not renew for so long. Less than the lease. */
  readonly renewMs: number;
  readonly retryMs: number;
}

export const LEASE_TIMES: LeaseTimes = { leaseMs: 15_000, renewMs: 10_000, retryMs: 2_000 };

interface Lease extends KubeObject {
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly acquireTime?: string;
    readonly renewTime?: string;
    readonly leaseTransitions?: number;
  };
}

/**
 * Leader election by a Lease, as client-go does it: the clocks of the processes are never compared, each watches for itself
 * how long the record of another one has not changed.
 *
 *     waiting ─ record free, or unchanged for its duration ─▶ leading ─ renews ─▶ leading
 *        ▲ somebody else's                                      │ not renewed in time, or taken: lost, for good
 */
export class LeaderElection {
  readonly #client: ClusterClient;
  readonly #namespace: string;
  readonly #identity: string;
  readonly #timing: Timing;
  readonly #times: LeaseTimes;
  readonly #logger: Logger;
  #observed: { readonly record: string; readonly atMs: number } | undefined;
  #lease: Lease | undefined;
  #renewedAtMs: number | undefined;

  /** The client should be one of its own: a renewal must not wait behind a burst of other writes. */
  constructor(parts: {
    readonly client: ClusterClient;
    readonly namespace: string;
    readonly identity: string;
    readonly timing: Timing;
    readonly logger: Logger;
    readonly times?: LeaseTimes;
  }) {
    this.#client = parts.client;
    this.#namespace = parts.namespace;
    this.#identity = parts.identity;
    this.#timing = parts.timing;
    this.#logger = parts.logger;
    this.#times = parts.times ?? LEASE_TIMES;
  }

  /** Resolves as soon as this process leads; false when the signal ended the wait. Goes on through every error. */
  async acquire(signal: AbortSignal): Promise<boolean> {
    this.#logger.info({ lease: `${this.#namespace}/${LEASE_NAME}`, identity: this.#identity }, 'waiting to lead');
    while (!signal.aborted) {
      if (await this.#attempt()) {
        this.#logger.info({ identity: this.#identity }, 'leading');
        return true;
      }
      await pause(this.#times.retryMs * (0.8 + 0.4 * this.#timing.random()), signal);
    }
    return false;
  }

  /** Renews until the lease is lost, then resolves to true; to false when the signal ended it. */
  async hold(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      await pause(this.#times.retryMs, signal);
      if (signal.aborted) break;
      const leftMs = (this.#renewedAtMs ?? 0) + this.#times.renewMs - this.#timing.nowMs();
      const ended = new AbortController();
      await Promise.race([this.#attempt(), pause(leftMs, AbortSignal.any([signal, ended.signal]))]);
      ended.abort();
      if (signal.aborted) break;
      if (this.#renewedAtMs === undefined || this.#timing.nowMs() - this.#renewedAtMs >= this.#times.renewMs)
        return true;
    }
    return false;
  }

  /** Lets the next process lead at once instead of after the lease. Errors are only logged. */
  async release(): Promise<void> {
    if (!this.#lease || this.#renewedAtMs === undefined) return;
    this.#renewedAtMs = undefined;
    const now = microTime(this.#timing.date());
    const spec = { ...this.#lease.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: now, acquireTime: now };
    try {
      const released: Lease = { ...this.#lease, spec };
      await this.#client.replace(released);
      this.#logger.info('gave up the lease');
    } catch (error) {
      this.#logger.warn({ reason: (error as Error).message }, 'cannot give up the lease, it will run out');
    }
  }

  /** Never rejects. */
  async #attempt(): Promise<boolean> {
    const startMs = this.#timing.nowMs();
    try {
      const found = await this.#client.get({ type: kinds.lease, namespace: this.#namespace, name: LEASE_NAME });
      const current: Lease | undefined = found?.object;
      if (current && this.#isHeldByOther(current)) {
        // Taken from us: whatever we thought.
        this.#renewedAtMs = undefined;
        return false;
      }
      const next = this.#record(current);
      const written = current ? await this.#client.replace(next) : await this.#client.create(next);
      this.#lease = written.object;
      // From before the request: the others may count from then.
      this.#renewedAtMs = startMs;
      return true;
    } catch (error) {
      const isConflict = error instanceof ApiError && error.status === 409;
      const log = isConflict ? 'debug' : 'warn';
      this.#logger[log]({ reason: (error as Error).message }, 'cannot write the lease');
      return false;
    }
  }

  #isHeldByOther({ spec }: Lease): boolean {
    const { holderIdentity = '', leaseDurationSeconds } = spec ?? {};
    const nowMs = this.#timing.nowMs();
    const record = JSON.stringify(spec);
    if (this.#observed?.record !== record) this.#observed = { record, atMs: nowMs };
    if (holderIdentity === '' || holderIdentity === this.#identity) return false;
    const durationMs = leaseDurationSeconds === undefined ? this.#times.leaseMs : leaseDurationSeconds * 1_000;
    return nowMs < this.#observed.atMs + durationMs;
  }

  #record(current: Lease | undefined): Lease {
    const now = microTime(this.#timing.date());
    const isRenewal = current?.spec?.holderIdentity === this.#identity;
    const before = current?.spec;
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: kinds.lease.kind,
      metadata: current?.metadata ?? { name: LEASE_NAME, namespace: this.#namespace },
      spec: {
        holderIdentity: this.#identity,
        leaseDurationSeconds: Math.ceil(this.#times.leaseMs / 1_000),
        acquireTime: (isRenewal && before?.acquireTime) || now,
        renewTime: now,
        leaseTransitions: (before?.leaseTransitions ?? 0) + (current && !isRenewal ? 1 : 0),
      },
    };
  }
}
