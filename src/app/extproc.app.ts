import 'reflect-metadata';
import { randomUUID, X509Certificate } from 'node:crypto';
import { Module, type DynamicModule, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { IMetricReader } from '@opentelemetry/sdk-metrics';
import type { Logger } from 'pino';
import { withDebugLog } from '../modules/extproc/debug-log.js';
import { CredentialSources, SYSTEM_CLOCK } from '../modules/extproc/backend-auth/credential-sources.js';
import { buildEndpointTable, pathsOf } from '../modules/extproc/endpoints/endpoint-table.js';
import type { ProcessorContext } from '../modules/extproc/processor-context.js';
import { idAt } from '../modules/extproc/peers/peer-address.js';
import { PeerRelay } from '../modules/extproc/peers/peer-relay.js';
import { KeepAlives } from '../modules/extproc/phases/keep-alive.js';
import { RequestRegistry } from '../modules/extproc/request-registry.js';
import { ConfigLoader } from '../modules/extproc/runtime-config/config-loader.js';
import { reportConfig } from '../modules/extproc/runtime-config/config-report.js';
import { StreamSession } from '../modules/extproc/stream-session.js';
import { translatorEnv } from '../modules/extproc/translators/translator-env.js';
import { GatewayMetrics } from '../modules/extproc/telemetry/gateway-metrics.js';
import { GenAiMetrics } from '../modules/extproc/telemetry/genai-metrics.js';
import type { RequestTracing } from '../modules/extproc/tracing/start-request-tracing.js';
import type { TracingSettings } from '../platform/config/extproc-otel.js';
import type { ExtprocSettings } from '../platform/config/extproc-settings.js';
import { ServingState, ServingStatus, healthCalls } from '../platform/grpc/health-calls.js';
import { probeHealth } from '../platform/grpc/health-probe.js';
import { Http2GrpcServer } from '../platform/grpc/http2-grpc-server.js';
import { hasHeapFlags } from '../platform/heap-flags.js';
import { HeapGrowth } from '../platform/heap-growth.js';
import { TlsFiles } from '../platform/grpc/tls-files.js';
import { formatListenAddress } from '../platform/grpc/listen-address.js';
import { AdminHttpAdapter, listenAdmin } from '../platform/health/admin-http.js';
import { AdminModule } from '../platform/health/admin.module.js';
import { createLogger } from '../platform/logging/logger.js';
import { NestLogger } from '../platform/logging/nest-logger.js';
import { MetricsRegistry } from '../platform/metrics/metrics-registry.js';

const PROCESS_CALL = '/envoy.service.ext_proc.v3.ExternalProcessor/Process';
/** Name under which the gRPC health service lists this process. @see spec extproc.md 1.4 */
const HEALTH_SERVICE = 'extproc';
const NO_NAMES: ReadonlySet<string> = new Set();
/** Requests under way at once; far beyond what one Envoy holds, and each entry is small. */
const MAX_REQUESTS = 100_000;
/** Time for open requests to end once the listener is closed; Kubernetes' own grace period usually ends first. */
const DRAIN_LIMIT_MS = 10 * 60_000;
/** Time for a scrape under way to end and for the last spans and metrics to leave. */
const CLOSE_LIMIT_MS = 5_000;

@Module({})
class ExtprocModule {
  static forRoot(imports: DynamicModule[]): DynamicModule {
    return { module: ExtprocModule, imports };
  }
}

const nowMs = () => performance.now();

/** Runs the External Processor until a signal ends it. @see spec extproc.md sections 1.3 and 1.4 */
export async function runExtproc(settings: ExtprocSettings): Promise<void> {
  const logger = createLogger(settings);
  logger.info(
    { version: settings.version, address: formatListenAddress(settings.address), config: settings.config.path },
    'starting external processor',
  );
  const telemetry = await startTelemetry(settings, logger);
  const metrics = new MetricsRegistry(telemetry.pushReader);
  const gatewayMetrics = new GatewayMetrics(metrics);
  const serving = new ServingState();
  const config = createConfigLoader(settings, logger, gatewayMetrics, serving);
  const tls =
    settings.tlsDirectory === undefined
      ? undefined
      : new TlsFiles(settings.tlsDirectory, (texts) => server.useCertificate(texts));
  const { keepAliveIntervalMs } = settings.translation;
  const context: ProcessorContext = {
    config,
    registry: new RequestRegistry(MAX_REQUESTS),
    endpoints: buildEndpointTable(settings.rootPrefix, settings.endpointPrefixes),
    genAiMetrics: new GenAiMetrics(metrics),
    gatewayMetrics,
    logger,
    logHeaderAttributes: settings.logRequestHeaderAttributes,
    metricsHeaderAttributes: settings.metricsRequestHeaderAttributes,
    stripsInternalHeaders: settings.stripInternalHeaders,
    nowMs,
    newId: () => idAt(randomUUID(), settings.peerAddress),
    peers: peersOf(settings, tls),
    translatorEnv: translatorEnv(settings.translation),
    tracer: telemetry.tracing?.tracer,
    keepAlives: keepAliveIntervalMs > 0 ? new KeepAlives(keepAliveIntervalMs, nowMs) : undefined,
  };
  for (const path of pathsOf(context.endpoints)) logger.info({ path }, 'registered endpoint');
  const heapGrowth = hasHeapFlags() ? new HeapGrowth(nowMs) : undefined;
  const server = new Http2GrpcServer({
    address: settings.address,
    calls: {
      [PROCESS_CALL]: withDebugLog((peer, metadata) => new StreamSession(context, peer, metadata), {
        logger,
        redactsBodies: settings.enableRedaction,
        credentialInputs: () => config.current?.credentialInputs ?? NO_NAMES,
      }),
      ...healthCalls(serving, HEALTH_SERVICE),
    },
    maxMessageBytes: settings.maxRecvMsgSizeBytes,
    tls: tls?.current,
    onSessionError: (error) => logger.warn({ reason: error.message }, 'connection of a peer failed'),
    onLargeMessage: (sizeBytes) => heapGrowth?.onLargeMessage(sizeBytes),
  });
  await config.start();
  const app = await startServers(settings, logger, server, metrics, config).catch(async (error: unknown) => {
    // What did start would keep the process alive.
    void server.close();
    server.destroy();
    await config.close();
    throw error;
  });
  process.stderr.write('AI Gateway External Processor is ready\n');
  await untilAskedToEnd(logger);
  await drain({ settings, logger, serving, server, app, config, metrics, tracing: telemetry.tracing });
}

/**
 * Replicas bear one certificate: that of the Service by which Envoy finds them. A processor beside Envoy is no replica; while the
 * mode of the processors is changed, attempts of their requests come to it.
 */
function peersOf(settings: ExtprocSettings, tls: TlsFiles | undefined): ProcessorContext['peers'] {
  if (settings.peerAddress === undefined && settings.address.kind !== 'unix') return undefined;
  const peerTls = () => tls && { ca: tls.current.ca, serverName: serverNameOf(tls.current.cert) };
  return { own: settings.peerAddress, relay: new PeerRelay(PROCESS_CALL, settings.maxRecvMsgSizeBytes, peerTls) };
}

function serverNameOf(certificate: string): string {
  const names = new X509Certificate(certificate).subjectAltName ?? '';
  // A wildcard stands for any first label.
  return (/DNS:([^,]+)/.exec(names)?.[1] ?? 'localhost').replace('*.', 'replica.');
}

function createConfigLoader(
  settings: ExtprocSettings,
  logger: Logger,
  gatewayMetrics: GatewayMetrics,
  serving: ServingState,
): ConfigLoader {
  return new ConfigLoader({
    ...settings.config,
    version: settings.version,
    credentials: new CredentialSources({
      awsProfile: process.env['AWS_PROFILE'] || undefined,
      gcpProxyUrl: settings.gcpAuthProxyUrl?.href,
      clock: SYSTEM_CLOCK,
      onFailure: (reason) => logger.warn({ reason }, 'cannot fetch a credential'),
    }),
    onConfig: (loaded) => {
      logger.info({ uuid: loaded.uuid, backends: loaded.backends.size }, 'loaded a new config');
      for (const fault of loaded.faults) logger.error({ ...fault }, 'part of the config cannot be used');
      const brokenBackends = [...loaded.backends.values()].filter((backend) => backend.broken !== undefined).length;
      gatewayMetrics.configLoaded({ nowSeconds: Date.now() / 1000, brokenBackends });
      serving.set(ServingStatus.SERVING);
    },
    onError: (error) => {
      gatewayMetrics.configRejected();
      logger.error({ reason: error.message }, 'cannot load the config, the former one stays in use');
    },
    onWarning: (message) => logger.warn({ reason: message }, 'config loaded with a warning'),
  });
}

async function startServers(
  settings: ExtprocSettings,
  logger: Logger,
  server: Http2GrpcServer,
  metrics: MetricsRegistry,
  config: ConfigLoader,
): Promise<INestApplication> {
  const admin = AdminModule.forRoot({
    probe: (signal) => probeHealth(server.target, signal, settings.tlsDirectory !== undefined),
    metrics,
    configState: () => reportConfig(config),
  });
  const app = await NestFactory.create(ExtprocModule.forRoot([admin]), new AdminHttpAdapter(), {
    logger: new NestLogger(logger),
    bodyParser: false,
    abortOnError: false,
  });
  app.connectMicroservice({ strategy: server });
  await app.startAllMicroservices();
  const adminPort = await listenAdmin(app, settings.adminPort);
  logger.info({ port: adminPort }, 'admin server listening');
  return app;
}

/** A second signal changes nothing. */
async function untilAskedToEnd(logger: Logger): Promise<void> {
  const signal = await new Promise<string>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => resolve(name));
  });
  logger.info({ signal }, 'asked to end, draining');
}

interface Telemetry {
  readonly tracing: RequestTracing | undefined;
  readonly pushReader: IMetricReader | undefined;
}

/** What is off is not even loaded: it would cost memory and time to start. */
async function startTelemetry(settings: ExtprocSettings, logger: Logger): Promise<Telemetry> {
  const { tracing, metricsExport } = settings;
  if (!tracing && !metricsExport) return { tracing: undefined, pushReader: undefined };
  for (const reason of new Set([...(tracing?.warnings ?? []), ...(metricsExport?.warnings ?? [])]))
    logger.warn({ reason }, 'an OpenTelemetry variable is ignored');
  const { listenToTelemetry, RepeatFilter } = await import('../platform/tracing/telemetry-diagnostics.js');
  const warnings = new RepeatFilter(
    () => performance.now(),
    (reason) => logger.warn({ reason }, 'telemetry is lost'),
  );
  listenToTelemetry(warnings.pass);
  return {
    tracing: tracing && (await startTracing(tracing, settings, logger, warnings.pass)),
    pushReader:
      metricsExport && (await (await import('../platform/metrics/push-metrics.js')).pushReader(metricsExport)),
  };
}

async function startTracing(
  tracing: TracingSettings,
  settings: ExtprocSettings,
  logger: Logger,
  warn: (reason: string) => void,
): Promise<RequestTracing> {
  const { startRequestTracing } = await import('../modules/extproc/tracing/start-request-tracing.js');
  logger.info({ exporter: tracing.exporter, convention: tracing.convention }, 'tracing is on');
  return startRequestTracing(tracing, {
    env: process.env,
    headerAttributes: settings.spanRequestHeaderAttributes,
    logger,
    warn,
  });
}

interface Running {
  readonly settings: ExtprocSettings;
  readonly logger: Logger;
  readonly serving: ServingState;
  readonly server: Http2GrpcServer;
  readonly app: INestApplication;
  readonly config: ConfigLoader;
  readonly metrics: MetricsRegistry;
  readonly tracing: RequestTracing | undefined;
}

/** Reports draining, keeps serving until load balancers noticed, lets open requests end, then closes the rest. */
async function drain({ settings, logger, serving, server, app, config, metrics, tracing }: Running): Promise<void> {
  serving.drain();
  await delay(settings.shutdownDelayMs);
  serving.close();
  const limit = setTimeout(() => server.destroy(), DRAIN_LIMIT_MS);
  await server.close();
  clearTimeout(limit);
  await config.close();
  // The last spans are of requests that have just ended.
  await Promise.race([
    Promise.all([app.close().then(() => metrics.close()), tracing?.shutdown()]),
    delay(CLOSE_LIMIT_MS),
  ]);
  logger.info('ended');
  // Pipes of a supervising parent may still be open; everything of ours is closed.
  process.exit(0);
}

const delay = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
