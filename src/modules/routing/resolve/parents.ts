import type { AIGatewayRoute } from '../../../shared/api/ai-gateway.js';
import type { Fault } from '../../../shared/api/fault.js';
import type { ParentReference } from '../../../shared/api/http-route.js';
import { kinds } from '../../../shared/api/kinds.js';
import { objectKey, type ObjectKey } from '../../../shared/api/kube-object.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import { error, warning } from './faults.js';
import { notWatchedMessage } from './not-watched.js';

/** Key of the Gateway that a parentRef of the route names; undefined when it names something else. */
export function gatewayKeyOf(route: AIGatewayRoute, ref: ParentReference): ObjectKey | undefined {
  const { group, kind } = kinds.gateway;
  if ((ref.group ?? group) !== group || (ref.kind ?? kind) !== kind) return undefined;
  return objectKey(kinds.gateway, ref.namespace || (route.metadata.namespace ?? ''), ref.name);
}

/**
 * The parents that the HTTPRoute gets. Its schema wants each parent once, or each time with another `sectionName` or port: of
 * refs to one Gateway, one without either stands for all, so the others are dropped; so are refs to other kinds.
 */
export function resolveParents(
  world: Snapshot,
  route: AIGatewayRoute,
): { readonly parentRefs: readonly ParentReference[]; readonly faults: readonly Fault[] } {
  const refs = route.spec?.parentRefs ?? [];
  const faults: Fault[] = [];
  const kept: ParentReference[] = [];
  if (refs.length === 0) {
    const message = 'there is no parentRef, so the route serves nowhere: name a Gateway';
    faults.push(warning(route, 'spec.parentRefs', 'NoParents', message));
  }
  for (const [index, ref] of refs.entries()) {
    const path = `spec.parentRefs[${index}]`;
    if (isCovered(route, refs, index)) {
      faults.push(warning(route, path, 'DuplicateParent', 'the same parent is named by another entry: drop this one'));
      continue;
    }
    const fault = gatewayFault(world, route, ref, path);
    if (fault) faults.push(fault);
    if (fault?.reason !== 'InvalidKind') kept.push(ref);
  }
  return { parentRefs: kept, faults };
}

function isCovered(route: AIGatewayRoute, refs: readonly ParentReference[], index: number): boolean {
  const ref = refs[index]!;
  const key = parentKey(route, ref);
  return refs.some((other, otherIndex) => {
    if (otherIndex === index || parentKey(route, other) !== key) return false;
    return includes(other, ref) && (otherIndex < index || !includes(ref, other));
  });
}

/** Whether all listeners that `ref` means are meant by `other` too. */
const includes = (other: ParentReference, ref: ParentReference): boolean =>
  (!other.sectionName || other.sectionName === ref.sectionName) &&
  (other.port === undefined || other.port === ref.port);

const parentKey = (route: AIGatewayRoute, ref: ParentReference): ObjectKey =>
  objectKey(
    { group: ref.group ?? kinds.gateway.group, kind: ref.kind ?? kinds.gateway.kind },
    ref.namespace || (route.metadata.namespace ?? ''),
    ref.name,
  );

function gatewayFault(world: Snapshot, route: AIGatewayRoute, ref: ParentReference, path: string): Fault | undefined {
  if (gatewayKeyOf(route, ref) === undefined) {
    return error(
      route,
      `${path}.kind`,
      'InvalidKind',
      `${ref.kind ?? kinds.gateway.kind} is not supported: expected a Gateway`,
    );
  }
  const namespace = ref.namespace || (route.metadata.namespace ?? '');
  if (!world.isWatched(namespace)) {
    const target = { type: kinds.gateway, namespace, name: ref.name };
    return error(route, `${path}.namespace`, 'NamespaceNotWatched', notWatchedMessage(target));
  }
  if (world.get(kinds.gateway, namespace, ref.name)) return undefined;
  const message = `Gateway ${namespace}/${ref.name} does not exist: create it, or correct the ref`;
  return error(route, `${path}.name`, 'GatewayNotFound', message, objectKey(kinds.gateway, namespace, ref.name));
}
