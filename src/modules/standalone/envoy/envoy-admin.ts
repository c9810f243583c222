import { readFile } from 'node:fs/promises';
import { componentList, type LogLevels } from './log-levels.js';

const TIMEOUT_MS = 1_000;

/** Numbers and texts by stat name. */
export type Stats = ReadonlyMap<string, number | string>;

/** Envoy's admin interface, found through the file that Envoy writes its address to. Every call is limited to 1 s. */
export class EnvoyAdmin {
  readonly #addressFile: string;

  constructor(addressFile: string) {
    this.#addressFile = addressFile;
  }

  /** `127.0.0.1:<port>`. Rejects while Envoy has not written it yet. */
  async address(): Promise<string> {
    const address = (await readFile(this.#addressFile, 'utf8')).trim();
    if (address === '') throw new Error(`${this.#addressFile} is empty`);
    return address;
  }

  /** Whether Envoy serves; false also when it cannot be asked. */
  async isReady(): Promise<boolean> {
    try {
      return (await this.#request('GET', '/ready')).startsWith('LIVE');
    } catch {
      return false;
    }
  }

  /** The stats whose names match the regular expression. */
  async stats(filter: string): Promise<Stats> {
    const text = await this.#request('GET', `/stats?format=json&filter=${encodeURIComponent(filter)}`);
    const { stats } = JSON.parse(text) as { stats: { name?: string; value?: number | string }[] };
    return new Map(
      stats.flatMap(({ name, value }) => (name === undefined || value === undefined ? [] : [[name, value]])),
    );
  }

  /** Requests of clients that are being served, those of the admin interface left out. */
  async activeRequests(): Promise<number> {
    let sum = 0;
    for (const [name, value] of await this.stats('^http\\..*\\.downstream_rq_active$')) {
      if (name !== 'http.admin.downstream_rq_active' && typeof value === 'number') sum += value;
    }
    return sum;
  }

  async setLogLevels(levels: LogLevels): Promise<void> {
    await this.#request('POST', `/logging?level=${levels.standard}`);
    await this.#request('POST', `/logging?paths=${componentList(levels)}`);
  }

  /** No new connections, and every answer from now on closes its connection. */
  async drain(): Promise<void> {
    await this.#request('POST', '/healthcheck/fail');
    await this.#request('POST', '/drain_listeners');
  }

  async #request(method: string, path: string): Promise<string> {
    const response = await fetch(`http://${await this.address()}${path}`, {
      method,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`Envoy's admin answered ${method} ${path} with ${response.status}`);
    return text;
  }
}
