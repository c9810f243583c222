import type { AIGatewayRoute, GatewayConfig } from '../../../shared/api/ai-gateway.js';
import type { Fault } from '../../../shared/api/fault.js';
import { kinds } from '../../../shared/api/kinds.js';
import { keyOf, objectKey, type KubeObject, type ObjectKey } from '../../../shared/api/kube-object.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import { BUFFER_LIMIT_ANNOTATION, parseBufferLimit } from '../../extension-server/edits/buffer-limits.js';
import { usableProxyAddress } from '../../extension-server/edits/proxy-address.js';
import type { ResolveContext } from './context.js';
import { resolveCosts } from './costs.js';
import { overrideFaults } from './extproc-overrides.js';
import { resourceFaults } from './extproc-resources.js';
import { distinctFaults, error, warning } from './faults.js';
import { gatewayKeyOf } from './parents.js';
import { resolveRoute } from './resolve-route.js';
import type { GatewayConfigNode, RouteGraph, RouteNode } from './route-graph.js';

/** Names a GatewayConfig of the Gateway's namespace. @see spec api.md section 6 */
const GATEWAY_CONFIG_ANNOTATION = 'aigateway.envoyproxy.io/gateway-config';

/** The routes that name the Gateway as a parent, without those under deletion; sorted by namespace and name. */
export function attachedRoutes(gateway: KubeObject, world: Snapshot): readonly AIGatewayRoute[] {
  const key = keyOf(gateway);
  return world
    .list<AIGatewayRoute>(kinds.aiGatewayRoute)
    .filter(
      (route) =>
        route.metadata.deletionTimestamp === undefined &&
        (route.spec?.parentRefs ?? []).some((ref) => gatewayKeyOf(route, ref) === key),
    );
}

export function resolveGateway(context: ResolveContext, gateway: KubeObject): RouteGraph {
  const routes = attachedRoutes(gateway, context.world).map((route) => resolveRoute(context, route));
  const { namespace = '', annotations = {} } = gateway.metadata;
  const name = annotations[GATEWAY_CONFIG_ANNOTATION];
  if (!name) return { gateway, routes, faults: [] };
  const config = gatewayConfigOf(gateway, context.world);
  if (config) return { gateway, routes, gatewayConfig: resolveGatewayConfig(config), faults: [] };
  const path = `metadata.annotations[${GATEWAY_CONFIG_ANNOTATION}]`;
  const message = `GatewayConfig ${namespace}/${name} does not exist, defaults apply: create it, or drop the annotation`;
  return { gateway, routes, faults: [warning(gateway, path, 'GatewayConfigNotFound', message)] };
}

/** Key of the GatewayConfig that the Gateway names, if it names one. */
export function gatewayConfigKeyOf(gateway: KubeObject): ObjectKey | undefined {
  const name = gateway.metadata.annotations?.[GATEWAY_CONFIG_ANNOTATION];
  return name ? objectKey(kinds.gatewayConfig, gateway.metadata.namespace ?? '', name) : undefined;
}

export function gatewayConfigOf(gateway: KubeObject, world: Snapshot): GatewayConfig | undefined {
  const name = gateway.metadata.annotations?.[GATEWAY_CONFIG_ANNOTATION];
  return name ? world.get<GatewayConfig>(kinds.gatewayConfig, gateway.metadata.namespace ?? '', name) : undefined;
}

export function resolveGatewayConfig(config: GatewayConfig): GatewayConfigNode {
  const { costs, faults } = resolveCosts(
    config,
    'spec.globalLLMRequestCosts',
    config.spec?.globalLLMRequestCosts ?? [],
  );
  const xds = [...forwardProxyFaults(config), ...bufferLimitFaults(config)];
  const own = [...xds, ...overrideFaults(config), ...resourceFaults(config)];
  return { config, costs, faults: [...faults, ...own] };
}

/** What the xDS would be finished with: an address that Envoy cannot use closes all backends of the Gateways. */
function forwardProxyFaults(config: GatewayConfig): readonly Fault[] {
  const text = config.spec?.forwardProxy?.address;
  const address = text === undefined ? undefined : usableProxyAddress(text);
  if (typeof address !== 'string') return [];
  const message = `${address}. Requests to the backends of its Gateways are refused until it is corrected`;
  return [error(config, 'spec.forwardProxy.address', 'InvalidSpec', message)];
}

function bufferLimitFaults(config: GatewayConfig): readonly Fault[] {
  const text = config.metadata.annotations?.[BUFFER_LIMIT_ANNOTATION];
  const limit = text === undefined ? undefined : parseBufferLimit(text);
  if (typeof limit !== 'string') return [];
  return [warning(config, `metadata.annotations[${BUFFER_LIMIT_ANNOTATION}]`, 'UnsupportedValue', limit)];
}

/** Every fault of the graph once, in the order of the graph: causes before what follows from them. */
export const faultsOfGraph = (graph: RouteGraph): readonly Fault[] =>
  distinctFaults([...graph.faults, ...(graph.gatewayConfig?.faults ?? []), ...graph.routes.flatMap(faultsOfRoute)]);

export const faultsOfRoute = (node: RouteNode): readonly Fault[] => [
  ...node.faults,
  ...node.rules.flatMap((rule) =>
    rule.refs.flatMap(({ backend, faults }) => [
      ...(backend?.policies ?? []).flatMap((policy) => policy.faults),
      ...(backend?.kind === 'service' ? backend.faults : []),
      ...faults,
    ]),
  ),
];
