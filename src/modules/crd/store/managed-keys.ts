/** Who we are in `metadata.managedFields`. @see docs/architecture: all writes go through one field manager */
export const FIELD_MANAGER = 'ai-gateway-controller';

/**
 * The labels and annotations that our last server-side apply set: what of them is no longer wanted has to go, while those
 * of others stay. Being there at all means that the object was applied by us.
 */
export interface ManagedKeys {
  readonly labels: readonly string[];
  readonly annotations: readonly string[];
}

/** `metav1.ManagedFieldsEntry`. */
export interface ManagedFieldsEntry {
  readonly manager?: string;
  readonly operation?: 'Apply' | 'Update';
  readonly subresource?: string;
  readonly apiVersion?: string;
  readonly fieldsType?: string;
  readonly fieldsV1?: Fields;
}

/** `f:<member>`, `k:{…}` and `.` (the member itself) down to leaves that are empty. */
export interface Fields {
  readonly [key: string]: Fields;
}

export function managedKeysOf(managedFields: readonly ManagedFieldsEntry[] | undefined): ManagedKeys | undefined {
  const entry = managedFields?.find(isOurApply);
  if (!entry) return undefined;
  const metadata = entry.fieldsV1?.['f:metadata'];
  return { labels: keysOf(metadata?.['f:labels']), annotations: keysOf(metadata?.['f:annotations']) };
}

export const isOurApply = ({ manager, operation, subresource }: ManagedFieldsEntry): boolean =>
  manager === FIELD_MANAGER && operation === 'Apply' && !subresource;

const NONE: readonly string[] = [];

function keysOf(fields: Fields | undefined): readonly string[] {
  if (!fields) return NONE;
  return Object.keys(fields)
    .filter((key) => key.startsWith('f:'))
    .map((key) => key.slice(2));
}
