import type { Logger } from 'pino';
import { UserFacingError } from '../../../shared/errors.js';
import type { ObjectKey } from '../../../shared/api/kube-object.js';
import { ApiError } from '../connection/api-error.js';
import type { ClusterClient } from '../connection/cluster-client.js';
import type { Decoded } from '../store/decode-object.js';
import type { Timing } from '../timing.js';
import { Informer, type InformerLimits, type InformerSink, type Selection } from './informer.js';

/** Where what was found goes; one for all selections, or one by selection. */
export type SinkOf = (selection: Selection) => InformerSink;

/** All informers of the process: started together, synced when each of them is. */
export class Informers {
  readonly #informers: readonly Informer[];
  #running: Promise<unknown> = Promise.resolve();
  readonly #stopped = new AbortController();

  constructor(
    selections: readonly Selection[],
    sinkOf: SinkOf,
    parts: {
      readonly client: ClusterClient;
      readonly timing: Timing;
      readonly logger: Logger;
      readonly limits?: InformerLimits;
      readonly onRestart?: (kind: string) => void;
    },
  ) {
    const { onRestart, ...rest } = parts;
    this.#informers = selections.map(
      (selection) =>
        new Informer(selection, {
          ...rest,
          sink: this.#claimed(sinkOf(selection), selection),
          ...(onRestart && { onRestart: () => onRestart(selection.resource.kind) }),
        }),
    );
  }

  start(): void {
    this.#running = Promise.all(this.#informers.map((informer) => informer.run(this.#stopped.signal)));
  }

  /**
   * Resolves when all kinds are listed, or when it was stopped. Throws UserFacingError that names those which are not
   * within the time.
   */
  async sync(timeoutMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve, reject) => {
      timer = setTimeout(() => reject(this.#notSynced(timeoutMs)), timeoutMs);
      this.#stopped.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    try {
      await Promise.race([Promise.all(this.#informers.map(({ synced }) => synced)), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  /** One object may be in two selections of its kind: it is gone when none has it. */
  #claimed(sink: InformerSink, selection: Selection): InformerSink {
    return {
      put: (item: Decoded, isFromList) => sink.put(item, isFromList),
      remove: (key: ObjectKey, uid) => {
        const isElsewhere = this.#informers.some(
          (other) => other.selection !== selection && other.selection.resource === selection.resource && other.has(key),
        );
        if (!isElsewhere) sink.remove(key, uid);
      },
    };
  }

  #notSynced(timeoutMs: number): UserFacingError {
    const missing = this.#informers
      .filter(({ state }) => state === 'starting')
      .map(({ selection, lastError }) => {
        const { resource, namespace } = selection;
        const name = `${resource.plural}${resource.group && `.${resource.group}`}${namespace ? ` in ${namespace}` : ''}`;
        return `${name} (${whyNotSynced(lastError)})`;
      });
    return new UserFacingError(
      `cannot list within ${Math.round(timeoutMs / 1_000)} s what the controller watches: ${missing.join('; ')}`,
    );
  }
}

function whyNotSynced(error: unknown): string {
  if (error === undefined) return 'no answer yet';
  if (error instanceof ApiError && error.status === 404) return 'not installed: apply the CRDs';
  if (error instanceof ApiError && error.status === 403) return `forbidden: grant list and watch; ${error.message}`;
  return error instanceof Error ? error.message : 'unknown';
}
