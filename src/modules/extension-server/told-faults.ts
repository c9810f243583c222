import type { Fault } from '../../shared/api/fault.js';

/** After which a fault that is still there is told again. */
const REMIND_MS = 300_000;
const FAULTS_MAX = 1_000;

/** Which faults are worth a line in the log: Envoy Gateway translates as often as anything changes, and most faults stay. */
export class ToldFaults {
  readonly #toldMs = new Map<string, number>();

  constructor(private readonly nowMs: () => number) {}

  /** Of the faults of a translation those that were not told in the last 5 minutes; they count as told from now on. */
  notTold(faults: readonly Fault[]): readonly Fault[] {
    return faults.filter((fault) => {
      const key = JSON.stringify(fault);
      const toldMs = this.#toldMs.get(key);
      if (toldMs !== undefined && this.nowMs() - toldMs < REMIND_MS) return false;
      this.#toldMs.delete(key);
      this.#toldMs.set(key, this.nowMs());
      const [oldest] = this.#toldMs.keys();
      if (this.#toldMs.size > FAULTS_MAX && oldest !== undefined) this.#toldMs.delete(oldest);
      return true;
    });
  }
}
