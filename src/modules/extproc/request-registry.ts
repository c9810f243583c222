import type { RequestRecord } from './phases/request-record.js';

/**
 * The requests under way, by internal request id: what ties the upstream streams of a request to its router stream. Both
 * must meet in this process (design decision 6). Entries go when their router stream ends, for whatever reason.
 */
export class RequestRegistry {
  readonly #records = new Map<string, RequestRecord>();

  /** At most `maxEntries` at once, so that a peer that never ends its streams cannot fill the memory. */
  constructor(private readonly maxEntries: number) {}

  get size(): number {
    return this.#records.size;
  }

  /** False when the registry is full. */
  add(id: string, record: RequestRecord): boolean {
    if (this.#records.size >= this.maxEntries) return false;
    this.#records.set(id, record);
    return true;
  }

  get(id: string): RequestRecord | undefined {
    return this.#records.get(id);
  }

  remove(id: string): void {
    this.#records.delete(id);
  }
}
