import type { Meter } from '@opentelemetry/api';
import type { Logger } from 'pino';
import type { ObjectKey } from '../../shared/api/kube-object.js';
import { kinds } from '../../shared/api/kinds.js';
import { nameOfKey, namespaceOfKey } from '../../shared/api/object-key.js';
import type { Snapshot } from '../../shared/api/snapshot.js';
import { isTranslationRecorded, recordedFingerprint } from '../../shared/api/translation-record.js';
import { expectedRoutes } from './expected-routes.js';

const CHECK_MS = 5_000;
/**
 * How long Envoy Gateway may take from its status of an HTTPRoute to the hook. The two are written by different parts of it,
 * within milliseconds of each other when nothing is wrong, also for thousands of routes.
 */
export const HOOK_OVERDUE_MS = 20_000;
/** Series of the metric. */
const GATEWAYS_MAX = 1_000;

export interface HookWatchParts {
  /** Namespace of the controller. */
  readonly namespace: string;
  /** Undefined until the cluster has been read. */
  readonly world: () => Snapshot | undefined;
  readonly isLeader: () => boolean;
  /** Takes Gateways out of the record of translations. */
  readonly forget: (gateways: readonly ObjectKey[]) => Promise<void>;
  /** Milliseconds that only go forward. */
  readonly nowMs: () => number;
  readonly meter: Meter;
  readonly logger: Logger;
}

/** What the leader remembers of a Gateway. */
interface Watched {
  /** Once the record and the status told of the same routes: from then on a difference means something. */
  readonly agreed: boolean;
  readonly differsSinceMs?: number;
}

/**
 * Notices that Envoy Gateway translates without us, for which no event exists: it took changed HTTPRoutes of ours (so it says
 * in their status), and no hook showed the change for {@link HOOK_OVERDUE_MS}. The leader then takes the Gateway out of the
 * record of translations, and everything that goes by it says so: conditions, Events, `-failClosedUntilHookSeen`. The next
 * hook puts it back. @see spec controller.md section 19 (row 1)
 */
export class HookWatch {
  #watched: ReadonlyMap<ObjectKey, Watched> = new Map();
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly parts: HookWatchParts) {
    parts.meter
      .createObservableGauge('aigateway_controller_hook_missing', {
        description: '1 for each Gateway whose AI routes Envoy Gateway accepted without asking the extension server.',
      })
      .addCallback((result) => {
        for (const gateway of this.#gatewaysWithoutHook())
          result.observe(1, { namespace: namespaceOfKey(gateway), gateway: nameOfKey(gateway) });
      });
  }

  start(): void {
    this.#timer = setInterval(() => void this.check(), CHECK_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Never rejects; what cannot be written is tried again by the next check. */
  async check(): Promise<void> {
    const { world: worldNow, isLeader, forget, nowMs, logger } = this.parts;
    const world = worldNow();
    if (world === undefined || !isLeader()) {
      this.#watched = new Map();
      return;
    }
    this.#watched = this.#lookAt(world, nowMs());
    const overdue = [...this.#watched]
      .filter(([, { differsSinceMs }]) => differsSinceMs !== undefined && nowMs() - differsSinceMs >= HOOK_OVERDUE_MS)
      .map(([gateway]) => gateway);
    if (overdue.length === 0) return;
    logger.error(
      { gateways: overdue },
      'Envoy Gateway took changed AI routes and did not ask the extension server: check its extensionManager',
    );
    try {
      await forget(overdue);
    } catch (error) {
      logger.warn({ reason: (error as Error).message }, 'cannot record that Envoy Gateway does not call us');
    }
  }

  #lookAt(world: Snapshot, nowMs: number): ReadonlyMap<ObjectKey, Watched> {
    const { namespace, logger } = this.parts;
    const watched = new Map<ObjectKey, Watched>();
    for (const [gateway, { acceptedCount, fingerprint }] of expectedRoutes(world)) {
      if (!isThere(world, gateway) || !isTranslationRecorded(world, namespace, gateway)) continue;
      const { agreed, differsSinceMs } = this.#watched.get(gateway) ?? { agreed: false };
      // Of a Gateway without AI routes no hook tells anything.
      if (fingerprint === undefined || acceptedCount === 0) watched.set(gateway, { agreed });
      else if (fingerprint === recordedFingerprint(world, namespace, gateway)) {
        if (!agreed) logger.info({ gateway }, 'Envoy Gateway asks the extension server for all AI routes of a Gateway');
        watched.set(gateway, { agreed: true });
      } else watched.set(gateway, { agreed, ...(agreed && { differsSinceMs: differsSinceMs ?? nowMs }) });
    }
    return watched;
  }

  #gatewaysWithoutHook(): readonly ObjectKey[] {
    const { world: worldNow, namespace } = this.parts;
    const world = worldNow();
    if (world === undefined) return [];
    return [...expectedRoutes(world)]
      .filter(
        ([gateway, { acceptedCount }]) =>
          acceptedCount > 0 && isThere(world, gateway) && !isTranslationRecorded(world, namespace, gateway),
      )
      .map(([gateway]) => gateway)
      .slice(0, GATEWAYS_MAX);
  }
}

const isThere = (world: Snapshot, gateway: ObjectKey): boolean =>
  world.get(kinds.gateway, namespaceOfKey(gateway), nameOfKey(gateway)) !== undefined;
