import type { Logger } from 'pino';
import { groupOf } from '../../shared/api/kube-object.js';
import { kinds } from '../../shared/api/kinds.js';
import type { Snapshot } from '../../shared/api/snapshot.js';
import { UserFacingError } from '../../shared/errors.js';
import { Applier } from './apply/applier.js';
import { EventRecorder } from './apply/event-recorder.js';
import { StatusWriter } from './apply/status-writer.js';
import type { ClusterSettings } from './cluster-settings.js';
import { ClusterClient } from './connection/cluster-client.js';
import type { ControlPlaneMetrics } from './control-plane-metrics.js';
import { ControllerLoop } from './controller-loop.js';
import type { Change, Controller } from './controller.js';
import { DesiredWriter } from './desired-writer.js';
import { FinalizerController } from './finalizer-controller.js';
import type { InformerLimits } from './informers/informer.js';
import { Informers } from './informers/informers.js';
import { mayExistUnwatched, selectionsOf, watchedViewOf } from './informers/watched-kinds.js';
import { LeaderElection, type LeaseTimes } from './leader-election.js';
import { ReferencedSecrets, type SecretInterest } from './store/referenced-secrets.js';
import { StorageMigration } from './storage-migration.js';
import { Store, type Origin } from './store/store.js';
import { SYSTEM_TIMING } from './timing.js';

const CONTROLLER_NAME = 'aigateway.envoyproxy.io/ai-gateway-controller';
/** Retries of first contents go on in the background. */
const FIRST_CONTENTS_LIMIT_MS = 10_000;
/** What is under way at shutdown may end; then connections are closed. */
const STOP_LIMIT_MS = 10_000;

export interface ClusterParts {
  readonly settings: ClusterSettings;
  readonly controllers: readonly Controller[];
  readonly secrets: SecretInterest;
  readonly metrics: ControlPlaneMetrics;
  readonly logger: Logger;
  /** The process cannot go on and has to end with an error: kinds cannot be listed, or the lease was lost. */
  readonly onFatal: (error: Error) => void;
  /** Told of every change of the world once synced, the whole world first. For whom decides on his own, as a webhook. */
  readonly onChange?: (change: Change) => void;
  /** The world is complete from now on. */
  readonly onSynced?: () => void;
  readonly informerLimits?: InformerLimits;
  readonly leaseTimes?: LeaseTimes;
}

/**
 * The cluster as this process sees and changes it.
 *
 *     informers ─▶ store ─▶ loops (queue ─▶ reconcile) ─▶ writer ─▶ API server
 *                    ▲                                      │
 *                    └────────── what was written ──────────┘
 *
 *     starting ─▶ synced ─▶ leading ─▶ stopped
 *                 (readers use the world)  (loops write)
 */
export class Cluster {
  readonly #parts: ClusterParts;
  readonly #client: ClusterClient;
  readonly #leaseClient: ClusterClient;
  readonly #store: Store;
  readonly #secrets: ReferencedSecrets;
  readonly #informers: Informers;
  readonly #loops: readonly ControllerLoop[];
  readonly #events: EventRecorder;
  readonly #election: LeaderElection;
  readonly #stopping = new AbortController();
  #started: Promise<void> = Promise.resolve();
  #migrating: Promise<void> = Promise.resolve();
  #isSynced = false;
  #isLeader = false;

  constructor(parts: ClusterParts) {
    this.#parts = parts;
    const { settings, logger, metrics } = parts;
    const timing = SYSTEM_TIMING;
    this.#client = new ClusterClient(settings.connection);
    this.#leaseClient = new ClusterClient(settings.connection);
    const selections = selectionsOf(settings);
    this.#store = new Store(
      (change, origin) => this.#onChange(change, origin),
      watchedViewOf(selections),
      settings.watchNamespaces,
    );
    const common = { client: this.#client, store: this.#store, timing, logger };
    this.#secrets = new ReferencedSecrets(parts.secrets, common);
    const limits = parts.informerLimits;
    this.#informers = new Informers(
      selections,
      ({ isMetadataOnly }) => (isMetadataOnly ? this.#secrets : this.#store),
      { ...common, ...(limits && { limits }), onRestart: (kind) => metrics.watchRestarted(kind) },
    );
    this.#events = new EventRecorder({
      ...common,
      controller: { name: CONTROLLER_NAME, instance: settings.identity },
    });
    const mayBeUnwatched = mayExistUnwatched(selections);
    const writer = new DesiredWriter({
      applier: new Applier({
        ...common,
        existsUnseen: (key) => this.#secrets.exists(key) || mayBeUnwatched(key),
      }),
      statusWriter: new StatusWriter(common),
      events: this.#events,
    });
    const contents = () => (this.#secrets.isSettled ? undefined : this.#secrets.settled());
    this.#loops = [...parts.controllers, new FinalizerController()].map(
      (controller) => new ControllerLoop(controller, { ...common, writer, contents, metrics }),
    );
    this.#election = new LeaderElection({
      ...common,
      client: this.#leaseClient,
      namespace: settings.namespace,
      identity: settings.identity,
      ...(parts.leaseTimes && { times: parts.leaseTimes }),
    });
  }

  /** A live view; complete once synced. */
  get world(): Snapshot {
    return this.#store;
  }

  /** For what is beyond reconcilers: CA bundles of webhook configurations, live reads of an admission. */
  get client(): ClusterClient {
    return this.#client;
  }

  get isSynced(): boolean {
    return this.#isSynced;
  }

  get isLeader(): boolean {
    return this.#isLeader;
  }

  /** Returns at once; what goes wrong is told to `onFatal`. */
  start(): void {
    this.#started = this.#run().catch((error: unknown) => {
      if (!this.#stopping.signal.aborted)
        this.#parts.onFatal(error instanceof Error ? error : new Error(String(error)));
    });
  }

  /** Ends what is under way, within a limit, and hands the lease over. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#secrets.stop();
    const ended = (async () => {
      await Promise.all([this.#informers.stop(), this.#migrating, ...this.#loops.map((loop) => loop.stop())]);
      await this.#events.flush();
    })();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, STOP_LIMIT_MS);
    });
    await Promise.race([ended, late]);
    clearTimeout(timer);
    // Nothing of ours may be written once another process may lead.
    this.#client.forbidWrites();
    this.#isLeader = false;
    await this.#started;
    await this.#election.release();
    this.#client.close();
    this.#leaseClient.close();
  }

  async #run(): Promise<void> {
    const { settings, metrics, logger } = this.#parts;
    const { signal } = this.#stopping;
    this.#informers.start();
    await this.#informers.sync(settings.cacheSyncTimeoutMs);
    await this.#firstContents();
    if (signal.aborted) return;
    this.#isSynced = true;
    metrics.synced(true);
    this.#parts.onSynced?.();
    logger.info({ objects: this.#store.size }, 'synced with the cluster');
    for (const after of this.#store.all())
      this.#show({ type: { group: groupOf(after.apiVersion), kind: after.kind }, after }, undefined);
    if (settings.usesLeaderElection && !(await this.#election.acquire(signal))) return;
    this.#isLeader = true;
    metrics.leads(true);
    for (const loop of this.#loops) loop.start();
    if (settings.migratesStorageVersions)
      this.#migrating = new StorageMigration({ client: this.#client, logger }).run(signal);
    if (!settings.usesLeaderElection || !(await this.#election.hold(signal))) return;
    this.#client.forbidWrites();
    this.#isLeader = false;
    metrics.leads(false);
    throw new UserFacingError('lost the lease: another process may lead now, or the API server was out of reach');
  }

  async #firstContents(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, FIRST_CONTENTS_LIMIT_MS);
    });
    await Promise.race([this.#secrets.settled(), late]);
    clearTimeout(timer);
  }

  #onChange(change: Change, origin: Origin | undefined): void {
    if (change.type.kind !== kinds.secret.kind) this.#secrets.onChange(change.before, change.after);
    if (this.#isSynced) this.#show(change, origin);
  }

  #show(change: Change, origin: Origin | undefined): void {
    this.#parts.onChange?.(change);
    if (origin?.isStatus) return;
    for (const loop of this.#loops) loop.show(change, origin);
  }
}
