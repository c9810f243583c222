import { kinds } from '../../../shared/api/kinds.js';
import { displayName, keyOf, type KubeObject } from '../../../shared/api/kube-object.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import type { DaemonSet, Deployment, Pod } from '../../../shared/api/workloads.js';
import { owningClassOf, owningGatewayOf } from './owning-gateway.js';

/** What Envoy Gateway runs for one Gateway. */
export interface Proxies {
  /** Where they run; undefined while there is none. */
  readonly namespace: string | undefined;
  /** Like the workloads without those that are going. */
  readonly pods: readonly Pod[];
  readonly workloads: readonly (Deployment | DaemonSet)[];
  /** They serve all Gateways of the class (`mergeGateways`). */
  readonly isShared: boolean;
  /** Proxies in several namespaces, if there are such: nobody can say which namespace counts. */
  readonly conflict?: string;
}

/** All proxies of a world by the key of their Gateway: looked through once for all Gateways of a pass. */
export class ProxyIndex {
  readonly #byOwner = new Map<string, KubeObject[]>();

  constructor(world: Snapshot) {
    for (const type of [kinds.pod, kinds.deployment, kinds.daemonSet]) {
      for (const object of world.list(type)) {
        const owner = ownerOf(object);
        // Those that are going say nothing of where the others are.
        if (owner === undefined || !isLive(object)) continue;
        const known = this.#byOwner.get(owner);
        if (known) known.push(object);
        else this.#byOwner.set(owner, [object]);
      }
    }
  }

  /** A Gateway whose class shares one proxy has those of the class. */
  of(gateway: KubeObject, gatewayClass: string | undefined): Proxies {
    const own = this.#byOwner.get(keyOf(gateway));
    const objects = own ?? this.#byOwner.get(classOwner(gatewayClass ?? '')) ?? [];
    const namespaces = [...new Set(objects.map(({ metadata }) => metadata.namespace ?? ''))].sort();
    const proxies = {
      pods: objects.filter(isPod),
      workloads: objects.filter((object): object is Deployment | DaemonSet => !isPod(object)),
      isShared: own === undefined && objects.length > 0,
    };
    if (namespaces.length > 1) {
      const places = objects.map((object) => displayName(object)).join(', ');
      return { ...proxies, namespace: undefined, conflict: places };
    }
    return { ...proxies, namespace: namespaces[0] };
  }
}

function ownerOf(object: KubeObject): string | undefined {
  const className = owningClassOf(object);
  return className === undefined ? owningGatewayOf(object) : classOwner(className);
}

const classOwner = (name: string): string => `class ${name}`;

const isPod = (object: KubeObject): object is Pod => object.kind === 'Pod';

const isLive = (object: KubeObject): boolean =>
  object.metadata.deletionTimestamp === undefined &&
  !(isPod(object) && ['Succeeded', 'Failed'].includes(object.status?.phase ?? ''));
