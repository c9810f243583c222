import { kinds } from './kinds.js';
import type { GroupKind, KubeObject } from './kube-object.js';
import type { Snapshot } from './snapshot.js';

export interface ReferenceGrant extends KubeObject {
  readonly spec?: {
    readonly from?: readonly { readonly group: string; readonly kind: string; readonly namespace: string }[];
    /** Without `name`: every object of the kind in the namespace of the grant. */
    readonly to?: readonly { readonly group: string; readonly kind: string; readonly name?: string }[];
  };
}

export interface ReferenceSource {
  readonly type: GroupKind;
  readonly namespace: string;
}

export interface ReferenceTarget extends ReferenceSource {
  readonly name: string;
}

/**
 * Whether a reference may be followed: inside one namespace always, across namespaces when a ReferenceGrant in the
 * target's namespace allows it. `to.name` is honoured, and a grant that is being deleted no longer counts.
 * @see spec controller.md sections 6 and 19 (rows 4 and 6)
 */
export function isPermitted(world: Snapshot, from: ReferenceSource, to: ReferenceTarget): boolean {
  if (from.namespace === to.namespace) return true;
  return world
    .list<ReferenceGrant>(kinds.referenceGrant)
    .some(
      ({ metadata, spec }) =>
        metadata.namespace === to.namespace &&
        metadata.deletionTimestamp === undefined &&
        (spec?.from ?? []).some((entry) => isType(entry, from.type) && entry.namespace === from.namespace) &&
        (spec?.to ?? []).some((entry) => isType(entry, to.type) && (!entry.name || entry.name === to.name)),
    );
}

/** What is missing, and the grant that would help. */
export const notPermittedMessage = (from: ReferenceSource, to: ReferenceTarget): string =>
  `${to.type.kind} ${to.namespace}/${to.name} may not be used from namespace "${from.namespace}": create a ` +
  `ReferenceGrant in namespace "${to.namespace}" from group "${from.type.group}", kind "${from.type.kind}", ` +
  `namespace "${from.namespace}" to group "${to.type.group}", kind "${to.type.kind}", name "${to.name}"`;

const isType = (entry: GroupKind, type: GroupKind): boolean => entry.group === type.group && entry.kind === type.kind;
