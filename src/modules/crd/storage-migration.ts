import type { Logger } from 'pino';
import { kinds } from '../../shared/api/kinds.js';
import type { GroupKind, KubeObject } from '../../shared/api/kube-object.js';
import { resourceOf } from '../../shared/api/resources.js';
import { ApiError, isRefusal, NoAnswerError } from './connection/api-error.js';
import type { ClusterClient, ObjectName } from './connection/cluster-client.js';
import { pause } from './informers/pause.js';

/** The part of a CustomResourceDefinition that says in which versions objects may be stored. */
export interface StoredDefinition extends KubeObject {
  readonly spec?: { readonly versions?: readonly { readonly name: string; readonly storage?: boolean }[] };
  readonly status?: { readonly storedVersions?: readonly string[] };
}

export interface MigrationLimits {
  /** Objects of one page of a list; only their metadata is sent. */
  readonly pageSize: number;
  /** Rest after each object: others use the API server too. */
  readonly restMs: number;
  /** Rest before a kind is tried again of which something failed that may go better later. */
  readonly retryMs: number;
}

export const MIGRATION_LIMITS: MigrationLimits = { pageSize: 200, restMs: 50, retryMs: 300_000 };

/** Every kind of ours; those of one version have nothing to migrate. */
const TYPES: readonly GroupKind[] = [
  kinds.aiGatewayRoute,
  kinds.aiServiceBackend,
  kinds.backendSecurityPolicy,
  kinds.gatewayConfig,
  kinds.mcpRoute,
  kinds.quotaPolicy,
];

const TRIM_ATTEMPTS_MAX = 5;

/**
 * Has the API server store all objects of ours in the version that it stores now, and takes the former ones off the list
 * `status.storedVersions` of their CRDs, so that a later release may drop them.
 *
 *     CRD lists a former version ─▶ list their names    ─▶ empty patch of each object ─▶ trim the list ─▶ done
 *             │ no                        ▲                  │ something failed
 *             ▼                           └── after a while ─┘
 *         nothing to do
 *
 * An empty patch changes nothing of an object; the API server writes it all the same when it is stored in another version, and
 * only then, so that what was done before an end of the process is not done again. Nothing depends on the outcome: what fails is
 * logged. @see spec api.md section 13 (row 9)
 */
export class StorageMigration {
  readonly #client: ClusterClient;
  readonly #logger: Logger;
  readonly #limits: MigrationLimits;

  constructor(parts: { readonly client: ClusterClient; readonly logger: Logger; readonly limits?: MigrationLimits }) {
    this.#client = parts.client;
    this.#logger = parts.logger;
    this.#limits = parts.limits ?? MIGRATION_LIMITS;
  }

  /** Until all kinds are migrated, given up, or the signal ends it. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    let left = TYPES;
    while (!signal.aborted) {
      const again: GroupKind[] = [];
      for (const type of left) if (!signal.aborted && (await this.#isToRetry(type, signal))) again.push(type);
      if (again.length === 0) return;
      left = again;
      await pause(this.#limits.retryMs, signal);
    }
  }

  async #isToRetry(type: GroupKind, signal: AbortSignal): Promise<boolean> {
    const log = this.#logger.child({ crd: definitionName(type).name });
    try {
      return (await this.#migrate(type, log, signal)) === 'later';
    } catch (error) {
      if (signal.aborted) return false;
      if (!(error instanceof ApiError || error instanceof NoAnswerError)) {
        log.error({ error }, 'cannot migrate the stored objects');
        return false;
      }
      const isFinal = isRefusal(error);
      log.warn(
        { reason: error.message },
        isFinal
          ? 'cannot migrate the stored objects; the flag -migrateStorageVersions=false turns this off'
          : 'cannot migrate the stored objects, trying again later',
      );
      return !isFinal;
    }
  }

  async #migrate(type: GroupKind, log: Logger, signal: AbortSignal): Promise<'done' | 'later'> {
    const definition = await this.#definition(type);
    const storage = definition && staleStorage(definition);
    if (storage === undefined) return 'done';
    log.info({ stored: definition?.status?.storedVersions, storage }, 'migrating the stored objects');
    const counts = await this.#rewriteAll(type, log, signal);
    if (signal.aborted) return 'done';
    if (counts.failed > 0 || counts.refused > 0) {
      const when = counts.failed > 0 ? 'trying again later' : 'mend them; the next leader tries again';
      log.warn({ ...counts, storage }, `some stored objects cannot be migrated, ${when}`);
      return counts.failed > 0 ? 'later' : 'done';
    }
    const isTrimmed = await this.#trim(type, storage);
    log.info({ ...counts, storage }, isTrimmed ? 'migrated the stored objects' : 'the CRD changed meanwhile');
    return isTrimmed ? 'done' : 'later';
  }

  async #definition(type: GroupKind): Promise<StoredDefinition | undefined> {
    return (await this.#client.get(definitionName(type)))?.object;
  }

  async #rewriteAll(type: GroupKind, log: Logger, signal: AbortSignal) {
    const counts = { objects: 0, refused: 0, failed: 0 };
    for (const name of await this.#names(type, signal)) {
      if (signal.aborted) return counts;
      counts.objects++;
      const problem = await this.#rewrite(name, log);
      if (problem) counts[problem]++;
      await pause(this.#limits.restMs, signal);
    }
    return counts;
  }

  /** All pages at once: the API server forgets where a list was after five minutes, and the rewriting may take longer. */
  async #names(type: GroupKind, signal: AbortSignal): Promise<readonly ObjectName[]> {
    const names: ObjectName[] = [];
    let continueToken: string | undefined;
    do {
      const limit = this.#limits.pageSize;
      const page = await this.#client.list(type, { limit, continueToken, isMetadataOnly: true });
      for (const { object } of page.items) {
        const { name, namespace = '' } = object.metadata;
        names.push({ type, name, namespace });
      }
      ({ continueToken } = page);
    } while (continueToken !== undefined && !signal.aborted);
    return names;
  }

  /** Rejects with what would befall all other objects too: missing rights, no answer. */
  async #rewrite(name: ObjectName, log: Logger): Promise<'refused' | 'failed' | undefined> {
    try {
      await this.#client.mergePatch(name, {});
      return undefined;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status === FORBIDDEN) throw error;
      if (error.status === NOT_FOUND) return undefined;
      log.warn({ object: `${name.namespace}/${name.name}`, reason: error.message }, 'cannot migrate a stored object');
      return isRefusal(error) ? 'refused' : 'failed';
    }
  }

  /** False when the CRD stores another version by now. */
  async #trim(type: GroupKind, storage: string): Promise<boolean> {
    for (let attempts = 1; ; attempts++) {
      const definition = await this.#definition(type);
      if (!definition || storageVersion(definition) !== storage) return false;
      const { resourceVersion } = definition.metadata;
      const patch = { metadata: { resourceVersion }, status: { storedVersions: [storage] } };
      try {
        await this.#client.mergePatch(definitionName(type), patch, 'status');
        return true;
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== CONFLICT || attempts >= TRIM_ATTEMPTS_MAX) throw error;
      }
    }
  }
}

const FORBIDDEN = 403;
const NOT_FOUND = 404;
const CONFLICT = 409;

/** The version that is stored now, when the CRD says that objects may be stored in others too. */
export function staleStorage(definition: StoredDefinition): string | undefined {
  const storage = storageVersion(definition);
  const stored = definition.status?.storedVersions ?? [];
  return stored.some((version) => version !== storage) ? storage : undefined;
}

const storageVersion = ({ spec }: StoredDefinition): string | undefined =>
  spec?.versions?.find(({ storage }) => storage === true)?.name;

function definitionName(type: GroupKind): ObjectName {
  const { plural, group } = resourceOf(type);
  return { type: kinds.customResourceDefinition, namespace: '', name: `${plural}.${group}` };
}
