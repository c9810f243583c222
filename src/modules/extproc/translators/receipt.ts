/** Paths that one receipt names at most; the rest is counted in the last one. */
const PATHS_MAX = 32;

/** Collects the client's fields that a cell cannot hand on. Bounded, each path once, in the order they were found. */
export class Receipt {
  readonly #paths = new Set<string>();
  #omitted = 0;

  /** @param path From the top of the client's body, e.g. `messages[2].content[0]`. */
  drop(path: string): void {
    if (this.#paths.has(path)) return;
    if (this.#paths.size < PATHS_MAX) this.#paths.add(path);
    else this.#omitted++;
  }

  /** The last entry tells how many more there are when they are too many. */
  get dropped(): readonly string[] {
    return this.#omitted === 0 ? [...this.#paths] : [...this.#paths, `(${this.#omitted} more)`];
  }
}
