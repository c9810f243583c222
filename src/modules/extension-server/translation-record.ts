import type { Logger } from 'pino';
import type { ConfigMap } from '../../shared/api/gateway-api.js';
import { kinds } from '../../shared/api/kinds.js';
import type { ObjectKey } from '../../shared/api/kube-object.js';
import { nameOfKey, namespaceOfKey } from '../../shared/api/object-key.js';
import type { Snapshot } from '../../shared/api/snapshot.js';
import {
  isTranslationRecorded,
  recordedGateways,
  TRANSLATION_RECORD_NAME,
  translationEntry,
} from '../../shared/api/translation-record.js';

export interface TranslationRecordParts {
  /** Namespace of the controller. */
  readonly namespace: string;
  readonly world: () => Snapshot | undefined;
  /** Merges `data` into the ConfigMap, or creates it; null removes an entry. */
  readonly merge: (record: ConfigMap, data: Readonly<Record<string, string | null>>) => Promise<void>;
  readonly logger: Logger;
}

/** Writes down once for each Gateway that its translations come by us; see `shared/api/translation-record.ts`. */
export class TranslationRecord {
  #writing = false;

  constructor(private readonly parts: TranslationRecordParts) {}

  /** Returns at once; a failure is tried again at the next translation. */
  note(gateways: readonly ObjectKey[]): void {
    const world = this.parts.world();
    if (world === undefined || this.#writing) return;
    const fresh = gateways.filter((gateway) => !isTranslationRecorded(world, this.parts.namespace, gateway));
    if (fresh.length === 0) return;
    this.#writing = true;
    void this.#write(fresh, world).finally(() => {
      this.#writing = false;
    });
  }

  async #write(fresh: readonly ObjectKey[], world: Snapshot): Promise<void> {
    const { namespace, merge, logger } = this.parts;
    const known = world.get<ConfigMap>(kinds.configMap, namespace, TRANSLATION_RECORD_NAME);
    const gone = recordedGateways(known).filter(
      (gateway) => world.get(kinds.gateway, namespaceOfKey(gateway), nameOfKey(gateway)) === undefined,
    );
    const data = Object.fromEntries([
      ...gone.map((gateway): [string, null] => [translationEntry(gateway)[0], null]),
      ...fresh.map(translationEntry),
    ]);
    const record: ConfigMap = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: TRANSLATION_RECORD_NAME,
        namespace,
        labels: { 'app.kubernetes.io/managed-by': 'envoy-ai-gateway' },
      },
      data: Object.fromEntries(fresh.map(translationEntry)),
    };
    try {
      await merge(record, data);
    } catch (error) {
      logger.warn({ reason: (error as Error).message }, 'cannot record that Envoy Gateway calls the extension server');
    }
  }
}
