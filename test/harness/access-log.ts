import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { eventually } from './eventually.js';

/** A line as the listeners of the tests write it; what is unknown is null. `ai` is the name space `io.envoy.ai_gateway`. */
export interface AccessLogEntry {
  readonly case: string | null;
  readonly status: number;
  readonly details: string | null;
  readonly flags: string | null;
  readonly attempts: number | null;
  readonly model: string | null;
  readonly originalPath: string | null;
  readonly envoyOriginalPath: string | null;
  readonly ai: Readonly<Record<string, string | number>> | null;
}

/** Envoy's access log, read as it grows. */
export class AccessLog {
  readonly #entries: AccessLogEntry[] = [];
  #offset = 0;
  #rest = '';

  constructor(private readonly path: string) {}

  /** Waits for the line of a case; it comes when the request is over for Envoy. */
  async entry(caseId: string, count = 1): Promise<AccessLogEntry> {
    return await eventually(`line ${count} of ${caseId} in Envoy's access log`, () => this.entries(caseId)[count - 1]);
  }

  /** The lines of a case so far. */
  entries(caseId: string): readonly AccessLogEntry[] {
    this.#read();
    return this.#entries.filter((entry) => entry.case === caseId);
  }

  /** All lines so far. */
  get all(): readonly AccessLogEntry[] {
    this.#read();
    return this.#entries;
  }

  #read(): void {
    const file = openSync(this.path, 'r');
    try {
      const bytes = Buffer.alloc(fstatSync(file).size - this.#offset);
      this.#offset += readSync(file, bytes, 0, bytes.length, this.#offset);
      const lines = (this.#rest + bytes.toString('utf8')).split('\n');
      this.#rest = lines.pop() ?? '';
      for (const line of lines) this.#entries.push(JSON.parse(line) as AccessLogEntry);
    } finally {
      closeSync(file);
    }
  }
}
