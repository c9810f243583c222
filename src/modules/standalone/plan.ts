import { dirname, join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { ApiVersion, ConfigSourceSchema } from '../../gen/proto/envoy/config/core/v3/config_source_pb.js';
import type { Fault } from '../../shared/api/fault.js';
import type { Gateway } from '../../shared/api/gateway-api.js';
import { kinds } from '../../shared/api/kinds.js';
import { keyOf, objectKey, type KubeObject, type ObjectKey } from '../../shared/api/kube-object.js';
import { snapshotOf, type Snapshot } from '../../shared/api/snapshot.js';
import type { FilterConfig } from '../../shared/filter-config/filter-config.js';
import type { HeaderAttributes } from '../../shared/header-attributes.js';
import type { XdsResources } from '../../shared/xds.js';
import { editTranslation } from '../extension-server/edits/edit-translation.js';
import { reconcileUnreached } from '../routing/reconcile-unreached.js';
import { reconcileGateway } from '../routing/reconcile.js';
import { faultSort } from '../routing/resolve/fault-reasons.js';
import { routePath } from './envoy/xds-files.js';
import { translateGateway } from './gateway-translator/translate-gateway.js';
import { hintFor, partsOf } from './report/fault-hints.js';
import { summarize, type Summary } from './report/summary.js';
import type { Problem } from './resources/problem.js';
import type { ResourceSet } from './resources/parse-resources.js';

/** What the machine decides, not the objects. */
export interface PlanOptions {
  /** Where the objects come from, for problems that belong to none of them. */
  readonly name: string;
  /** Report what makes single routes or backends unusable as warnings, and serve the rest. */
  readonly isLenient: boolean;
  /** Nobody wrote the objects, so hints how to write them better are left out. */
  readonly isGenerated: boolean;
  /** Build version, written into the filter config. */
  readonly version: string;
  readonly xdsDirectory: string;
  readonly socketPath: string;
  readonly logHeaderAttributes: HeaderAttributes;
  readonly systemCaPath?: string;
}

/** All that follows from a set of objects. */
export interface Plan {
  readonly gateway: string;
  /** What the controller would write into a cluster. */
  readonly objects: readonly KubeObject[];
  readonly filterConfig: FilterConfig;
  readonly xds: XdsResources;
  /** Component of Envoy, or `default`, to level; empty when nobody asks for one. */
  readonly logLevels: Readonly<Record<string, string>>;
  readonly summary: Summary;
}

export interface Planned {
  /** Absent when there is no single Gateway to plan for. */
  readonly plan?: Plan;
  readonly problems: readonly Problem[];
}

/**
 * Objects → everything that is written for Envoy and the External Processor: the pipeline of the controller, with the
 * standalone translator in the place of Envoy Gateway. Pure: the same objects give the same plan.
 */
export function planConfiguration(resources: ResourceSet, options: PlanOptions): Planned {
  // What is missing because it could not be read would only bring up the same errors in other words.
  if (resources.problems.some((problem) => problem.severity === 'error')) return { problems: resources.problems };
  const world = snapshotOf(resources.objects);
  const gateways = world.list<Gateway>(kinds.gateway);
  const gateway = gateways[0];
  if (!gateway) return { problems: [...resources.problems, noGateway(options.name)] };
  const fault = gatewayFault(gateways, gateway);
  if (fault) return { problems: [...resources.problems, toProblem(fault, resources, options.name)] };

  const desired = reconcileGateway(gateway, world, { version: options.version, rootPrefix: '/' });
  const unreached = reconcileUnreached(world, new Set(desired.conditions.keys()));
  const everything = snapshotOf([...resources.objects, ...desired.objects]);
  const { xds, logLevels, faults } = planEnvoy(gateway, everything, options);
  return {
    plan: {
      gateway: `${gateway.metadata.namespace ?? 'default'}/${gateway.metadata.name}`,
      objects: desired.objects,
      filterConfig: desired.filterConfig,
      xds,
      logLevels,
      summary: summarize(gateway, world),
    },
    problems: [
      ...resources.problems,
      ...[...desired.faults, ...unreached.faults, ...faults]
        .filter((one) => isWorthTelling(one, options))
        .map((one) => {
          const problem = toProblem(
            { ...one, message: one.message + hintFor(one, everything) },
            resources,
            options.name,
          );
          return options.isLenient ? { ...problem, severity: 'warning' as const } : problem;
        }),
    ],
  };
}

/** What follows from another fault is left out, since that one is told; so is advice that nobody can take. */
const isWorthTelling = ({ reason }: Fault, { isGenerated }: PlanOptions): boolean =>
  faultSort(reason) !== 'consequence' && !(isGenerated && reason === 'ModelNotListed');

function planEnvoy(
  gateway: Gateway,
  world: Snapshot,
  options: PlanOptions,
): Pick<Plan, 'xds' | 'logLevels'> & { readonly faults: readonly Fault[] } {
  const translated = translateGateway(gateway, world, {
    rdsConfigSource: (name) => pathSource(options.xdsDirectory, routePath(name)),
    listenAddress: '0.0.0.0',
    accessLogPath: '/dev/stdout',
    ...(options.systemCaPath === undefined ? {} : { systemCaPath: options.systemCaPath }),
  });
  const edited = editTranslation(translated.resources, world, {
    separatesAuthentication: true,
    extProcAddress: { udsPath: options.socketPath },
    logRequestHeaderAttributes: options.logHeaderAttributes,
  });
  const { logLevels } = translated;
  return { xds: edited.resources, logLevels, faults: [...translated.faults, ...edited.faults] };
}

const pathSource = (xdsDirectory: string, path: string) =>
  create(ConfigSourceSchema, {
    resourceApiVersion: ApiVersion.V3,
    configSourceSpecifier: {
      case: 'pathConfigSource',
      value: { path: join(xdsDirectory, path), watchedDirectory: { path: dirname(join(xdsDirectory, path)) } },
    },
  });

/** Texts of the reference, so that what users know stays true. @see spec ops.md A2, "Limit" */
function gatewayFault(gateways: readonly Gateway[], first: Gateway): Fault | undefined {
  const fault = (gateway: Gateway, path: string, reason: string, message: string): Fault => ({
    object: keyOf(gateway),
    path,
    reason,
    message,
    severity: 'error',
  });
  const second = gateways[1];
  if (second) {
    return fault(
      second,
      '',
      'MultipleGateways',
      `multiple gateways are not supported: ${first.metadata.name}; keep one and remove the others`,
    );
  }
  if ((first.spec.listeners ?? []).length === 0) {
    return fault(
      first,
      'spec.listeners',
      'NoListeners',
      `gateway ${first.metadata.name} has no listeners configured; add one with a port`,
    );
  }
  return undefined;
}

const noGateway = (file: string): Problem => ({
  file,
  line: 1,
  path: '',
  message: 'there is no Gateway; add one with a listener, and name it in `parentRefs` of the routes',
  severity: 'error',
});

function toProblem(fault: Fault, resources: ResourceSet, name: string): Problem {
  const key = resources.locate(fault.object, '') ? fault.object : sourceOf(fault.object);
  const { file, line } = resources.locate(key, fault.path) ?? { file: name, line: 1 };
  const { type, namespace, name: objectName } = partsOf(key);
  return {
    file,
    line,
    object: `${type.kind} ${namespace ? `${namespace}/` : ''}${objectName}`,
    path: fault.path,
    message: fault.message,
    severity: fault.severity,
  };
}

/** An HTTPRoute is generated from the AIGatewayRoute of its name, with rules and matches under the same indexes. */
function sourceOf(key: ObjectKey): ObjectKey {
  const { type, namespace, name } = partsOf(key);
  return type.kind === kinds.httpRoute.kind ? objectKey(kinds.aiGatewayRoute, namespace, name) : key;
}
