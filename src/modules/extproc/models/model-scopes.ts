import type { ModelConfig } from '../../../shared/filter-config/filter-config.js';
import type { HeaderLookup } from '../wire/header-fields.js';

/** Which of a list of models a request may see; made once for each configuration. */
export class ModelScopes {
  /** Each header that some scope looks at, so that it is looked up once. */
  readonly #names: readonly string[];
  /** Each different scope once, as `[index of the name, value]`. */
  readonly #scopes: readonly (readonly (readonly [number, string])[])[];
  /** Indexes of the scopes of each model, in the order of the models; undefined: everybody may see it. */
  readonly #ofModels: readonly (readonly number[] | undefined)[];

  constructor(models: readonly ModelConfig[]) {
    const names = new Map<string, number>();
    const scopes = new Map<string, readonly (readonly [number, string])[]>();
    const order = new Map<string, number>();
    this.#ofModels = models.map(({ Scopes }) =>
      Scopes?.map((scope) => {
        const conditions = Object.entries(scope).map(
          ([name, value]) => [indexIn(names, lookedUp(name)), value] as const,
        );
        const key = JSON.stringify(conditions);
        scopes.set(key, conditions);
        return indexIn(order, key);
      }),
    );
    this.#names = [...names.keys()];
    this.#scopes = [...scopes.values()];
  }

  /** False: everybody sees every model. */
  get areAny(): boolean {
    return this.#ofModels.some((scopes) => scopes !== undefined);
  }

  /** For each scope whether the request meets it, as text: equal texts see equal models. */
  metBy(headers: HeaderLookup): string {
    const values = this.#names.map((name) => headers.get(name));
    return this.#scopes
      .map((conditions) => (conditions.every(([name, value]) => values[name] === value) ? '1' : '0'))
      .join('');
  }

  /** Whether the model at this index is seen by requests that meet these scopes. */
  isSeen(model: number, met: string): boolean {
    return this.#ofModels[model]?.some((scope) => met[scope] === '1') ?? true;
  }
}

/** Envoy knows `host` by its name in HTTP/2, as it does in matches of routes. */
const lookedUp = (name: string): string => (name === 'host' ? ':authority' : name);

function indexIn(indexes: Map<string, number>, key: string): number {
  const index = indexes.get(key) ?? indexes.size;
  indexes.set(key, index);
  return index;
}
