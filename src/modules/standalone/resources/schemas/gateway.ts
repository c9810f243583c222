import { foreignKind } from '../kinds/resource-kind.js';
import type { StructuralSchema } from '../validation/structural-schema.js';
import {
  groupName,
  hostname,
  kindName,
  listenerPort,
  localReference,
  objectName,
  secretReference,
  sectionName,
  text,
  textMap,
  texts,
} from './parts.js';

const namespaceSelector: StructuralSchema = {
  type: 'object',
  properties: {
    matchLabels: textMap,
    matchExpressions: {
      type: 'array',
      items: {
        type: 'object',
        required: ['key', 'operator'],
        properties: {
          key: text,
          operator: { type: 'string', enum: ['In', 'NotIn', 'Exists', 'DoesNotExist'] },
          values: texts,
        },
      },
    },
  },
};

const listener: StructuralSchema = {
  type: 'object',
  required: ['name', 'port', 'protocol'],
  properties: {
    name: sectionName,
    hostname,
    port: listenerPort,
    protocol: { type: 'string', enum: ['HTTP', 'HTTPS'] },
    tls: {
      type: 'object',
      properties: {
        mode: { type: 'string', enum: ['Terminate'], default: 'Terminate' },
        certificateRefs: { type: 'array', maxItems: 64, items: secretReference },
      },
      'x-standalone-unsupported': { options: 'the defaults of Envoy are used; remove options' },
    },
    allowedRoutes: {
      type: 'object',
      default: { namespaces: { from: 'Same' } },
      properties: {
        namespaces: {
          type: 'object',
          default: { from: 'Same' },
          properties: {
            from: { type: 'string', enum: ['All', 'Selector', 'Same'], default: 'Same' },
            selector: namespaceSelector,
          },
        },
        kinds: {
          type: 'array',
          maxItems: 8,
          items: {
            type: 'object',
            required: ['kind'],
            properties: { group: { ...groupName, default: 'gateway.networking.k8s.io' }, kind: kindName },
          },
        },
      },
    },
  },
  'x-kubernetes-validations': [
    {
      rule: "self.protocol != 'HTTP' || !has(self.tls)",
      message: 'found tls on a listener of protocol HTTP; expected none; use protocol HTTPS, or remove tls',
    },
    {
      rule: "self.protocol != 'HTTPS' || (has(self.tls) && has(self.tls.certificateRefs) && size(self.tls.certificateRefs) > 0)",
      message: 'found no certificate on a listener of protocol HTTPS; expected tls.certificateRefs with a Secret',
    },
  ],
};

export const gateway = foreignKind({
  group: 'gateway.networking.k8s.io',
  kind: 'Gateway',
  versions: ['v1', 'v1beta1'],
  members: {
    spec: {
      type: 'object',
      required: ['gatewayClassName', 'listeners'],
      properties: {
        gatewayClassName: objectName,
        listeners: {
          type: 'array',
          minItems: 1,
          maxItems: 64,
          items: listener,
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
          'x-kubernetes-validations': [
            {
              rule: 'self.all(a, self.exists_one(b, a.port == b.port && a.protocol == b.protocol && (has(a.hostname) ? a.hostname : "") == (has(b.hostname) ? b.hostname : "")))',
              message:
                'found two listeners with the same port, protocol and hostname; expected one; remove the other, or change it',
            },
          ],
        },
        infrastructure: {
          type: 'object',
          properties: {
            parametersRef: {
              ...localReference,
              'x-kubernetes-validations': [
                {
                  rule: "self.group == 'gateway.envoyproxy.io' && self.kind == 'EnvoyProxy'",
                  message: 'found another kind of parameters; expected EnvoyProxy of gateway.envoyproxy.io',
                },
              ],
            },
          },
          'x-standalone-unsupported': {
            annotations: 'there are no Pods to annotate; remove annotations',
            labels: 'there are no Pods to label; remove labels',
          },
        },
      },
      'x-standalone-unsupported': {
        addresses: 'Envoy listens on all addresses of this machine; remove addresses',
        allowedListeners: 'write all listeners into the Gateway',
        defaultScope: 'name the Gateway in spec.parentRefs of each AIGatewayRoute',
        tls: 'set TLS on each listener, and towards backends in a BackendTLSPolicy',
      },
    },
  },
});
