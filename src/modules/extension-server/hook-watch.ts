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
  /**
   * What changes whenever Envoy Gateway renews its Lease; undefined when it has none, or when nobody may read it. Rejects when
   * it cannot be read now.
   */
  readonly leaseOfEnvoyGateway: () => Promise<string | undefined>;
  /** Milliseconds that only go forward. */
  readonly nowMs: () => number;
  readonly meter: Meter;
  readonly logger: Logger;
}

/** What the leader remembers of a Gateway. */
interface Watched {
  /** Once the record and the status told of the same routes: from then on a difference means something. */
  readonly agreed: boolean;
  /** Of the last hook. */
  readonly recorded: string | undefined;
  /** HTTPRoutes that Envoy Gateway had judged when that hook was noticed, or when both agreed. */
  readonly judged: ReadonlySet<string>;
  /** They tell of different routes. */
  readonly owed?: {
    /** For how long, without the times at which Envoy Gateway was away. */
    readonly ms: number;
    /** Envoy Gateway has judged something since, and so it is there. */
    readonly isJudgedSince: boolean;
  };
}

/**
 * Notices that Envoy Gateway translates without us, for which no event exists: it took changed HTTPRoutes of ours (so it says
 * in their status), and no hook showed the change for {@link HOOK_OVERDUE_MS}. The leader then takes the Gateway out of the
 * record of translations, and everything that goes by it says so: conditions, Events, `-failClosedUntilHookSeen`. The next
 * hook puts it back.
 *
 * Some changes are not judged in any status: an HTTPRoute that goes, and one of which only annotations change. An Envoy Gateway
 * that is away would owe a hook for them, too, so their time counts only while it renews its Lease. It may have none, or one
 * that it left behind when it was told not to use it any more; what it judges in a status tells of its work as well.
 * @see spec controller.md section 19 (row 1)
 */
export class HookWatch {
  #watched: ReadonlyMap<ObjectKey, Watched> = new Map();
  #checkedAtMs: number | undefined;
  #lease: string | undefined;
  #isAway = false;
  #isChecking = false;
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

  /** Never rejects; what cannot be read or written is tried again by the next check. */
  async check(): Promise<void> {
    if (this.#isChecking) return;
    this.#isChecking = true;
    try {
      await this.#check();
    } finally {
      this.#isChecking = false;
    }
  }

  async #check(): Promise<void> {
    const { namespace, world: worldNow, isLeader, forget, nowMs, logger } = this.parts;
    const world = worldNow();
    if (world === undefined || !isLeader()) {
      this.#watched = new Map();
      this.#checkedAtMs = undefined;
      this.#lease = undefined;
      return;
    }
    const atMs = nowMs();
    const sinceMs = atMs - (this.#checkedAtMs ?? atMs);
    this.#checkedAtMs = atMs;
    const watched = this.#lookAt(world);
    const isAway = await this.#isEnvoyGatewayAway(watched);
    this.#watched = new Map(
      [...watched].map(([gateway, now]) => {
        const { owed } = now;
        const before = this.#watched.get(gateway);
        const isCounted =
          before?.owed !== undefined && before.recorded === now.recorded && (!isAway || owed?.isJudgedSince === true);
        return [gateway, owed && isCounted ? { ...now, owed: { ...owed, ms: owed.ms + sinceMs } } : now];
      }),
    );
    const overdue = [...this.#watched]
      .filter(([, { owed }]) => owed !== undefined && owed.ms >= HOOK_OVERDUE_MS)
      // One may have come while the Lease was read.
      .filter(([gateway, { recorded }]) => recordedFingerprint(world, namespace, gateway) === recorded)
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

  /** The time since the last check is not yet counted. */
  #lookAt(world: Snapshot): ReadonlyMap<ObjectKey, Watched> {
    const { namespace, logger } = this.parts;
    const watched = new Map<ObjectKey, Watched>();
    for (const [gateway, { acceptedCount, fingerprint, judged }] of expectedRoutes(world)) {
      if (!isThere(world, gateway) || !isTranslationRecorded(world, namespace, gateway)) continue;
      const recorded = recordedFingerprint(world, namespace, gateway);
      const known = this.#watched.get(gateway);
      const { agreed = false } = known ?? {};
      const sinceHook = known?.recorded === recorded ? known : undefined;
      const before: Watched = { agreed, recorded, judged: sinceHook?.judged ?? judged };
      // Of a Gateway without AI routes no hook tells anything.
      if (fingerprint === undefined || acceptedCount === 0) watched.set(gateway, before);
      else if (fingerprint === recorded) {
        if (!agreed) logger.info({ gateway }, 'Envoy Gateway asks the extension server for all AI routes of a Gateway');
        watched.set(gateway, { agreed: true, recorded, judged });
      } else if (!agreed) watched.set(gateway, { ...before, judged });
      else {
        const isJudgedSince = [...judged].some((state) => !before.judged.has(state));
        watched.set(gateway, { ...before, owed: { ms: sinceHook?.owed?.ms ?? 0, isJudgedSince } });
      }
    }
    return watched;
  }

  /** Looked up only when it matters: between two looks, a Lease that is in use changes. */
  async #isEnvoyGatewayAway(watched: ReadonlyMap<ObjectKey, Watched>): Promise<boolean> {
    const { leaseOfEnvoyGateway, logger } = this.parts;
    const before = this.#lease;
    this.#lease = undefined;
    if ([...watched.values()].every(({ owed }) => owed === undefined)) return (this.#isAway = false);
    try {
      this.#lease = await leaseOfEnvoyGateway();
    } catch (error) {
      logger.debug({ reason: (error as Error).message }, 'cannot read the Lease of Envoy Gateway');
    }
    const isAway = before !== undefined && this.#lease === before;
    if (isAway && !this.#isAway)
      logger.info('Envoy Gateway owes a hook and does not renew its Lease: it is waited for until it is back');
    return (this.#isAway = isAway);
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
