import 'reflect-metadata';
import { Module, type DynamicModule, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Logger } from 'pino';
import { Cluster } from '../modules/crd/cluster.js';
import { loadClusterConnection } from '../modules/crd/connection/kube-config.js';
import { ControlPlaneMetrics } from '../modules/crd/control-plane-metrics.js';
import type { Controller } from '../modules/crd/controller.js';
import { CrdModule } from '../modules/crd/crd.module.js';
import { HookWatch } from '../modules/extension-server/hook-watch.js';
import { createExtensionServer } from '../modules/extension-server/server.js';
import { ToldFaults } from '../modules/extension-server/told-faults.js';
import { TranslationRecord } from '../modules/extension-server/translation-record.js';
import type { ControllerSettings } from '../platform/config/controller-settings.js';
import type { GrpcJsServer } from '../platform/grpc/grpc-js-server.js';
import { ServingState, ServingStatus } from '../platform/grpc/health-calls.js';
import { formatListenAddress } from '../platform/grpc/listen-address.js';
import { AdminHttpAdapter, listenAdmin } from '../platform/health/admin-http.js';
import { ProbesModule } from '../platform/health/probes.module.js';
import { createLogger } from '../platform/logging/logger.js';
import { NestLogger } from '../platform/logging/nest-logger.js';
import { MetricsRegistry } from '../platform/metrics/metrics-registry.js';
import { SOCKET_PATH } from '../shared/extproc-pod/container.js';
import { composeControllers, exchangeFromEnvironment } from './controller/credentials-part.js';
import { leaseOfEnvoyGateway } from './controller/envoy-gateway-lease.js';
import { deploymentTarget } from './controller/extproc-target.js';
import { forgetTranslations, mergeTranslationRecord } from './controller/merge-translation-record.js';
import { secretInterest } from './controller/secret-interest.js';
import { routingOptions } from './controller/routing-options.js';
import { WebhookPart } from './controller/webhook-part.js';

/** Hooks under way at the end; Kubernetes' own grace period is longer. */
const STOP_LIMIT_MS = 25_000;

@Module({})
class ControllerModule {
  static forRoot(imports: DynamicModule[]): DynamicModule {
    return { module: ControllerModule, imports };
  }
}

/**
 * Runs the control plane until a signal ends it, or until it cannot go on. Resolves with the exit code.
 *
 *     Cluster (informers, store, loops) ◀── controllers of routing and credentials
 *        ├──▶ extension server   every replica, once synced
 *        └──▶ webhooks           every replica, once there is a certificate
 *
 * @see spec controller.md section 1
 */
export async function runController(settings: ControllerSettings): Promise<number> {
  const logger = createLogger(settings);
  const metrics = new MetricsRegistry();
  const serving = new ServingState();
  const end = new EndOfProcess();
  const exchange = exchangeFromEnvironment();
  const { azureAmbientNamespaces } = settings;
  const { controllers, credentials } = composeControllers(routingOptions(settings), {
    metrics,
    logger,
    exchange,
    azureAmbientNamespaces,
  });
  const cluster = composeCluster(settings, controllers, { logger, metrics, serving, end });
  const { extensionServer, record } = composeExtensionServer(settings, cluster.current, { logger, metrics, serving });
  const hookWatch = new HookWatch({
    namespace: settings.podNamespace,
    world: () => (cluster.current().isSynced ? cluster.current().world : undefined),
    isLeader: () => cluster.current().isLeader,
    forget: async (gateways) => await forgetTranslations(cluster.current().client, settings.podNamespace, gateways),
    leaseOfEnvoyGateway: async () =>
      await leaseOfEnvoyGateway(cluster.current().client, settings.envoyGatewayNamespace),
    nowMs: () => performance.now(),
    meter: metrics.meter,
    logger,
  });
  const webhook = new WebhookPart({
    settings,
    cluster: cluster.current,
    metrics,
    logger,
    onFatal: (error) => end.because(error),
  });
  const probes = ProbesModule.forRoot({
    metrics,
    probes: {
      checks: [
        { name: 'informers', problem: () => (cluster.current().isSynced ? undefined : 'the cluster is being read') },
        { name: 'webhook', problem: () => webhook.problem() },
        {
          name: 'extension-server',
          problem: () => (serving.status === ServingStatus.SERVING ? undefined : 'not serving'),
        },
      ],
      facts: () => ({ leader: cluster.current().isLeader }),
    },
  });
  logger.info({ version: settings.version, address: formatListenAddress(settings.address) }, 'starting controller');
  const app = await NestFactory.create(
    ControllerModule.forRoot([CrdModule.forRoot(cluster.parts), credentials, probes]),
    new AdminHttpAdapter(),
    { logger: new NestLogger(logger), bodyParser: false, abortOnError: false },
  );
  cluster.use(app.get(Cluster));
  const stop = () => shutDown({ app, serving, extensionServer, record, webhook, hookWatch, metrics, logger });
  try {
    app.connectMicroservice({ strategy: extensionServer });
    await app.startAllMicroservices();
    await listenAdmin(app, settings.healthPort, '-healthPort');
    await webhook.start();
    hookWatch.start();
    logger.info('controller is running');
    const cause = await end.reached;
    if (cause !== undefined) logger.error({ error: cause }, 'the controller cannot go on');
    await stop();
    return cause === undefined ? 0 : 1;
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The Cluster is made by Nest; what is composed before it refers to it through here. */
interface LateCluster {
  readonly parts: ConstructorParameters<typeof Cluster>[0];
  readonly current: () => Cluster;
  use(cluster: Cluster): void;
}

interface Shared {
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  readonly serving: ServingState;
}

function composeCluster(
  settings: ControllerSettings,
  controllers: readonly Controller[],
  { logger, metrics, serving, end }: Shared & { readonly end: EndOfProcess },
): LateCluster {
  let cluster: Cluster | undefined;
  return {
    parts: {
      settings: {
        connection: loadClusterConnection(),
        namespace: settings.podNamespace,
        identity: settings.identity,
        cacheSyncTimeoutMs: settings.cacheSyncTimeoutMs,
        usesLeaderElection: settings.enableLeaderElection,
        migratesStorageVersions: settings.migratesStorageVersions,
        watchNamespaces: settings.watchNamespaces,
        envoyGatewayNamespace: settings.envoyGatewayNamespace,
      },
      controllers,
      secrets: secretInterest(settings),
      metrics: new ControlPlaneMetrics(metrics),
      logger,
      onSynced: () => serving.set(ServingStatus.SERVING),
      onFatal: (error) => end.because(error),
    },
    current: () => {
      if (cluster === undefined) throw new Error('the cluster is asked for before it was made');
      return cluster;
    },
    use: (made) => {
      cluster = made;
    },
  };
}

function composeExtensionServer(
  settings: ControllerSettings,
  cluster: () => Cluster,
  { logger, metrics, serving }: Shared,
): { readonly extensionServer: GrpcJsServer; readonly record: TranslationRecord } {
  const world = () => (cluster().isSynced ? cluster().world : undefined);
  const record = new TranslationRecord({
    namespace: settings.podNamespace,
    world,
    merge: (object, data) => mergeTranslationRecord(cluster().client, object, data),
    logger,
  });
  const told = new ToldFaults(() => performance.now());
  const extensionServer = createExtensionServer({
    address: settings.address,
    maxMessageBytes: settings.maxRecvMsgSizeBytes,
    world,
    editOptions: {
      extProcAddress: { udsPath: SOCKET_PATH },
      logRequestHeaderAttributes: settings.logRequestHeaderAttributes,
      separatesAuthentication: settings.separatesAuthentication,
      filtersBeforeExtProc: settings.filtersBeforeExtProc,
      metadataForwardingNamespaces: settings.metadataForwardingNamespaces,
      ...deploymentTarget(settings),
    },
    serving,
    meter: metrics.meter,
    logger,
    nowMs: () => performance.now(),
    onTranslated: ({ gateways, faults }) => {
      record.note(
        gateways,
        faults.filter(({ severity }) => severity === 'error'),
      );
      for (const fault of told.notTold(faults)) logger.warn({ ...fault }, 'part of the xDS could not be finished');
    },
  });
  return { extensionServer, record };
}

/** A signal, or something without which the process cannot go on. */
class EndOfProcess {
  readonly reached: Promise<Error | undefined>;
  readonly #resolve: (cause: Error | undefined) => void;

  constructor() {
    let end: (cause: Error | undefined) => void = () => {};
    this.reached = new Promise((resolve) => {
      end = resolve;
    });
    this.#resolve = end;
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => this.#resolve(undefined));
  }

  because(cause: Error): void {
    this.#resolve(cause);
  }
}

interface Running {
  readonly app: INestApplication;
  readonly serving: ServingState;
  readonly extensionServer: GrpcJsServer;
  readonly record: TranslationRecord;
  readonly webhook: WebhookPart;
  readonly hookWatch: HookWatch;
  readonly metrics: MetricsRegistry;
  readonly logger: Logger;
}

/** Hooks and admissions under way end first; the lease is handed over with the cluster's own shutdown. */
async function shutDown(running: Running): Promise<void> {
  const { app, serving, extensionServer, record, webhook, hookWatch, metrics, logger } = running;
  hookWatch.stop();
  serving.drain();
  serving.close();
  const stopped = (async () => {
    await Promise.all([extensionServer.close(), webhook.stop()]);
    // The other replicas know only what was written down.
    await record.stop();
    await app.close();
    await metrics.close();
  })();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, STOP_LIMIT_MS);
  });
  await Promise.race([stopped, late]);
  clearTimeout(timer);
  logger.info('ended');
}
