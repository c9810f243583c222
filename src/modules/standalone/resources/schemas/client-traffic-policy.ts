import { duration, noEffect, size } from './parts.js';
import { policyKind } from './policy-kind.js';

export const clientTrafficPolicy = policyKind({
  kind: 'ClientTrafficPolicy',
  targets: ['Gateway'],
  properties: {
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
  unsupported: {
    tls: 'the certificate stands on the listener of the Gateway; remove tls',
  },
});
