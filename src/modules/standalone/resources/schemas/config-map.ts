import { foreignKind } from '../kinds/resource-kind.js';
import { flag, textMap } from './parts.js';

export const configMap = foreignKind({
  group: '',
  kind: 'ConfigMap',
  versions: ['v1'],
  members: { immutable: flag, data: textMap, binaryData: textMap },
});
