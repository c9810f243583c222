const WORKERS = 4;
/** An Envoy that ends has fewer connections than that in its queue. */
const NEVER_ACCEPTED_MAX = 20;

/**
 * Requests without a pause, four at a time, until `end`.
 *
 * The Envoys of a Gateway share one port of this machine here. When one of them closes its listener, the kernel resets what it
 * had queued for that one (`tcp_migrate_req` is off by default), which a Service of a cluster would not have sent there any
 * more: such a connection is opened again.
 */
export class Load {
  readonly #outcomes: Record<string, number> = {};
  readonly #workers: readonly Promise<void>[];
  #isEnding = false;
  #neverAccepted = 0;

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
      const result = await this.request().catch((error: unknown) => error);
      if (wasNeverAccepted(result) && (this.#neverAccepted += 1) <= NEVER_ACCEPTED_MAX) continue;
      const outcome = String(result);
      this.#outcomes[outcome] = (this.#outcomes[outcome] ?? 0) + 1;
    }
  }
}

/**
 * Reset by the kernel before any answer. A program that closes a connection ends it: `socket hang up`, without a system call.
 * Errors of Node's own modules are of another realm than the tests, so `instanceof Error` is false for them.
 */
const wasNeverAccepted = (result: unknown): boolean => {
  const { code, syscall = '' } = Object(result) as NodeJS.ErrnoException;
  return code === 'ECONNRESET' && ['connect', 'read'].includes(syscall);
};
