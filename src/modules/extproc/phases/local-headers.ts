import type { HeaderFields, HeaderLookup } from '../wire/header-fields.js';

/** Request headers of one attempt as our own steps see them: Envoy's, with our changes on top. */
export class LocalHeaders implements HeaderLookup {
  readonly #changes = new Map<string, string | undefined>();

  constructor(private readonly base: HeaderFields) {}

  get(name: string): string | undefined {
    return this.#changes.has(name) ? this.#changes.get(name) : this.base.get(name);
  }

  has(name: string): boolean {
    return this.#changes.has(name) ? this.#changes.get(name) !== undefined : this.base.has(name);
  }

  /** `undefined` hides the header. */
  set(name: string, value: string | undefined): void {
    this.#changes.set(name, value);
  }
}
