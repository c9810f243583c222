import { setTimeout as delay } from 'node:timers/promises';
import type { Meter } from '@opentelemetry/api';
import type { Logger } from 'pino';
import type { Snapshot } from '../../shared/api/snapshot.js';
import type { CallFactory } from '../../platform/grpc/call.js';
import { GrpcJsServer } from '../../platform/grpc/grpc-js-server.js';
import { healthCalls, type ServingState } from '../../platform/grpc/health-calls.js';
import type { ListenAddress } from '../../platform/grpc/listen-address.js';
import { GrpcError, grpcStatus } from '../../platform/grpc/status.js';
import { unaryCall } from '../../platform/grpc/unary-call.js';
import { LOOK_AGAIN_MS, NotUpToDate } from './catch-up-time.js';
import type { EditOptions } from './edits/edit-options.js';
import { HookMetrics } from './hook-metrics.js';
import { createHooks, type Hook, type HookName, type TranslationRecord } from './hooks.js';

const SERVICE = 'envoygateway.extension.EnvoyGatewayExtension';
/** Name under which the gRPC health service lists this server. @see spec extension-server.md section 2 */
const HEALTH_SERVICE = 'envoy-gateway-extension-server';
/** Room for the whole configuration of a large fleet in one message (21.13). */
export const DEFAULT_MAX_MESSAGE_BYTES = 256 * 1024 * 1024;
/** Part of the limit from which on requests are warned about. */
const WARN_SHARE = 0.8;
/** A translation under way takes seconds at most. */
const CLOSE_LIMIT_MS = 10_000;

export interface ExtensionServerOptions {
  /** Flag `port`, `:1063` by default, as `parseListenAddress` reads it. */
  readonly address: ListenAddress;
  /** Flag `maxRecvMsgSize`; {@link DEFAULT_MAX_MESSAGE_BYTES} by default. */
  readonly maxMessageBytes: number;
  /** The cluster as it is now; undefined until it has been read, which is answered UNAVAILABLE. */
  readonly world: () => Snapshot | undefined;
  readonly editOptions: EditOptions;
  /** To be set to SERVING when the cluster has been read, and closed before the server is. */
  readonly serving: ServingState;
  readonly meter: Meter;
  readonly logger: Logger;
  /** Milliseconds that only go forward. */
  readonly nowMs: () => number;
  /** After each translation. What it throws is logged and changes no answer. */
  readonly onTranslated: (record: TranslationRecord) => void;
}

/**
 * The gRPC server that Envoy Gateway calls while it builds xDS, with the health service, as a Nest transport strategy:
 * `app.connectMicroservice({ strategy })`. @see spec extension-server.md section 2
 */
export function createExtensionServer(options: ExtensionServerOptions): GrpcJsServer {
  const { address, maxMessageBytes, serving } = options;
  return new GrpcJsServer({
    address,
    maxMessageBytes,
    closeLimitMs: CLOSE_LIMIT_MS,
    addressFlag: 'port',
    calls: { ...hookCalls(options), ...healthCalls(serving, HEALTH_SERVICE) },
  });
}

function hookCalls(options: ExtensionServerOptions): Record<string, CallFactory> {
  const { logger, maxMessageBytes, meter } = options;
  const metrics = new HookMetrics(meter, maxMessageBytes);
  const guard = hookGuard(options, metrics);
  const hooks = createHooks({
    editOptions: options.editOptions,
    nowMs: options.nowMs,
    onProblem: (hook, problem) => logger.warn({ hook, problem }, 'extension resource not used'),
    onTranslated: (record) => {
      for (const { reason } of record.faults) metrics.fault(reason);
      try {
        options.onTranslated(record);
      } catch (error) {
        logger.error({ error }, 'translation not recorded');
      }
    },
  });
  const callOf = (name: HookName, hook: Hook): CallFactory =>
    unaryCall(guard(name, hook), () => {
      metrics.unread(name);
      const fields = { hook: name, limitBytes: maxMessageBytes };
      logger.warn(fields, 'request not read: larger than the limit of -maxRecvMsgSize, or given up by Envoy Gateway');
    });
  return Object.fromEntries(
    Object.entries(hooks).map(([name, hook]) => [`/${SERVICE}/${name}`, callOf(name as HookName, hook)]),
  );
}

/**
 * Around every hook: no answer before the cluster has been read, and a mistake of ours ends one call, not the process
 * (21.23). Envoy Gateway tries UNAVAILABLE again; after any other status it keeps the xDS that it had.
 */
function hookGuard({ world, logger, nowMs, maxMessageBytes }: ExtensionServerOptions, metrics: HookMetrics) {
  let warnAtBytes = maxMessageBytes * WARN_SHARE;
  return (hook: HookName, run: Hook) =>
    async (message: Buffer): Promise<Uint8Array> => {
      const startedMs = nowMs();
      let status = 'OK';
      if (message.length > warnAtBytes) {
        // Once for each new size: translations come often and are alike.
        warnAtBytes = message.length;
        const fields = { hook, sizeBytes: message.length, limitBytes: maxMessageBytes };
        logger.warn(fields, 'request near the limit; raise -maxRecvMsgSize and maxMessageSize of Envoy Gateway');
      }
      try {
        return await answerInTime(run, message, world);
      } catch (error) {
        const known = error instanceof GrpcError ? error : new GrpcError(grpcStatus.internal, `${hook} failed`);
        status = known.code === grpcStatus.unavailable ? 'UNAVAILABLE' : 'INTERNAL';
        if (known !== error) logger.error({ hook, error }, 'hook failed; Envoy keeps its former configuration');
        throw known;
      } finally {
        metrics.called(hook, status, message.length, nowMs() - startedMs);
      }
    };
}

/** Tries until the replica is up to date, for a bounded time (`CatchUpTime`). */
async function answerInTime(run: Hook, message: Buffer, world: ExtensionServerOptions['world']): Promise<Uint8Array> {
  for (;;) {
    const current = world();
    if (current === undefined) throw new GrpcError(grpcStatus.unavailable, 'starting: the cluster is being read');
    try {
      return run(message, current);
    } catch (error) {
      if (!(error instanceof NotUpToDate)) throw error;
    }
    await delay(LOOK_AGAIN_MS);
  }
}
