import { foreignKind } from '../kinds/resource-kind.js';
import { groupName, kindName, namespaceName, objectName } from './parts.js';

/** The only controller that standalone mode stands in for. */
const CONTROLLER_NAME = 'gateway.envoyproxy.io/gatewayclass-controller';

export const gatewayClass = foreignKind({
  group: 'gateway.networking.k8s.io',
  kind: 'GatewayClass',
  versions: ['v1', 'v1beta1'],
  clusterScoped: true,
  members: {
    spec: {
      type: 'object',
      required: ['controllerName'],
      properties: {
        controllerName: { type: 'string', enum: [CONTROLLER_NAME] },
        parametersRef: {
          type: 'object',
          required: ['group', 'kind', 'name'],
          properties: { group: groupName, kind: kindName, name: objectName, namespace: namespaceName },
          'x-kubernetes-validations': [
            {
              rule: "self.group == 'gateway.envoyproxy.io' && self.kind == 'EnvoyProxy'",
              message: 'found another kind of parameters; expected EnvoyProxy of gateway.envoyproxy.io',
            },
          ],
        },
        description: { type: 'string', maxLength: 64 },
      },
    },
  },
});
