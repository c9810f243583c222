import { foreignKind } from '../kinds/resource-kind.js';
import { duration, noEffect, policyTargetRules, policyTargets, size, TARGET_SELECTORS_HINT } from './parts.js';

export const clientTrafficPolicy = foreignKind({
  group: 'gateway.envoyproxy.io',
  kind: 'ClientTrafficPolicy',
  versions: ['v1alpha1'],
  members: {
    spec: {
      type: 'object',
      properties: {
        ...policyTargets,
        connection: { type: 'object', properties: { bufferLimit: size } },
        timeout: {
          type: 'object',
          properties: {
            http: {
              type: 'object',
              properties: { requestReceivedTimeout: duration, idleTimeout: duration, streamIdleTimeout: duration },
            },
            tcp: {
              type: 'object',
              properties: {
                idleTimeout: { ...duration, 'x-standalone-no-effect': noEffect('timeout.tcp.idleTimeout') },
              },
            },
          },
        },
      },
      'x-standalone-unsupported': {
        tls: 'the certificate stands on the listener of the Gateway; remove tls',
        targetSelectors: TARGET_SELECTORS_HINT,
      },
      'x-kubernetes-validations': policyTargetRules(['Gateway'])!,
    },
  },
});
