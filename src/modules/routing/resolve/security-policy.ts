import type { BackendSecurityPolicy } from '../../../shared/api/ai-gateway.js';
import { kinds } from '../../../shared/api/kinds.js';
import { displayName, objectKey } from '../../../shared/api/kube-object.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import type { AuthConfig } from '../../../shared/filter-config/filter-config.js';
import { resolveCredential } from './credential.js';
import type { FaultReason } from './fault-reasons.js';
import { firstError, warning } from './faults.js';
import type { ReferenceTarget } from '../../../shared/api/reference-grants.js';
import type { PolicyNode } from './route-graph.js';

/** A missing target is a warning: policies are often written before their backends. */
export function resolvePolicy(world: Snapshot, policy: BackendSecurityPolicy): PolicyNode {
  const credential = resolveCredential(world, policy);
  const namespace = policy.metadata.namespace ?? '';
  const targetFaults = (policy.spec?.targetRefs ?? []).flatMap((target, index) =>
    target.kind === kinds.aiServiceBackend.kind && !world.get(kinds.aiServiceBackend, namespace, target.name)
      ? [
          warning(
            policy,
            `spec.targetRefs[${index}].name`,
            'TargetNotFound',
            `${target.kind} ${namespace}/${target.name} does not exist: create it, or drop the target`,
            objectKey(kinds.aiServiceBackend, namespace, target.name),
          ),
        ]
      : [],
  );
  return {
    policy,
    ...(credential.value && { auth: credential.value }),
    faults: [...credential.faults, ...targetFaults],
  };
}

/**
 * The policies by the objects that they target, by key; group and kind count, a target named twice counts once, and a
 * policy under deletion no longer counts. @see spec controller.md section 19 (row 4c)
 */
export function policiesByTarget(world: Snapshot): ReadonlyMap<string, readonly BackendSecurityPolicy[]> {
  const byTarget = new Map<string, BackendSecurityPolicy[]>();
  for (const policy of world.list<BackendSecurityPolicy>(kinds.backendSecurityPolicy)) {
    if (policy.metadata.deletionTimestamp !== undefined) continue;
    const keys = (policy.spec?.targetRefs ?? []).map((target) =>
      objectKey(target, policy.metadata.namespace ?? '', target.name),
    );
    for (const key of new Set(keys)) {
      const policies = byTarget.get(key);
      if (policies) policies.push(policy);
      else byTarget.set(key, [policy]);
    }
  }
  return byTarget;
}

interface TargetAuth {
  readonly auth?: AuthConfig;
  /** Why the target must not be used, though a policy is there. */
  readonly problem?: { readonly reason: FaultReason; readonly message: string };
}

/** The credential of a target: of none or one policy; of two nobody can say which one is meant. */
export function authOfTarget(target: ReferenceTarget, policies: readonly PolicyNode[]): TargetAuth {
  const [policy] = policies;
  if (!policy) return {};
  if (policies.length > 1) {
    const names = policies.map((node) => node.policy.metadata.name).join(', ');
    return {
      problem: {
        reason: 'ConflictingPolicies',
        message: `${policies.length} BackendSecurityPolicies target ${target.type.kind} ${target.namespace}/${target.name} (${names}): keep one`,
      },
    };
  }
  if (policy.auth) return { auth: policy.auth };
  return {
    problem: {
      reason: 'CredentialNotReady',
      message: `${displayName(policy.policy)} has no usable credential: ${firstError(policy.faults)?.message ?? ''}`,
    },
  };
}
