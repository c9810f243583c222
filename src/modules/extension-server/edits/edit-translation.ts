import type { Listener } from '../../../gen/proto/envoy/config/listener/v3/listener_pb.js';
import type { HttpConnectionManager } from '../../../gen/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import type { Fault } from '../../../shared/api/fault.js';
import { objectKey } from '../../../shared/api/kube-object.js';
import { kinds } from '../../../shared/api/kinds.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import type { XdsResources } from '../../../shared/xds.js';
import { aiClusterEdit } from './ai-clusters.js';
import { enableProcessor, hasAIRoute, mapRoutes } from './ai-routes.js';
import { mapKeeping } from './copy-on-write.js';
import { withCorsTwins } from './cors-routes.js';
import { withoutEarlyRerouting } from './early-rerouting.js';
import type { EditOptions, Report } from './edit-options.js';
import { withExtProcCluster } from './extproc-cluster.js';
import { withHeaderToMetadata } from './header-to-metadata.js';
import { decodeListener, editManagers, routeConfigNames, type DecodedListener } from './http-connection-managers.js';
import { withRouterFilter } from './router-filter.js';
import { withStreamIdleTimeout } from './stream-idle-timeout.js';
import { isSpecialListener } from './xds-names.js';

/**
 * Finishes the configuration of one Gateway: what Envoy Gateway (or the standalone translator) made goes in, the same
 * with the external processor in its place comes out. Applying it twice is applying it once. A Gateway without AI
 * routes comes back by identity, and so does every resource that needs no change (21.17).
 *
 * Never throws for what is in the resources or in the world: what cannot be done for one cluster, route or filter chain
 * is left out, in the direction of refusing requests, and told as a fault (21.15).
 * @see spec extension-server.md section 8
 */
export function editTranslation(
  resources: XdsResources,
  world: Snapshot,
  options: EditOptions,
): { resources: XdsResources; faults: readonly Fault[] } {
  const aiTables = new Set(resources.routes.filter(hasAIRoute).map((table) => table.name));
  if (aiTables.size === 0) return { resources, faults: [] };
  const faults = new Map<string, Fault>();
  const report: Report = (fault) => void faults.set(JSON.stringify(fault), fault);

  const decoded = resources.listeners.map((listener) => decodeListener(listener));
  const served = new Set(decoded.filter(({ listener }) => !isSpecialListener(listener.name)).flatMap(routeConfigNames));
  const editListener = listenerEdit(aiTables, options, report);
  const clusters = mapKeeping(resources.clusters, aiClusterEdit(world, options, report));
  const separatesAuthentication = options.separatesAuthentication ?? false;
  const edited: XdsResources = {
    listeners: mapKeeping(resources.listeners, (listener, index) =>
      editListener(decoded[index] ?? decodeListener(listener)),
    ),
    routes: mapKeeping(resources.routes, (table) => {
      const timed = mapRoutes(table, (route) => withStreamIdleTimeout(route, world));
      if (!served.has(table.name)) return timed;
      return withCorsTwins(mapRoutes(timed, (route) => enableProcessor(route, separatesAuthentication)));
    }),
    clusters: withExtProcCluster(clusters, options.extProcAddress),
    secrets: resources.secrets,
  };
  return { resources: edited, faults: [...faults.values()] };
}

/** The processor where AI routes are served; header attributes wherever requests of clients come in. */
function listenerEdit(aiTables: ReadonlySet<string>, options: EditOptions, report: Report) {
  return (decoded: DecodedListener): Listener => {
    const { listener } = decoded;
    if (isSpecialListener(listener.name)) return listener;
    const isAIListener = routeConfigNames(decoded).some((name) => aiTables.has(name));
    const steps: readonly Step[] = [
      {
        isNeeded: isAIListener,
        edit: (manager) =>
          withRouterFilter(
            options.separatesAuthentication === true ? withoutEarlyRerouting(manager) : manager,
            options.filtersBeforeExtProc ?? [],
          ),
        fault: noInsertionPoint(listener),
      },
      {
        isNeeded: true,
        edit: (manager) => withHeaderToMetadata(manager, options.logRequestHeaderAttributes),
        fault: noHeaderAttributes(listener),
      },
    ];
    return editManagers(decoded, (manager) => steps.filter((step) => step.isNeeded).reduce(apply, manager));
  };

  function apply(manager: HttpConnectionManager, step: Step): HttpConnectionManager {
    const edited = step.edit(manager);
    if (edited === undefined) report(step.fault);
    return edited ?? manager;
  }
}

interface Step {
  readonly isNeeded: boolean;
  readonly edit: (manager: HttpConnectionManager) => HttpConnectionManager | undefined;
  readonly fault: Fault;
}

/** Envoy Gateway names listeners `<ns>/<gateway>/<listener>`; with merged Gateways or other name schemes it does not. */
function listenerFault(listener: Listener, fault: Omit<Fault, 'object' | 'path'>): Fault {
  const [namespace, gateway, section, ...more] = listener.name.split('/');
  const isNamed = section !== undefined && more.length === 0;
  return {
    object: isNamed
      ? objectKey(kinds.gateway, namespace ?? '', gateway ?? '')
      : objectKey({ group: 'envoy', kind: 'Listener' }, '', listener.name),
    path: isNamed ? `spec.listeners[name=${section}]` : '',
    ...fault,
  };
}

const noInsertionPoint = (listener: Listener): Fault =>
  listenerFault(listener, {
    reason: 'NoInsertionPoint',
    message:
      `listener "${listener.name}" has an HTTP filter chain in which the external processor has no place, because no ` +
      'router filter ends it; its AI routes refuse all requests. Check EnvoyPatchPolicies that touch its HTTP filters.',
    severity: 'error',
  });

const noHeaderAttributes = (listener: Listener): Fault =>
  listenerFault(listener, {
    reason: 'HeaderAttributesNotSet',
    message:
      `listener "${listener.name}" has an HTTP filter chain without router filter, or with a header_to_metadata filter ` +
      'that cannot be decoded; request header attributes are missing in its access logs.',
    severity: 'warning',
  });
