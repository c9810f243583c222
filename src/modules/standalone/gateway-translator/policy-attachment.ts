import type { PolicyTargets } from '../../../shared/api/envoy-gateway.js';
import type { Gateway, PolicyTarget } from '../../../shared/api/gateway-api.js';
import type { HTTPRoute } from '../../../shared/api/http-route.js';
import { kinds } from '../../../shared/api/kinds.js';
import { displayName, objectKey, type GroupKind, type KubeObject } from '../../../shared/api/kube-object.js';
import type { Translation } from './translate-options.js';

export interface Policy extends KubeObject {
  readonly spec: PolicyTargets;
}

/** What a policy may be looked up for. Without `route` only what targets the Gateway counts. */
export interface PolicyPlace {
  readonly gateway: Gateway;
  readonly listener: string;
  readonly route?: HTTPRoute;
  /** `name` of the rule. */
  readonly rule?: string | undefined;
}

/** Finds the policy that counts at a place: rule, then route, then listener, then Gateway. */
export type PolicyFinder<T extends Policy> = (place: PolicyPlace) => T | undefined;

/**
 * Policies of one kind by target. Of several with one target the oldest counts, then the first by namespace and name;
 * the others, and those whose target does not exist, are reported. @see Gateway API GEP-713
 */
export function attachPolicies<T extends Policy>(
  translation: Translation,
  type: GroupKind,
  targetKinds: readonly GroupKind[] = [kinds.gateway, kinds.httpRoute],
): PolicyFinder<T> {
  const byTarget = new Map<string, T>();
  const age = ({ metadata }: KubeObject) =>
    `${metadata.creationTimestamp ?? '~'} ${metadata.namespace ?? ''}/${metadata.name}`;
  const policies = translation.world.list<T>(type).toSorted((a, b) => (age(a) < age(b) ? -1 : 1));
  for (const policy of policies) {
    for (const [path, target] of targetsOf(policy)) {
      if (!targetExists(translation, policy, path, target, targetKinds)) continue;
      const key = targetKey(target, policy.metadata.namespace ?? '');
      const other = byTarget.get(key);
      if (!other) byTarget.set(key, policy);
      else if (other !== policy) {
        translation.faults.error(
          policy,
          path,
          'Conflicted',
          `${target.kind} "${target.name}" already has ${displayName(other)}: merge the two or remove one`,
        );
      }
    }
  }
  const find = (object: KubeObject, kind: GroupKind, sectionName?: string) =>
    byTarget.get(
      targetKey(
        { ...kind, name: object.metadata.name, ...(sectionName ? { sectionName } : {}) },
        object.metadata.namespace ?? '',
      ),
    );
  return ({ gateway, listener, route, rule }) =>
    (route && rule ? find(route, kinds.httpRoute, rule) : undefined) ??
    (route ? find(route, kinds.httpRoute) : undefined) ??
    find(gateway, kinds.gateway, listener) ??
    find(gateway, kinds.gateway);
}

function targetsOf({ spec }: Policy): readonly (readonly [string, PolicyTarget])[] {
  const many = (spec.targetRefs ?? []).map((target, index) => [`spec.targetRefs[${index}]`, target] as const);
  return spec.targetRef ? [['spec.targetRef', spec.targetRef], ...many] : many;
}

function targetExists(
  { world, faults }: Translation,
  policy: Policy,
  path: string,
  target: PolicyTarget,
  targetKinds: readonly GroupKind[],
): boolean {
  const namespace = policy.metadata.namespace ?? '';
  const name = `${target.kind} ${namespace}/${target.name}`;
  if (!targetKinds.some(({ group, kind }) => group === target.group && kind === target.kind)) {
    const expected = targetKinds.map(({ group, kind }) => `${group}/${kind}`).join(' or ');
    faults.error(policy, path, 'InvalidTarget', `${target.group}/${target.kind} is not supported: target ${expected}`);
    return false;
  }
  const object = world.get<Gateway | HTTPRoute>(target, namespace, target.name);
  if (!object) {
    // The HTTPRoute of an AIGatewayRoute that cannot be used: what is wrong is told there.
    if (target.kind === kinds.httpRoute.kind && world.get(kinds.aiGatewayRoute, namespace, target.name)) return false;
    const message = `${name} does not exist, so the policy has no effect: correct the name, or remove the target`;
    faults.error(policy, path, 'TargetNotFound', message, objectKey(target, namespace, target.name));
    return false;
  }
  const sections = isGateway(object) ? object.spec.listeners : object.spec.rules;
  if (target.sectionName && !(sections ?? []).some((section) => section.name === target.sectionName)) {
    faults.error(
      policy,
      path,
      'TargetNotFound',
      `${name} has no section "${target.sectionName}": the policy has no effect on it`,
    );
    return false;
  }
  return true;
}

const isGateway = (object: Gateway | HTTPRoute): object is Gateway => object.kind === kinds.gateway.kind;

const targetKey = (target: PolicyTarget, namespace: string): string =>
  `${objectKey(target, namespace, target.name)}#${target.sectionName ?? ''}`;
