import type { AIServiceBackend, GatewayConfig } from '../../../shared/api/ai-gateway.js';
import type { Fault } from '../../../shared/api/fault.js';
import { kinds } from '../../../shared/api/kinds.js';
import type { GroupKind, KubeObject, ObjectKey } from '../../../shared/api/kube-object.js';
import { isKeyOf, nameOfKey, namespaceOfKey } from '../../../shared/api/object-key.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import type { Change, Controller, Desired } from '../../crd/controller.js';
import { conditionEvents } from '../conditions/condition-events.js';
import { conditionsOf } from '../conditions/conditions.js';
import { ResolveContext } from '../resolve/context.js';
import { distinctFaults } from '../resolve/faults.js';
import { resolveGatewayConfig } from '../resolve/resolve-gateway.js';
import type { AffectedRoots } from './affected-roots.js';

/** A kind of ours of which nothing is generated: it gets a status, and others read it. */
class StatusController<T extends KubeObject> implements Controller {
  // Their status often follows from an object that is written a moment later.
  readonly holdOff = { quietMs: 30, maxMs: 300 };

  constructor(
    readonly name: string,
    private readonly type: GroupKind,
    private readonly affected: AffectedRoots,
    private readonly faultsOf: (context: ResolveContext, object: T) => readonly Fault[],
  ) {}

  triggers(change: Change): Iterable<ObjectKey> {
    return [...this.affected.of(change)].filter((key) => isKeyOf(key, this.type));
  }

  reconcile(roots: readonly ObjectKey[], world: Snapshot): readonly Desired[] {
    const context = new ResolveContext(world);
    return roots.map((root) => {
      const nothing = { root, objects: [], deletes: [], patches: [], events: [] };
      const object = world.get<T>(this.type, namespaceOfKey(root), nameOfKey(root));
      if (!object || object.metadata.deletionTimestamp !== undefined) return { ...nothing, conditions: new Map() };
      const conditions = conditionsOf([object], distinctFaults(this.faultsOf(context, object)));
      return { ...nothing, conditions, events: conditionEvents(object, conditions.get(root) ?? []) };
    });
  }
}

/** BackendSecurityPolicies have a controller of their own, in `credentials`. @see spec controller.md sections 7 and 17 */
export const statusControllers = (affected: AffectedRoots): readonly Controller[] => [
  new StatusController<AIServiceBackend>(
    'backend',
    kinds.aiServiceBackend,
    affected,
    (context, backend) => context.backend(backend).faults,
  ),
  new StatusController<GatewayConfig>(
    'gateway-config',
    kinds.gatewayConfig,
    affected,
    (_, config) => resolveGatewayConfig(config).faults,
  ),
];
