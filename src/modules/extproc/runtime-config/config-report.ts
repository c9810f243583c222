import type { ConfigLoader } from './config-loader.js';

/** What an operator wants to know of the configuration in use, without a secret. @see spec extproc.md X30 */
export interface ConfigReport {
  readonly version: string | null;
  readonly uuid: string | null;
  /** RFC 3339; when the configuration in use was loaded. */
  readonly loadedAt: string | null;
  /** Why newer content is not in use. */
  readonly lastError: string | null;
  readonly backends: number;
  /** Parts that cannot be used: backends, costs, entries of the document. */
  readonly faults: readonly { readonly subject: string; readonly reason: string }[];
}

export function reportConfig({ current, state }: Pick<ConfigLoader, 'current' | 'state'>): ConfigReport {
  return {
    version: current?.version ?? null,
    uuid: current?.uuid ?? null,
    loadedAt: state.loadedAt?.toISOString() ?? null,
    lastError: state.lastError?.message ?? null,
    backends: current?.backends.size ?? 0,
    faults: current?.faults ?? [],
  };
}
