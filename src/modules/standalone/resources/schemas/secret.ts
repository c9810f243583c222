import { foreignKind } from '../kinds/resource-kind.js';
import type { StructuralSchema } from '../validation/structural-schema.js';
import { flag, text } from './parts.js';

const values: StructuralSchema = { type: 'object', additionalProperties: { ...text, nullable: true } };

/** Keys, base64 and substitution are looked at in `secret-values.ts`. */
export const secret = foreignKind({
  group: '',
  kind: 'Secret',
  versions: ['v1'],
  hidden: true,
  members: { type: text, immutable: flag, data: values, stringData: values },
});
