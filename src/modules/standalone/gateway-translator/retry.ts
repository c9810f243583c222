import type { RetryPolicySchema } from '../../../gen/proto/envoy/config/route/v3/route_components_pb.js';
import { PreviousHostsPredicateSchema } from '../../../gen/proto/envoy/extensions/retry/host/previous_hosts/v3/previous_hosts_pb.js';
import { PreviousPrioritiesConfigSchema } from '../../../gen/proto/envoy/extensions/retry/priority/previous_priorities/v3/previous_priorities_config_pb.js';
import type { BackendTrafficPolicy } from '../../../shared/api/envoy-gateway.js';
import { readDuration, readDurationMs, toDuration } from './duration.js';
import { extension, type Init } from './extension.js';
import type { Translation } from './translate-options.js';

const RETRIES_DEFAULT = 2;
const TRIGGERS_DEFAULT = ['connect-failure', 'refused-stream', 'unavailable', 'cancelled', 'retriable-status-codes'];
const STATUS_CODES_DEFAULT = [503];
/** How often Envoy picks again when the load balancer offers a host that was tried before. */
const HOST_PICKS_MAX = 5;
/** Envoy's default for the first pause between attempts. */
const BASE_INTERVAL_MS = 25;

/**
 * Retries on another host, and with `numAttemptsPerPriority` on the next priority, which is what makes fallback from
 * one provider to the next. Undefined without a policy: nothing is retried. @see spec ops.md C2
 */
export function retryPolicy(
  { faults }: Translation,
  policy: BackendTrafficPolicy | undefined,
  backendTimeoutMs: number | undefined,
): Init<typeof RetryPolicySchema> | undefined {
  const retry = policy?.spec.retry;
  if (!policy || !retry) return undefined;
  const perTry = readDuration(faults, policy, 'spec.retry.perRetry.timeout', retry.perRetry?.timeout);
  const perTryTimeout = perTry ?? (backendTimeoutMs === undefined ? undefined : toDuration(backendTimeoutMs));
  const triggers = retry.retryOn?.triggers ?? [];
  const statusCodes = retry.retryOn?.httpStatusCodes ?? [];
  const isDefault = triggers.length === 0 && statusCodes.length === 0;
  const retryOn = isDefault ? TRIGGERS_DEFAULT : withStatusTrigger(triggers, statusCodes);
  const backOff = backOffOf(faults, policy);
  const attempts = retry.numAttemptsPerPriority ?? 0;
  return {
    retryOn: retryOn.join(','),
    numRetries: retry.numRetries ?? RETRIES_DEFAULT,
    retriableStatusCodes: isDefault ? STATUS_CODES_DEFAULT : [...statusCodes],
    retryHostPredicate: [extension('envoy.retry_host_predicates.previous_hosts', PreviousHostsPredicateSchema, {})],
    hostSelectionRetryMaxAttempts: BigInt(HOST_PICKS_MAX),
    ...(perTryTimeout ? { perTryTimeout } : {}),
    ...(backOff ? { retryBackOff: backOff } : {}),
    ...(attempts > 0
      ? {
          retryPriority: extension('envoy.retry_priorities.previous_priorities', PreviousPrioritiesConfigSchema, {
            updateFrequency: attempts,
          }),
        }
      : {}),
  };
}

/** Status codes have no effect without their trigger, so naming codes switches it on. */
const withStatusTrigger = (triggers: readonly string[], statusCodes: readonly number[]): readonly string[] =>
  statusCodes.length === 0 || triggers.includes('retriable-status-codes')
    ? triggers
    : [...triggers, 'retriable-status-codes'];

function backOffOf(faults: Translation['faults'], policy: BackendTrafficPolicy) {
  const path = 'spec.retry.perRetry.backOff';
  const { baseInterval, maxInterval } = policy.spec.retry?.perRetry?.backOff ?? {};
  const baseMs = readDurationMs(faults, policy, `${path}.baseInterval`, baseInterval);
  const maxMs = readDurationMs(faults, policy, `${path}.maxInterval`, maxInterval);
  if (baseMs === undefined && maxMs === undefined) return undefined;
  if (baseMs === 0 || maxMs === 0 || (maxMs !== undefined && maxMs < (baseMs ?? 0))) {
    faults.error(policy, path, 'Invalid', 'intervals are above 0s and maxInterval is not below baseInterval');
    return undefined;
  }
  return {
    baseInterval: toDuration(baseMs ?? Math.min(BASE_INTERVAL_MS, maxMs ?? BASE_INTERVAL_MS)),
    ...(maxMs === undefined ? {} : { maxInterval: toDuration(maxMs) }),
  };
}
