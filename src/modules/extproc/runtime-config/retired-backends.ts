import type { RuntimeBackend } from './runtime-config.js';

const RETIRED_MAX = 1000;

/**
 * Backends that the current configuration no longer has. Envoy learns of a new configuration by another way and may
 * still choose them for a while (X31). At most 1,000; the oldest go first.
 */
export class RetiredBackends {
  readonly #entries = new Map<string, { readonly backend: RuntimeBackend; readonly untilMs: number }>();

  constructor(private readonly graceMs: number) {}

  /** Notes what `next` has lost against `previous`. */
  update(
    previous: ReadonlyMap<string, RuntimeBackend>,
    next: ReadonlyMap<string, RuntimeBackend>,
    nowMs: number,
  ): void {
    for (const [name, { untilMs }] of this.#entries) {
      if (untilMs <= nowMs || next.has(name)) this.#entries.delete(name);
    }
    for (const [name, backend] of previous) {
      if (!next.has(name)) this.#entries.set(name, { backend, untilMs: nowMs + this.graceMs });
    }
    for (const name of this.#entries.keys()) {
      if (this.#entries.size <= RETIRED_MAX) break;
      this.#entries.delete(name);
    }
  }

  find(name: string, nowMs: number): RuntimeBackend | undefined {
    const entry = this.#entries.get(name);
    return entry && nowMs < entry.untilMs ? entry.backend : undefined;
  }
}
