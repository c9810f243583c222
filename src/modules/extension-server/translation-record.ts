import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { ConfigMap } from '../../shared/api/gateway-api.js';
import { kinds } from '../../shared/api/kinds.js';
import { KNOWN_ONLY_TO_US } from '../../shared/api/known-only-to-us.js';
import { MANAGED_BY } from '../../shared/api/managed-by.js';
import type { ObjectKey } from '../../shared/api/kube-object.js';
import { nameOfKey, namespaceOfKey } from '../../shared/api/object-key.js';
import type { Snapshot } from '../../shared/api/snapshot.js';
import {
  areEntriesRecorded,
  forgottenEntries,
  recordedGateways,
  TRANSLATION_RECORD_NAME,
  translationEntries,
  type GatewayTranslation,
  type TranslationFault,
} from '../../shared/api/translation-record.js';

export interface TranslationRecordParts {
  /** Namespace of the controller. */
  readonly namespace: string;
  readonly world: () => Snapshot | undefined;
  /** Merges `data` and the labels of `record` into the ConfigMap, or creates it; null removes an entry. */
  readonly merge: (record: ConfigMap, data: Readonly<Record<string, string | null>>) => Promise<void>;
  readonly logger: Logger;
}

/** Fingerprints change with every route: writes rest in between, and what comes meanwhile is written together. */
const REST_MS = 500;
/**
 * Rests before a write that failed is tried again. The last translation may be the last one for long, and a record that lacks it
 * would say that Envoy Gateway does not call us: all of them together are shorter than `HOOK_OVERDUE_MS`.
 */
const RETRY_RESTS_MS: readonly number[] = [500, 1_000, 2_000, 4_000, 8_000];
/** Gateways whose last translation is remembered until it is written. */
const PENDING_MAX = 1_000;
const LABELS = { ...MANAGED_BY, ...KNOWN_ONLY_TO_US };

/**
 * Writes down for each Gateway that its translations come by us, and what could not be finished in the last one, when that
 * changes, with a fingerprint of our HTTPRoutes in it; see `shared/api/translation-record.ts`.
 */
export class TranslationRecord {
  readonly #pending = new Map<ObjectKey, GatewayTranslation>();
  readonly #stopping = new AbortController();
  #writing: Promise<void> | undefined;

  constructor(private readonly parts: TranslationRecordParts) {}

  /** Returns at once; what cannot be written is tried again some times, and at the next translation. */
  note(gateways: ReadonlyMap<ObjectKey, string>, faults: readonly TranslationFault[]): void {
    for (const [gateway, fingerprint] of gateways)
      if (this.#pending.has(gateway) || this.#pending.size < PENDING_MAX)
        this.#pending.set(gateway, { faults, fingerprint });
    this.#writing ??= this.#writePending().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Ends all rests: what was noted is written now or never. Never rejects. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#writing;
  }

  /** Never rejects. What is noted while a write is under way is written by the next one. */
  async #writePending(): Promise<void> {
    const { namespace, world: worldNow, logger } = this.parts;
    for (let failures = 0; ;) {
      const world = worldNow();
      if (world === undefined || this.#pending.size === 0) return;
      const noted = [...this.#pending];
      this.#pending.clear();
      const entries = Object.assign(
        {},
        ...noted.map(([gateway, translation]) => translationEntries(gateway, translation)),
      ) as Entries;
      if (areEntriesRecorded(world, namespace, entries) && isLabelled(world, namespace)) continue;
      try {
        await this.#write(entries, world);
        failures = 0;
      } catch (error) {
        logger.warn(
          { reason: (error as Error).message },
          'cannot record that Envoy Gateway calls the extension server',
        );
        // What was noted meanwhile is newer.
        for (const [gateway, translation] of noted)
          if (!this.#pending.has(gateway)) this.#pending.set(gateway, translation);
        failures++;
      }
      const restMs = failures === 0 ? REST_MS : RETRY_RESTS_MS[failures - 1];
      if (restMs === undefined || (failures > 0 && this.#stopping.signal.aborted)) return;
      await this.#rest(restMs);
    }
  }

  async #rest(ms: number): Promise<void> {
    const { signal } = this.#stopping;
    // Aborted: at once.
    await delay(ms, undefined, { ref: false, signal }).catch(() => {});
  }

  async #write(entries: Entries, world: Snapshot): Promise<void> {
    const { namespace, merge } = this.parts;
    const known = world.get<ConfigMap>(kinds.configMap, namespace, TRANSLATION_RECORD_NAME);
    const gone = recordedGateways(known).filter(
      (gateway) =>
        world.isWatched(namespaceOfKey(gateway)) &&
        world.get(kinds.gateway, namespaceOfKey(gateway), nameOfKey(gateway)) === undefined,
    );
    const present = Object.entries(entries).filter((entry): entry is [string, string] => entry[1] !== null);
    const record: ConfigMap = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: TRANSLATION_RECORD_NAME,
        namespace,
        labels: LABELS,
      },
      data: Object.fromEntries(present),
    };
    await merge(record, Object.assign({}, ...gone.map(forgottenEntries), entries) as Entries);
  }
}

/** Not so when a former release wrote it. */
function isLabelled(world: Snapshot, namespace: string): boolean {
  const { labels } = world.get(kinds.configMap, namespace, TRANSLATION_RECORD_NAME)?.metadata ?? {};
  return Object.entries(LABELS).every(([key, value]) => labels?.[key] === value);
}

type Entries = Readonly<Record<string, string | null>>;
