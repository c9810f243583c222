import type { CircuitBreakersSchema } from '../../../gen/proto/envoy/config/cluster/v3/circuit_breaker_pb.js';
import { Cluster_LbPolicy, type ClusterSchema } from '../../../gen/proto/envoy/config/cluster/v3/cluster_pb.js';
import type { OutlierDetectionSchema } from '../../../gen/proto/envoy/config/cluster/v3/outlier_detection_pb.js';
import type { HttpProtocolOptionsSchema } from '../../../gen/proto/envoy/config/core/v3/protocol_pb.js';
import type { BackendTrafficPolicy } from '../../../shared/api/envoy-gateway.js';
import type { Init } from './extension.js';
import { readDuration, toDuration } from './duration.js';
import { readBytes } from './quantity.js';
import { BUFFER_LIMIT_BYTES, type Translation } from './translate-options.js';

/** Envoy's default of 3 would end most fallbacks under load; this is Envoy Gateway's. */
const RETRIES_MAX = 1024;
const CONNECT_TIMEOUT_MS = 10_000;

/** The members of a cluster that a BackendTrafficPolicy decides, with Envoy Gateway's defaults where it is silent. */
export function clusterSettings(
  { faults }: Translation,
  policy: BackendTrafficPolicy | undefined,
): Init<typeof ClusterSchema> {
  const spec = policy?.spec;
  const connectTimeout =
    policy && readDuration(faults, policy, 'spec.timeout.tcp.connectTimeout', spec?.timeout?.tcp?.connectTimeout);
  const bufferLimitBytes =
    policy && readBytes(faults, policy, 'spec.connection.bufferLimit', spec?.connection?.bufferLimit);
  const panicThreshold = spec?.healthCheck?.panicThreshold;
  const outlierDetection = policy && outlierDetectionOf(faults, policy);
  return {
    lbPolicy: loadBalancer(faults, policy),
    connectTimeout: connectTimeout ?? toDuration(CONNECT_TIMEOUT_MS),
    perConnectionBufferLimitBytes: bufferLimitBytes ?? BUFFER_LIMIT_BYTES,
    circuitBreakers: circuitBreakers(policy),
    ...(outlierDetection ? { outlierDetection } : {}),
    commonLbConfig: {
      localityWeightedLbConfig: {},
      ...(panicThreshold === undefined ? {} : { healthyPanicThreshold: { value: panicThreshold } }),
    },
  };
}

/** Limits of connections to backends; undefined when none is asked for. */
export function connectionLimits(
  { faults }: Translation,
  policy: BackendTrafficPolicy | undefined,
): Init<typeof HttpProtocolOptionsSchema> | undefined {
  if (!policy) return undefined;
  const http = policy.spec.timeout?.http;
  const path = 'spec.timeout.http';
  const idleTimeout = readDuration(faults, policy, `${path}.connectionIdleTimeout`, http?.connectionIdleTimeout);
  const maxConnectionDuration = readDuration(
    faults,
    policy,
    `${path}.maxConnectionDuration`,
    http?.maxConnectionDuration,
  );
  const maxRequestsPerConnection = policy.spec.circuitBreaker?.maxRequestsPerConnection;
  if (!idleTimeout && !maxConnectionDuration && maxRequestsPerConnection === undefined) return undefined;
  return {
    ...(idleTimeout ? { idleTimeout } : {}),
    ...(maxConnectionDuration ? { maxConnectionDuration } : {}),
    ...(maxRequestsPerConnection === undefined ? {} : { maxRequestsPerConnection }),
  };
}

const LOAD_BALANCERS: Readonly<Record<string, Cluster_LbPolicy>> = {
  LeastRequest: Cluster_LbPolicy.LEAST_REQUEST,
  RoundRobin: Cluster_LbPolicy.ROUND_ROBIN,
  Random: Cluster_LbPolicy.RANDOM,
};

function loadBalancer(faults: Translation['faults'], policy: BackendTrafficPolicy | undefined): Cluster_LbPolicy {
  const type = policy?.spec.loadBalancer?.type ?? 'LeastRequest';
  const found = LOAD_BALANCERS[type];
  if (found === undefined && policy) {
    const supported = Object.keys(LOAD_BALANCERS).join(', ');
    faults.error(
      policy,
      'spec.loadBalancer.type',
      'UnsupportedValue',
      `"${type}" is not supported: use one of ${supported}`,
    );
  }
  return found ?? Cluster_LbPolicy.LEAST_REQUEST;
}

function circuitBreakers(policy: BackendTrafficPolicy | undefined): Init<typeof CircuitBreakersSchema> {
  const settings = policy?.spec.circuitBreaker;
  const budget = settings?.retryBudget;
  const perEndpoint = settings?.perEndpoint?.maxConnections;
  return {
    thresholds: [
      {
        maxRetries: settings?.maxParallelRetries ?? RETRIES_MAX,
        ...(settings?.maxConnections === undefined ? {} : { maxConnections: settings.maxConnections }),
        ...(settings?.maxPendingRequests === undefined ? {} : { maxPendingRequests: settings.maxPendingRequests }),
        ...(settings?.maxParallelRequests === undefined ? {} : { maxRequests: settings.maxParallelRequests }),
        ...(budget
          ? {
              retryBudget: {
                budgetPercent: { value: (100 * budget.percent.numerator) / (budget.percent.denominator ?? 100) },
                minRetryConcurrency: budget.minRetryConcurrency ?? 3,
              },
            }
          : {}),
      },
    ],
    ...(perEndpoint === undefined ? {} : { perHostThresholds: [{ maxConnections: perEndpoint }] }),
  };
}

function outlierDetectionOf(
  faults: Translation['faults'],
  policy: BackendTrafficPolicy,
): Init<typeof OutlierDetectionSchema> | undefined {
  const passive = policy.spec.healthCheck?.passive;
  if (!passive) return undefined;
  const path = 'spec.healthCheck.passive';
  const gatewayErrors = passive.consecutiveGatewayErrors;
  const failurePercentage = passive.failurePercentageThreshold;
  return {
    consecutive5xx: passive.consecutive5XxErrors ?? 5,
    interval: readDuration(faults, policy, `${path}.interval`, passive.interval) ?? toDuration(3000),
    baseEjectionTime:
      readDuration(faults, policy, `${path}.baseEjectionTime`, passive.baseEjectionTime) ?? toDuration(30_000),
    maxEjectionPercent: passive.maxEjectionPercent ?? 10,
    consecutiveLocalOriginFailure: passive.consecutiveLocalOriginFailures ?? 5,
    splitExternalLocalOriginErrors: passive.splitExternalLocalOriginErrors ?? false,
    alwaysEjectOneHost: passive.alwaysEjectOneEndpoint ?? false,
    // Envoy counts these two without acting on them unless enforcing is switched on.
    ...(gatewayErrors === undefined
      ? {}
      : { consecutiveGatewayFailure: gatewayErrors, enforcingConsecutiveGatewayFailure: 100 }),
    ...(failurePercentage === undefined
      ? {}
      : { failurePercentageThreshold: failurePercentage, enforcingFailurePercentage: 100 }),
  };
}
