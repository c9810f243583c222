import type { KubeObject, ObjectMeta } from '../../../shared/api/kube-object.js';
import { apiVersionOf, type ResourceType } from '../../../shared/api/resources.js';
import { managedKeysOf, type ManagedFieldsEntry, type ManagedKeys } from './managed-keys.js';

/** An object as it came in, without what nobody here reads. */
export interface Decoded {
  readonly object: KubeObject;
  /** Undefined: never applied by us. */
  readonly managed: ManagedKeys | undefined;
  /** Present for single objects as long as nobody keeps them: a list or watch of thousands must not. */
  readonly managedFields?: readonly ManagedFieldsEntry[];
}

/** kubectl's copy of the whole object, as large as the object. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * Takes `raw` over: it is changed in place, not copied, and the caller must have no other use for it. Items of lists come
 * without kind and version, those of metadata lists with another; they get the ones of the resource. Throws on anything
 * that is no object with a name; bookmarks have none.
 */
export function decodeObject(raw: unknown, resource: ResourceType): Decoded {
  if (!isObject(raw) || !('metadata' in raw) || !isObject(raw.metadata))
    throw new Error(`an object of kind ${resource.kind} came without metadata`);
  const {
    managedFields,
    selfLink: _,
    ...metadata
  } = raw.metadata as ObjectMeta & {
    readonly managedFields?: readonly ManagedFieldsEntry[];
    readonly selfLink?: string;
  };
  const object = Object.assign(raw, {
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    metadata: metadata.annotations?.[LAST_APPLIED] === undefined ? metadata : withoutLastApplied(metadata),
  });
  return { object, managed: managedKeysOf(managedFields), ...(managedFields && { managedFields }) };
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

function withoutLastApplied({ annotations, ...metadata }: ObjectMeta): ObjectMeta {
  const { [LAST_APPLIED]: _, ...rest } = annotations ?? {};
  return Object.keys(rest).length === 0 ? metadata : { ...metadata, annotations: rest };
}
