import type { Cluster } from '../../../gen/proto/envoy/config/cluster/v3/cluster_pb.js';
import type { Listener } from '../../../gen/proto/envoy/config/listener/v3/listener_pb.js';
import type { GatewayConfig } from '../../../shared/api/ai-gateway.js';
import type { Fault } from '../../../shared/api/fault.js';
import { keyOf, type ObjectKey } from '../../../shared/api/kube-object.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import type { Report } from './edit-options.js';
import { gatewayConfigByKey } from './gateway-config.js';

/** On a GatewayConfig: bytes that Envoy may hold of one message, as a Kubernetes quantity. */
export const BUFFER_LIMIT_ANNOTATION = 'aigateway.envoyproxy.io/buffer-limit';
/** What Envoy Gateway writes when no policy asks for something else: prompts above it are answered 413. */
const ENVOY_GATEWAY_DEFAULT_BYTES = 32_768;
/** Largest value of the protocol field. */
const BYTES_MAX = 0xffff_ffff;
const FACTORS = new Map([
  ['', 1],
  ['k', 1e3],
  ['M', 1e6],
  ['G', 1e9],
  ['Ki', 2 ** 10],
  ['Mi', 2 ** 20],
  ['Gi', 2 ** 30],
]);

/** Largest buffer limit that the GatewayConfigs of these Gateways ask for; undefined when none does. @see spec 21.16 */
export function bufferLimitBytes(gateways: readonly ObjectKey[], world: Snapshot, report: Report): number | undefined {
  const limits = gateways
    .map((gateway) => gatewayConfigByKey(world, gateway))
    .flatMap((config) => (config === undefined ? [] : (limitOf(config, report) ?? [])));
  return limits.length === 0 ? undefined : Math.max(...limits);
}

function limitOf(config: GatewayConfig, report: Report): number | undefined {
  const text = config.metadata.annotations?.[BUFFER_LIMIT_ANNOTATION];
  if (text === undefined) return undefined;
  const limit = parseBufferLimit(text);
  if (typeof limit === 'number') return limit;
  report(invalidLimit(config, limit));
  return undefined;
}

/** A Kubernetes quantity in bytes, or why it is no limit. */
export function parseBufferLimit(text: string): number | string {
  const match = /^(\d{1,10}(?:\.\d{1,3})?)(|k|M|G|Ki|Mi|Gi)$/.exec(text);
  const bytes = Math.ceil(Number(match?.[1]) * (FACTORS.get(match?.[2] ?? '') ?? 0));
  if (match !== null && bytes >= 1 && bytes <= BYTES_MAX) return bytes;
  return `"${text}" is no size of 1 byte to 4Gi minus 1; write for example "50Mi". Envoy Gateway's limits stay.`;
}

/** The listener or cluster with this limit in the place of Envoy Gateway's default; one that a policy has set stays. */
export const withBufferLimit = <Resource extends Cluster | Listener>(
  resource: Resource,
  limitBytes: number | undefined,
): Resource =>
  limitBytes !== undefined && resource.perConnectionBufferLimitBytes === ENVOY_GATEWAY_DEFAULT_BYTES
    ? { ...resource, perConnectionBufferLimitBytes: limitBytes }
    : resource;

const invalidLimit = (config: GatewayConfig, message: string): Fault => ({
  object: keyOf(config),
  path: `metadata.annotations["${BUFFER_LIMIT_ANNOTATION}"]`,
  reason: 'InvalidBufferLimit',
  message,
  severity: 'warning',
});
