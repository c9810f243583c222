import type { RuleName } from '../../../shared/api/route-parts.js';

/**
 * Names by which the edits recognise what Envoy Gateway made, and names of what they add.
 * @see spec extension-server.md sections 4, 5 and 12
 */
export const EXT_PROC_CLUSTER = 'ai-gateway-extproc-uds';
/**
 * The same for a processor that is a deployment. Another name, because Envoy resets all streams to a cluster that it is told to
 * replace, and with them the requests under way.
 */
export const EXT_PROC_SERVICE_CLUSTER = 'ai-gateway-extproc-service';
/**
 * gRPC metadata that both streams of a request carry alike and no other request, when the processor is a deployment of several
 * replicas. The connection counts when Envoy gives requests no id.
 */
export const AFFINITY_METADATA = 'x-aigw-affinity';
export const AFFINITY_VALUE = '%STREAM_ID%/%CONNECTION_ID%';
/** Name of both our filters, the one in the router chain and the one in the upstream chain of a cluster. */
export const EXT_PROC_FILTER = 'envoy.filters.http.ext_proc/aigateway';
/** Key in `typed_extension_protocol_options` of a cluster. */
export const HTTP_PROTOCOL_OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
export const HTTP_CONNECTION_MANAGER = 'envoy.filters.network.http_connection_manager';
export const ROUTER_FILTER = 'envoy.filters.http.router';
/** Name space in which Envoy Gateway tells which Kubernetes objects a route comes from. */
export const ENVOY_GATEWAY_METADATA = 'envoy-gateway';

const SPECIAL_LISTENERS = ['envoy-gateway-proxy-stats-', 'envoy-gateway-proxy-ready-'];
/** Envoy Gateway's own listeners; no request of a client passes through them. */
export const isSpecialListener = (name: string): boolean => SPECIAL_LISTENERS.some((prefix) => name.startsWith(prefix));

/** As Envoy names it: `route` is an HTTPRoute, which may be one part of an AIGatewayRoute (`ruleLookup`). */
export interface ClusterName extends RuleName {
  /** Present for the cluster of a single backendRef. */
  readonly refIndex?: number;
}

/** `httproute/<ns>/<route>/rule/<i>` or the same with `/backend/<j>`; anything else is not a cluster of a route rule. */
export function parseClusterName(name: string): ClusterName | undefined {
  const rule = parseRuleName(name);
  const parts = name.split('/');
  if (rule === undefined || parts.length === 5) return rule;
  const refIndex = parseIndex(parts[6]);
  return parts.length === 7 && parts[5] === 'backend' && refIndex !== undefined ? { ...rule, refIndex } : undefined;
}

/** The rule in front of a route name `httproute/<ns>/<route>/rule/<i>/match/<m>/<host>`. */
export function parseRuleName(name: string): RuleName | undefined {
  const [kind, namespace, route, marker, index] = name.split('/');
  const ruleIndex = parseIndex(index);
  if (kind !== 'httproute' || !namespace || !route || marker !== 'rule' || ruleIndex === undefined) return undefined;
  return { namespace, route, ruleIndex };
}

function parseIndex(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
