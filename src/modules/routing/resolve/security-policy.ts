import type { BackendSecurityPolicy } from '../../../shared/api/ai-gateway.js';
import { kinds } from '../../../shared/api/kinds.js';
import type { Fault } from '../../../shared/api/fault.js';
import { displayName, objectKey, type ObjectKey } from '../../../shared/api/kube-object.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import type { AuthConfig } from '../../../shared/filter-config/filter-config.js';
import { resolveCredential } from './credential.js';
import type { FaultReason } from './fault-reasons.js';
import { firstError, warning } from './faults.js';
import type { ReferenceTarget } from '../../../shared/api/reference-grants.js';
import type { PolicyNode } from './route-graph.js';

/**
 * A missing target is a warning: policies are often written before their backends.
 *
 * @param byTarget all of the world, by {@link policiesByTarget}
 */
export function resolvePolicy(
  world: Snapshot,
  policy: BackendSecurityPolicy,
  byTarget: ReadonlyMap<ObjectKey, readonly BackendSecurityPolicy[]>,
): PolicyNode {
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
    faults: [...credential.faults, ...targetFaults, ...conflicts(policy, byTarget)],
  };
}

/** A policy on its own, which a reader of its status takes for one that serves. */
export function noTargets(policy: BackendSecurityPolicy): readonly Fault[] {
  if (policy.spec === undefined || (policy.spec.targetRefs ?? []).length > 0) return [];
  const message = 'there is no targetRef, so that no backend has this credential: name an AIServiceBackend';
  return [warning(policy, 'spec.targetRefs', 'NoTargets', message)];
}

/** The target tells it as an error: it is that which cannot be used. */
function conflicts(
  policy: BackendSecurityPolicy,
  byTarget: ReadonlyMap<ObjectKey, readonly BackendSecurityPolicy[]>,
): readonly Fault[] {
  const { name: own, namespace = '' } = policy.metadata;
  return (policy.spec?.targetRefs ?? []).flatMap((target, index) => {
    const policies = byTarget.get(objectKey(target, namespace, target.name)) ?? [];
    const others = policies.map(({ metadata }) => metadata.name).filter((name) => name !== own);
    if (others.length === 0) return [];
    const message = `${target.kind} ${namespace}/${target.name} is the target of ${namesText(others)} too, and gets no requests: keep one`;
    return [warning(policy, `spec.targetRefs[${index}].name`, 'ConflictingPolicies', message)];
  });
}

const NAMES_SHOWN_MAX = 5;

function namesText(names: readonly string[]): string {
  const shown = names.slice(0, NAMES_SHOWN_MAX).join(', ');
  return names.length > NAMES_SHOWN_MAX ? `${shown} and ${names.length - NAMES_SHOWN_MAX} more` : shown;
}

/**
 * The policies by the objects that they target, by key; group and kind count, a target named twice counts once, and a
 * policy under deletion no longer counts. @see spec controller.md section 19 (row 4c)
 */
export function policiesByTarget(world: Snapshot): ReadonlyMap<ObjectKey, readonly BackendSecurityPolicy[]> {
  const byTarget = new Map<ObjectKey, BackendSecurityPolicy[]>();
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
    const names = namesText(policies.map((node) => node.policy.metadata.name));
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
