import { kinds } from '../../../shared/api/kinds.js';
import { displayName, keyOf, type KubeObject } from '../../../shared/api/kube-object.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import type { DaemonSet, Deployment, Pod } from '../../../shared/api/workloads.js';
import { owningGatewayLabels, owningGatewayOf } from './owning-gateway.js';

/** What Envoy Gateway runs for one Gateway. */
export interface Proxies {
  /** Where they run; undefined while there is none. */
  readonly namespace: string | undefined;
  /** Without those that are going. */
  readonly pods: readonly Pod[];
  readonly workloads: readonly (Deployment | DaemonSet)[];
  /** Namespaces in which proxies were found, if there are several: nobody can say which one counts. */
  readonly conflict?: string;
}

/** All proxies of a world by the key of their Gateway: looked through once for all Gateways of a pass. */
export class ProxyIndex {
  readonly #byOwner = new Map<string, KubeObject[]>();

  constructor(world: Snapshot) {
    for (const type of [kinds.pod, kinds.deployment, kinds.daemonSet]) {
      for (const object of world.list(type)) {
        const owner = ownerOf(object);
        if (owner === undefined) continue;
        const known = this.#byOwner.get(owner);
        if (known) known.push(object);
        else this.#byOwner.set(owner, [object]);
      }
    }
  }

  /** A Gateway whose class shares one proxy (`mergeGateways`) has those of the class. */
  of(gateway: KubeObject, gatewayClass: string | undefined): Proxies {
    const objects = this.#byOwner.get(keyOf(gateway)) ?? this.#byOwner.get(classOwner(gatewayClass ?? '')) ?? [];
    const namespaces = [...new Set(objects.map(({ metadata }) => metadata.namespace ?? ''))].sort();
    const pods = objects.filter(isPod).filter(isLive);
    const workloads = objects.filter((object): object is Deployment | DaemonSet => !isPod(object));
    if (namespaces.length > 1) {
      const places = objects.map((object) => displayName(object)).join(', ');
      return { namespace: undefined, pods, workloads, conflict: places };
    }
    return { namespace: namespaces[0], pods, workloads };
  }
}

function ownerOf(object: KubeObject): string | undefined {
  const gateway = owningGatewayOf(object);
  if (gateway !== undefined) return gateway;
  const className = object.metadata.labels?.[owningGatewayLabels.gatewayClass];
  return className ? classOwner(className) : undefined;
}

const classOwner = (name: string): string => `class ${name}`;

const isPod = (object: KubeObject): object is Pod => object.kind === 'Pod';

const isLive = ({ metadata, status }: Pod): boolean =>
  metadata.deletionTimestamp === undefined && status?.phase !== 'Succeeded' && status?.phase !== 'Failed';
