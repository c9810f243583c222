import type { AIServiceBackend, BackendSecurityPolicy } from '../../../shared/api/ai-gateway.js';
import { kinds } from '../../../shared/api/kinds.js';
import { keyOf, objectKey, type ObjectKey } from '../../../shared/api/kube-object.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import type { ReferenceTarget } from '../../../shared/api/reference-grants.js';
import type { PolicyNode, ServiceBackendNode } from './route-graph.js';
import { policiesByTarget, resolvePolicy } from './security-policy.js';
import { resolveServiceBackend } from './service-backend.js';

/** One pass over one snapshot: backends and policies are resolved once, however many refs lead to them. */
export class ResolveContext {
  readonly #policies: ReadonlyMap<ObjectKey, readonly BackendSecurityPolicy[]>;
  readonly #policyNodes = new Map<ObjectKey, PolicyNode>();
  readonly #backendNodes = new Map<ObjectKey, ServiceBackendNode>();

  constructor(readonly world: Snapshot) {
    this.#policies = policiesByTarget(world);
  }

  policy(policy: BackendSecurityPolicy): PolicyNode {
    return memoised(this.#policyNodes, keyOf(policy), () => resolvePolicy(this.world, policy, this.#policies));
  }

  policiesOf({ type, namespace, name }: ReferenceTarget): readonly PolicyNode[] {
    return (this.#policies.get(objectKey(type, namespace, name)) ?? []).map((policy) => this.policy(policy));
  }

  backend(object: AIServiceBackend): ServiceBackendNode {
    return memoised(this.#backendNodes, keyOf(object), () => {
      const { name, namespace = '' } = object.metadata;
      return resolveServiceBackend(
        this.world,
        object,
        this.policiesOf({ type: kinds.aiServiceBackend, namespace, name }),
      );
    });
  }
}

function memoised<V>(values: Map<ObjectKey, V>, key: ObjectKey, make: () => V): V {
  const known = values.get(key);
  if (known !== undefined) return known;
  const value = make();
  values.set(key, value);
  return value;
}
