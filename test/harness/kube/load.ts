const WORKERS = 4;

/** Requests without a pause, four at a time, until `end`. */
export class Load {
  readonly #outcomes: Record<string, number> = {};
  readonly #workers: readonly Promise<void>[];
  #isEnding = false;

  /** `request` gives what became of one: a status, or a word. */
  constructor(private readonly request: () => Promise<number | string>) {
    this.#workers = Array.from({ length: WORKERS }, () => this.#work());
  }

  /** How often each status, or message of an error, was the outcome. */
  async end(): Promise<Readonly<Record<string, number>>> {
    this.#isEnding = true;
    await Promise.all(this.#workers);
    return this.#outcomes;
  }

  async #work(): Promise<void> {
    while (!this.#isEnding) {
      const outcome = String(await this.request().catch((error: unknown) => error));
      this.#outcomes[outcome] = (this.#outcomes[outcome] ?? 0) + 1;
    }
  }
}
