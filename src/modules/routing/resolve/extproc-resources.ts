import type { GatewayConfig } from '../../../shared/api/ai-gateway.js';
import type { Fault } from '../../../shared/api/fault.js';
import { error } from './faults.js';

type Quantity = string | number;

/** Of arithmetic with fractions; nobody asks for so little more. */
const ROUNDING = 1 + 1e-9;

/**
 * Requests above their limits, which the API server lets nobody have: pods with the processor would be refused, and those of
 * before stay, without a word in any status that users look at. @see Kubernetes, ResourceRequirements
 */
export function resourceFaults(config: GatewayConfig): readonly Fault[] {
  const { requests = {}, limits = {} } = config.spec?.extProc?.kubernetes?.resources ?? {};
  return Object.entries(requests).flatMap(([name, request]) => {
    const limit = limits[name];
    if (limit === undefined || (amount(request) ?? 0) <= (amount(limit) ?? Infinity) * ROUNDING) return [];
    const message = `${request} is more than the limit ${limit}, so that the API server refuses pods with the processor: lower it, or raise the limit`;
    return [error(config, `spec.extProc.kubernetes.resources.requests.${name}`, 'InvalidSpec', message)];
  });
}

const FACTORS: ReadonlyMap<string, number> = new Map([
  ...['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'].map((suffix, index) => [suffix, 1_000 ** (index - 3)] as const),
  ...['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'].map((suffix, index) => [suffix, 1_024 ** (index + 1)] as const),
]);

/** Of a Kubernetes quantity; undefined for what is none, of which the schema tells. */
function amount(quantity: Quantity): number | undefined {
  const [, digits = '', suffix = ''] = /^([-+]?[\d.]+(?:[eE][-+]?\d+)?)([a-zA-Z]*)$/.exec(String(quantity)) ?? [];
  const factor = FACTORS.get(suffix);
  return digits === '' || factor === undefined ? undefined : Number(digits) * factor;
}
