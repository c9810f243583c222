import { foreignKind } from '../kinds/resource-kind.js';
import { groupName, kindName, namespaceName, objectName } from './parts.js';

export const referenceGrant = foreignKind({
  group: 'gateway.networking.k8s.io',
  kind: 'ReferenceGrant',
  versions: ['v1beta1', 'v1'],
  members: {
    spec: {
      type: 'object',
      required: ['from', 'to'],
      properties: {
        from: {
          type: 'array',
          minItems: 1,
          maxItems: 16,
          items: {
            type: 'object',
            required: ['group', 'kind', 'namespace'],
            properties: { group: groupName, kind: kindName, namespace: namespaceName },
          },
        },
        to: {
          type: 'array',
          minItems: 1,
          maxItems: 16,
          items: {
            type: 'object',
            required: ['group', 'kind'],
            properties: { group: groupName, kind: kindName, name: objectName },
          },
        },
      },
    },
  },
});
