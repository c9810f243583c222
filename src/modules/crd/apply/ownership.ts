import { groupOf, type KubeObject, type OwnerReference } from '../../../shared/api/kube-object.js';
import type { Secret } from '../../../shared/api/gateway-api.js';
import { kinds } from '../../../shared/api/kinds.js';
import { isManagedByUs } from '../../../shared/api/managed-by.js';

/**
 * Why a live object must not be overwritten by the desired one of its name; undefined when it may. The controllers decide
 * what they own, this is the last door: an object that another one controls, or that a user made, is never written.
 * Secrets without owner and mark are let through when they hold nothing but what ours would: the reference makes such, and
 * `<gateway>-<namespace>` may be the name of a user's too. @see spec controller.md section 19 (row 15)
 */
export function foreignReason(desired: KubeObject, live: KubeObject, isAppliedByUs: boolean): string | undefined {
  const liveOwner = controllerOf(live);
  const desiredOwner = controllerOf(desired);
  if (liveOwner) {
    // The same owner with another uid came back from a backup or was made anew.
    const isSame = desiredOwner && liveOwner.kind === desiredOwner.kind && liveOwner.name === desiredOwner.name;
    return isSame ? undefined : `it belongs to ${liveOwner.kind} ${liveOwner.name}`;
  }
  if (isAppliedByUs || isManagedByUs(live)) return undefined;
  if (live.kind === kinds.secret.kind) return foreignKey(desired as Secret, live as Secret);
  return `it has no owner and no mark of ours, so somebody else made it; delete or rename it`;
}

/**
 * Why a live object must not be deleted: it is controlled by an object of another group, and carries no mark of ours.
 * Undefined when it may.
 */
export function foreignToDelete(live: KubeObject, isAppliedByUs: boolean): string | undefined {
  const owner = controllerOf(live);
  if (!owner || isAppliedByUs || isManagedByUs(live)) return undefined;
  return groupOf(owner.apiVersion) === kinds.aiGatewayRoute.group
    ? undefined
    : `it belongs to ${owner.kind} ${owner.name}`;
}

function foreignKey(desired: Secret, live: Secret): string | undefined {
  const key = Object.keys(live.data ?? {}).find((name) => desired.data?.[name] === undefined);
  return key === undefined
    ? undefined
    : `it holds the key "${key}" and no mark of ours, so somebody else made it; delete or rename it`;
}

const controllerOf = ({ metadata }: KubeObject): OwnerReference | undefined =>
  metadata.ownerReferences?.find(({ controller }) => controller === true);
