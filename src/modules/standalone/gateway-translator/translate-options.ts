import type { ConfigSource } from '../../../gen/proto/envoy/config/core/v3/config_source_pb.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import type { FaultLog } from './fault-log.js';

/** What the machine decides, not the objects. */
export interface TranslateOptions {
  /**
   * Where Envoy finds the routing table of a listener. One place per name: a file that is an RDS source may hold one
   * routing table only (Envoy refuses more).
   */
  readonly rdsConfigSource: (routeConfigName: string) => ConfigSource;
  /** Address that listeners bind to, `0.0.0.0` for all. */
  readonly listenAddress: string;
  /** File of the built-in access log, usually `/dev/stdout`. */
  readonly accessLogPath: string;
  /** Bundle for `wellKnownCACertificates: System`; absent when the machine has none. */
  readonly systemCaPath?: string;
}

/** What the parts of one translation share. */
export interface Translation {
  readonly world: Snapshot;
  readonly options: TranslateOptions;
  readonly faults: FaultLog;
}

/**
 * Buffer of a client or backend connection unless a policy says otherwise. Envoy Gateway takes 32 KiB, with which a
 * larger prompt is answered 413, because the External Processor buffers bodies. @see spec extension-server.md 21.16
 */
export const BUFFER_LIMIT_BYTES = 50 * 2 ** 20;
