import { foreignKind } from '../kinds/resource-kind.js';
import { flag, text, textMap } from './parts.js';

/** Keys, base64 and substitution are looked at in `secret-values.ts`. */
export const secret = foreignKind({
  group: '',
  kind: 'Secret',
  versions: ['v1'],
  hidden: true,
  members: { type: text, immutable: flag, data: textMap, stringData: textMap },
});
