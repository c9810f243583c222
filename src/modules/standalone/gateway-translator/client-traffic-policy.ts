import type { Duration } from '@bufbuild/protobuf/wkt';
import type { ClientTrafficPolicy } from '../../../shared/api/envoy-gateway.js';
import { readDuration, readDurationMs } from './duration.js';
import { readBytes } from './quantity.js';
import { BUFFER_LIMIT_BYTES, type Translation } from './translate-options.js';

/** How clients of a port are served. */
export interface ClientSettings {
  readonly bufferLimitBytes: number;
  /** Absent: none. */
  readonly requestTimeout?: Duration;
  /** Of a connection; absent: Envoy's hour. */
  readonly idleTimeout?: Duration;
  /** Absent: Envoy's five minutes; 0: none. */
  readonly streamIdleMs?: number;
}

export function clientSettings({ faults }: Translation, policy: ClientTrafficPolicy | undefined): ClientSettings {
  if (!policy) return { bufferLimitBytes: BUFFER_LIMIT_BYTES };
  const { connection, timeout } = policy.spec;
  const path = 'spec.timeout.http';
  const bufferLimitBytes = readBytes(faults, policy, 'spec.connection.bufferLimit', connection?.bufferLimit);
  const requestTimeout = readDuration(
    faults,
    policy,
    `${path}.requestReceivedTimeout`,
    timeout?.http?.requestReceivedTimeout,
  );
  const idleTimeout = readDuration(faults, policy, `${path}.idleTimeout`, timeout?.http?.idleTimeout);
  const streamIdleMs = readDurationMs(faults, policy, `${path}.streamIdleTimeout`, timeout?.http?.streamIdleTimeout);
  return {
    bufferLimitBytes: bufferLimitBytes ?? BUFFER_LIMIT_BYTES,
    ...(requestTimeout ? { requestTimeout } : {}),
    ...(idleTimeout ? { idleTimeout } : {}),
    ...(streamIdleMs === undefined ? {} : { streamIdleMs }),
  };
}
