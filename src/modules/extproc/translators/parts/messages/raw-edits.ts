import { splice } from '../../../codec/json-splice.js';
import { editMembers } from '../../../mutation/body-edit.js';

/**
 * The client's bytes with top-level members set and removed; everything else stays to the byte. Of doubled keys all are set
 * or removed.
 * @param sets JSON text by name
 */
export const editedBody = (
  body: Uint8Array,
  removes: readonly string[],
  sets: Readonly<Record<string, string>>,
): Uint8Array => splice(body, editMembers(body, new Set(removes), new Map(Object.entries(sets))));
