import type { RouteActionSchema } from '../../../gen/proto/envoy/config/route/v3/route_components_pb.js';
import type { BackendTrafficPolicy } from '../../../shared/api/envoy-gateway.js';
import type { HTTPRoute, HTTPRouteRule } from '../../../shared/api/http-route.js';
import type { Init } from './extension.js';
import { readDuration, readDurationMs, toDuration } from './duration.js';
import type { Translation } from './translate-options.js';

/** Envoy's own, when no ClientTrafficPolicy sets another. */
export const STREAM_IDLE_TIMEOUT_MS = 300_000;
const HOUR_MS = 3_600_000;

export interface RouteTimeouts {
  readonly action: Init<typeof RouteActionSchema>;
  /** Of one attempt, for the retry policy. */
  readonly backendMs?: number;
}

/**
 * Timeouts of a rule; the rule's own wins over the policy's, and without either Envoy's 15 s hold. A request that may
 * take longer than the listener lets a stream be silent gets an idle timeout that does not cut it short.
 */
export function routeTimeouts(
  { faults }: Translation,
  route: HTTPRoute,
  ruleIndex: number,
  rule: HTTPRouteRule,
  policy: BackendTrafficPolicy | undefined,
  listenerIdleMs: number | undefined,
): RouteTimeouts {
  const path = `spec.rules[${ruleIndex}].timeouts`;
  const http = policy?.spec.timeout?.http;
  const ofRule = readDurationMs(faults, route, `${path}.request`, rule.timeouts?.request);
  const ofPolicy = policy && readDurationMs(faults, policy, 'spec.timeout.http.requestTimeout', http?.requestTimeout);
  const requestMs = ofRule ?? ofPolicy;
  const backendMs = readDurationMs(faults, route, `${path}.backendRequest`, rule.timeouts?.backendRequest);
  // Without retries there is one attempt, so its limit is one for the request too; 0 means none.
  const hasRetry = policy?.spec.retry !== undefined;
  const timeoutMs = hasRetry ? requestMs : lowest(requestMs, backendMs);
  const streamIdle =
    policy && readDurationMs(faults, policy, 'spec.timeout.http.streamIdleTimeout', http?.streamIdleTimeout);
  const idleMs = streamIdle ?? idleFor(timeoutMs, listenerIdleMs);
  const maxStreamDuration =
    policy && readDuration(faults, policy, 'spec.timeout.http.maxStreamDuration', http?.maxStreamDuration);
  return {
    action: {
      ...(timeoutMs === undefined ? {} : { timeout: toDuration(timeoutMs) }),
      ...(idleMs === undefined ? {} : { idleTimeout: toDuration(idleMs) }),
      ...(maxStreamDuration ? { maxStreamDuration: { maxStreamDuration } } : {}),
    },
    ...(backendMs ? { backendMs } : {}),
  };
}

function lowest(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  if (a === 0 || b === 0) return Math.max(a, b);
  return Math.min(a, b);
}

function idleFor(timeoutMs: number | undefined, listenerIdleMs: number | undefined): number | undefined {
  // A ClientTrafficPolicy that names an idle timeout is meant.
  if (timeoutMs === undefined || listenerIdleMs !== undefined) return undefined;
  if (timeoutMs === 0) return 0;
  return timeoutMs > STREAM_IDLE_TIMEOUT_MS ? Math.max(HOUR_MS, timeoutMs) : undefined;
}
