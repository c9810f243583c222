import type { Fault } from '../../shared/api/fault.js';
import { LOCALITY_NOT_MAPPED } from './edits/ai-clusters.js';
import { ROUTE_OUTDATED } from './edits/cluster-target.js';

/** For how long an answer is held back. Envoy Gateway sets no deadline, and waits. */
export const CATCH_UP_MS = 500;
/** After which the replica looks again whether it has caught up. */
export const LOOK_AGAIN_MS = 250;
/** Envoy Gateway translates nothing else meanwhile: answers are not held back one after the other. */
const PAUSE_MS = 5_000;
/** Faults that had their time; the oldest are forgotten first. */
const KNOWN_MAX = 1_000;

const REASONS: ReadonlySet<string> = new Set([ROUTE_OUTDATED, LOCALITY_NOT_MAPPED]);

/** Ends an attempt to answer: the replica has to look again, in {@link LOOK_AGAIN_MS}. */
export class NotUpToDate extends Error {
  override readonly name = 'NotUpToDate';
}

/**
 * Gives this replica time to see what Envoy Gateway has seen already, before requests are refused: for a fault that says that
 * the two differ an answer is held back once, for {@link CATCH_UP_MS}. To answer UNAVAILABLE would not do: Envoy Gateway's
 * client repeats no request above 256 KiB (grpc-go, `MaxRetryRPCBufferSize`), and then the update is lost until something
 * else changes. @see spec ops.md section I1 (row 28)
 */
export class CatchUpTime {
  readonly #known = new Set<string>();
  #openedMs = -Infinity;

  constructor(private readonly nowMs: () => number) {}

  /** Whether to look again later instead of an answer with these faults. */
  isWorthWaiting(faults: readonly Fault[]): boolean {
    const keys = faults.filter(({ reason }) => REASONS.has(reason)).map((fault) => JSON.stringify(fault));
    if (keys.length === 0) return false;
    const sinceMs = this.nowMs() - this.#openedMs;
    if (sinceMs < CATCH_UP_MS) return true;
    if (keys.every((key) => this.#known.has(key)) || sinceMs < PAUSE_MS) return false;
    for (const key of keys) this.#remember(key);
    this.#openedMs = this.nowMs();
    return true;
  }

  #remember(key: string): void {
    this.#known.delete(key);
    this.#known.add(key);
    const [oldest] = this.#known;
    if (this.#known.size > KNOWN_MAX && oldest !== undefined) this.#known.delete(oldest);
  }
}
