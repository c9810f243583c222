/** The part of a Kubernetes object that all kinds share. `spec` and `data` are typed by the kinds themselves. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
}

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly generation?: number;
  /** Opaque: only equality means something. */
  readonly resourceVersion?: string;
  readonly finalizers?: readonly string[];
  readonly uid?: string;
  readonly ownerReferences?: readonly OwnerReference[];
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

/** Group and kind: what identifies a resource type here; the version is a matter of the wire. */
export interface GroupKind {
  readonly group: string;
  readonly kind: string;
}

/** `<group>/<kind>/<namespace>/<name>`: usable as a map key. */
export type ObjectKey = string;

/** Group of an `apiVersion`; empty for the core group. */
export const groupOf = (apiVersion: string): string =>
  apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';

export const objectKey = (type: GroupKind, namespace: string, name: string): ObjectKey =>
  `${type.group}/${type.kind}/${namespace}/${name}`;

export const keyOf = (object: KubeObject): ObjectKey =>
  objectKey(
    { group: groupOf(object.apiVersion), kind: object.kind },
    object.metadata.namespace ?? '',
    object.metadata.name,
  );

/** How an object is named to people: `AIGatewayRoute default/llm`. */
export const displayName = (object: KubeObject): string =>
  `${object.kind} ${object.metadata.namespace ? `${object.metadata.namespace}/` : ''}${object.metadata.name}`;
