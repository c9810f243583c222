import type { RouteConfiguration } from '../../../gen/proto/envoy/config/route/v3/route_pb.js';
import type { EnvoyProxy } from '../../../shared/api/envoy-gateway.js';
import type { Fault } from '../../../shared/api/fault.js';
import type { Gateway, GatewayClass } from '../../../shared/api/gateway-api.js';
import { kinds } from '../../../shared/api/kinds.js';
import { objectKey, type KubeObject } from '../../../shared/api/kube-object.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import type { XdsResources } from '../../../shared/xds.js';
import { accessLogs } from './access-log.js';
import { clientSettings } from './client-traffic-policy.js';
import { FaultLog } from './fault-log.js';
import { gatewayContext, type GatewayContext } from './gateway-context.js';
import { httpConnectionManager } from './http-connection-manager.js';
import { planPorts, type ListenerPlan, type PortPlan } from './listener-plan.js';
import { portListener } from './listeners.js';
import { attachRoutes } from './route-attachment.js';
import { routeTable } from './route-tables.js';
import type { TranslateOptions } from './translate-options.js';

export interface GatewayTranslation {
  readonly resources: XdsResources;
  /** Component of Envoy, or `default`, to level; as the EnvoyProxy has it. */
  readonly logLevels: Readonly<Record<string, string>>;
  readonly faults: readonly Fault[];
}

/**
 * What Envoy Gateway would make of a Gateway, for one Envoy without Kubernetes: same names, same metadata, so that the
 * extension-server edits run on it unchanged. `world` holds the generated HTTPRoutes beside the user's objects.
 *
 * Never throws: what is faulty is reported and left out, or answers 500, and all else is served. The same world gives
 * the same bytes, whatever the order of its objects.
 *
 * Other than Envoy Gateway: endpoints always stand in the clusters (no EDS), secrets in the TLS contexts (no SDS, so
 * `secrets` is empty), all backends of a rule share one cluster, ports are not shifted, buffers are 50 MiB.
 * @see spec extension-server.md sections 4, 12 and 18
 */
export function translateGateway(gateway: KubeObject, world: Snapshot, options: TranslateOptions): GatewayTranslation {
  const faults = new FaultLog();
  const context = gatewayContext({ world, options, faults }, gateway as Gateway);
  const ports = planPorts(context, context.gateway);
  const attachments = attachRoutes(context, context.gateway, ports);
  const proxy = findEnvoyProxy(context);
  const logs = accessLogs(context, proxy);
  const routes: RouteConfiguration[] = [];
  const listeners = ports.map((port) => {
    const client = clientSettings(context, clientPolicyOf(context, port));
    const [first, ...others] = port.listeners;
    // Without TLS nothing but the host tells the listeners of a port apart, so they share a chain and a table.
    const groups: (readonly [ListenerPlan, ...ListenerPlan[]])[] = port.isTls
      ? port.listeners.map((listener) => [listener])
      : [[first, ...others]];
    const served = groups.map((group) => {
      const table = routeTable(context, group, attachments, client.streamIdleMs);
      routes.push(table.config);
      const statPrefix = `${port.isTls ? 'https' : 'http'}-${port.port}`;
      return { plan: group[0], manager: httpConnectionManager(options, statPrefix, table, client, logs) };
    });
    return portListener(options, port, served, client, logs);
  });
  return {
    resources: { listeners, routes, clusters: [...context.targets.clusters(), ...logs.clusters], secrets: [] },
    logLevels: proxy?.spec?.logging?.level ?? {},
    faults: faults.list(),
  };
}

/** Of the listeners of a port the first one that has a policy decides. */
const clientPolicyOf = ({ gateway, clientPolicy }: GatewayContext, { listeners }: PortPlan) =>
  listeners.map(({ spec }) => clientPolicy({ gateway, listener: spec.name })).find((policy) => policy !== undefined);

/** That of the Gateway, else that of its class. */
function findEnvoyProxy({ world, gateway, faults }: GatewayContext): EnvoyProxy | undefined {
  const namespace = gateway.metadata.namespace ?? '';
  const own = gateway.spec.infrastructure?.parametersRef;
  const gatewayClass = world.get<GatewayClass>(kinds.gatewayClass, '', gateway.spec.gatewayClassName);
  if (!gatewayClass) {
    const { gatewayClassName: name } = gateway.spec;
    const message = `GatewayClass "${name}" does not exist: create it, or correct the name`;
    const missing = objectKey(kinds.gatewayClass, '', name);
    faults.warning(gateway, 'spec.gatewayClassName', 'GatewayClassNotFound', message, missing);
  }
  const [owner, path, reference] = own
    ? ([gateway, 'spec.infrastructure.parametersRef', { ...own, namespace }] as const)
    : ([gatewayClass, 'spec.parametersRef', gatewayClass?.spec.parametersRef] as const);
  if (!owner || !reference) return undefined;
  if (reference.group !== kinds.envoyProxy.group || reference.kind !== kinds.envoyProxy.kind) {
    const message = `${reference.group}/${reference.kind} is not supported: name an EnvoyProxy of ${kinds.envoyProxy.group}`;
    faults.error(owner, path, 'InvalidParameters', message);
    return undefined;
  }
  const proxy = world.get<EnvoyProxy>(kinds.envoyProxy, reference.namespace ?? '', reference.name);
  if (!proxy) {
    const message = `EnvoyProxy ${reference.namespace ?? ''}/${reference.name} does not exist: create it or correct the name`;
    const missing = objectKey(kinds.envoyProxy, reference.namespace ?? '', reference.name);
    faults.error(owner, path, 'InvalidParameters', message, missing);
  }
  return proxy;
}
