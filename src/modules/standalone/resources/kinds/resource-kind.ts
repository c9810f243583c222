import type { GroupKind } from '../../../../shared/api/kube-object.js';
import { compileKind, type ValidateObject } from '../validation/compile-kind.js';
import { patterns } from '../validation/patterns.js';
import type { StructuralSchema } from '../validation/structural-schema.js';

/** A kind that standalone mode reads. */
export interface ResourceKind extends GroupKind {
  readonly namespaced: boolean;
  /** Objects of every version are given on as this one, as the API server gives them to the controller. */
  readonly storageVersion: string;
  readonly versions: ReadonlyMap<string, ResourceVersion>;
  /** Values are credentials: no message shows them. */
  readonly hidden: boolean;
}

export interface ResourceVersion {
  /** Warning for everybody who still writes this version. */
  readonly deprecation?: string;
  /** Compiled on first use. */
  validator(): ValidateObject;
}

/** Members that clusters add and that mean nothing here; they are accepted and left out. */
const IGNORED: StructuralSchema = { 'x-kubernetes-preserve-unknown-fields': true };
const textMap: StructuralSchema = { type: 'object', additionalProperties: { type: 'string' } };

const metadata: StructuralSchema = {
  type: 'object',
  required: ['name'],
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 253, pattern: patterns.subdomain },
    namespace: { type: 'string', minLength: 1, maxLength: 63, pattern: patterns.label },
    labels: textMap,
    annotations: textMap,
    creationTimestamp: { type: 'string', format: 'date-time' },
    generation: { type: 'integer', format: 'int64' },
    uid: { type: 'string' },
    deletionGracePeriodSeconds: IGNORED,
    deletionTimestamp: IGNORED,
    finalizers: IGNORED,
    managedFields: IGNORED,
    ownerReferences: IGNORED,
    resourceVersion: IGNORED,
    selfLink: IGNORED,
  },
};

/** Members of {@link metadata} that objects keep. */
export const METADATA_KEPT = [
  'name',
  'namespace',
  'labels',
  'annotations',
  'creationTimestamp',
  'generation',
  'uid',
] as const;

/** A whole object around the members of a kind. `status` is what a controller wrote elsewhere: accepted, left out. */
export function objectSchema(
  members: Readonly<Record<string, StructuralSchema>>,
  required: readonly string[] = [],
): StructuralSchema {
  return {
    type: 'object',
    required: ['metadata', ...required],
    properties: { apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata, ...members, status: IGNORED },
  };
}

export function resourceVersion(
  schema: StructuralSchema,
  traits: { readonly partial: boolean; readonly deprecation?: string },
): ResourceVersion {
  let compiled: ValidateObject | undefined;
  return {
    ...(traits.deprecation === undefined ? {} : { deprecation: traits.deprecation }),
    validator: () => (compiled ??= compileKind(schema, traits)),
  };
}

/** A kind of somebody else, described by the members that standalone mode has. The first version is the storage version. */
export function foreignKind(description: {
  readonly group: string;
  readonly kind: string;
  readonly versions: readonly [string, ...string[]];
  readonly clusterScoped?: true;
  readonly hidden?: true;
  readonly members: Readonly<Record<string, StructuralSchema>>;
}): ResourceKind {
  const { group, kind, versions, members } = description;
  const version = resourceVersion(objectSchema(members, Object.hasOwn(members, 'spec') ? ['spec'] : []), {
    partial: true,
  });
  return {
    group,
    kind,
    namespaced: description.clusterScoped !== true,
    hidden: description.hidden === true,
    storageVersion: versions[0],
    versions: new Map(versions.map((name) => [name, version])),
  };
}
