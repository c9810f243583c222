import type { Listener } from '../../../gen/proto/envoy/config/listener/v3/listener_pb.js';
import type { RouteConfiguration } from '../../../gen/proto/envoy/config/route/v3/route_pb.js';
import type { HttpConnectionManager } from '../../../gen/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import type { Fault } from '../../../shared/api/fault.js';
import { objectKey } from '../../../shared/api/kube-object.js';
import { kinds } from '../../../shared/api/kinds.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import { bufferLimitBytes, withBufferLimit } from './buffer-limits.js';
import { withoutEarlyRerouting } from './early-rerouting.js';
import type { EditOptions, Report } from './edit-options.js';
import type { ExtProcTarget } from './extproc-target.js';
import { gatewaysOfListener } from './gateways.js';
import { withHeaderToMetadata } from './header-to-metadata.js';
import { editManagers, routeConfigNames, type DecodedListener } from './http-connection-managers.js';
import { distinctPools, poolOf, type PoolReference } from './inference-pool.js';
import { withPickerFilters } from './picker-filters.js';
import { withRouterFilter } from './router-filter.js';
import { withWebSocketUpgrades } from './websocket-upgrades.js';
import { isSpecialListener } from './xds-names.js';

export interface ListenerEdit {
  readonly pools: ReadonlyMap<DecodedListener, readonly PoolReference[]>;
  readonly world: Snapshot;
  readonly report: Report;
  /** Absent when the translation has no AI routes. */
  readonly ai?: {
    readonly aiTables: ReadonlySet<string>;
    readonly tables: ReadonlyMap<string, RouteConfiguration>;
    readonly extProcTarget: ExtProcTarget;
    readonly options: EditOptions;
  };
}

/** The InferencePools that each listener serves; listeners that serve none are absent. Each table is read once. */
export function poolsByListener(
  listeners: readonly DecodedListener[],
  tables: ReadonlyMap<string, RouteConfiguration>,
): ReadonlyMap<DecodedListener, readonly PoolReference[]> {
  const ofTable = new Map<string, readonly PoolReference[]>();
  const poolsOf = (name: string): readonly PoolReference[] => {
    const pools = ofTable.get(name) ?? poolsOfTable(tables.get(name));
    ofTable.set(name, pools);
    return pools;
  };
  return new Map(
    listeners
      .filter(({ listener }) => !isSpecialListener(listener.name))
      .map((listener) => [listener, distinctPools(routeConfigNames(listener).flatMap(poolsOf))] as const)
      .filter(([, pools]) => pools.length > 0),
  );
}

const poolsOfTable = (table: RouteConfiguration | undefined): readonly PoolReference[] =>
  (table?.virtualHosts ?? [])
    .flatMap(({ routes }) => routes.map(({ metadata }) => poolOf(metadata)))
    .filter((pool) => pool !== undefined);

/**
 * What becomes of a listener: the processor where AI routes are served, endpoint pickers where InferencePools are, header
 * attributes wherever requests of clients come in. @see spec extension-server.md sections 12, 14 and 16
 */
export function listenerEdit({ pools, world, report, ai }: ListenerEdit): (decoded: DecodedListener) => Listener {
  return (decoded) => {
    const { listener } = decoded;
    if (isSpecialListener(listener.name)) return listener;
    const steps = [
      ...(ai !== undefined && servesAI(decoded, ai.aiTables)
        ? [routerStep(listener, ai.options, ai.extProcTarget), upgradeStep(ai.aiTables)]
        : []),
      pickerStep(pools.get(decoded) ?? [], world),
      ...(ai === undefined ? [] : [attributesStep(listener, ai.options)]),
    ];
    const edited = editManagers(decoded, (manager) => steps.reduce(apply, manager));
    if (ai === undefined || !servesAI(decoded, ai.aiTables)) return edited;
    return withBufferLimit(edited, bufferLimitBytes(gatewaysOfListener(decoded, ai.tables), world, report));
  };

  function apply(manager: HttpConnectionManager, step: Step): HttpConnectionManager {
    const edited = step.edit(manager);
    if (edited === undefined && step.fault !== undefined) report(step.fault);
    return edited ?? manager;
  }
}

const servesAI = (decoded: DecodedListener, aiTables: ReadonlySet<string>): boolean =>
  routeConfigNames(decoded).some((name) => aiTables.has(name));

interface Step {
  readonly edit: (manager: HttpConnectionManager) => HttpConnectionManager | undefined;
  /** Told when the edit cannot be made. */
  readonly fault?: Fault;
}

const routerStep = (listener: Listener, options: EditOptions, target: ExtProcTarget): Step => ({
  edit: (manager) =>
    withRouterFilter(
      options.separatesAuthentication === true ? withoutEarlyRerouting(manager) : manager,
      options.filtersBeforeExtProc ?? [],
      target,
    ),
  fault: noInsertionPoint(listener),
});

const upgradeStep = (aiTables: ReadonlySet<string>): Step => ({
  edit: (manager) => {
    const { routeSpecifier } = manager;
    const servesAI = routeSpecifier.case === 'rds' && aiTables.has(routeSpecifier.value.routeConfigName);
    return servesAI ? withWebSocketUpgrades(manager) : manager;
  },
});

const pickerStep = (pools: readonly PoolReference[], world: Snapshot): Step => ({
  edit: (manager) => withPickerFilters(manager, pools, world),
});

const attributesStep = (listener: Listener, options: EditOptions): Step => ({
  edit: (manager) => withHeaderToMetadata(manager, options.logRequestHeaderAttributes),
  fault: noHeaderAttributes(listener),
});

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
