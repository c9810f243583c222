export interface BackOffSettings {
  readonly firstMs: number;
  readonly maxMs: number;
  /** Failures in a row after which there is no further try. */
  readonly failuresMax: number;
  /** A run of at least this length counts as success and starts the row anew. */
  readonly stableMs: number;
}

export const RESTART_BACK_OFF: BackOffSettings = { firstMs: 200, maxMs: 10_000, failuresMax: 10, stableMs: 30_000 };

/** How often something failed in a row, and how long to wait before the next try: doubling, bounded. */
export class BackOff {
  readonly #settings: BackOffSettings;
  #failures = 0;

  constructor(settings: BackOffSettings = RESTART_BACK_OFF) {
    this.#settings = settings;
  }

  /** Wait before the next try in milliseconds; undefined: give up. `ranForMs` is how long the failed run had lasted. */
  next(ranForMs: number): number | undefined {
    const { firstMs, maxMs, failuresMax, stableMs } = this.#settings;
    this.#failures = ranForMs >= stableMs ? 1 : this.#failures + 1;
    if (this.#failures > failuresMax) return undefined;
    return Math.min(maxMs, firstMs * 2 ** (this.#failures - 1));
  }
}
