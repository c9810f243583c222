import { foreignKind } from '../kinds/resource-kind.js';
import type { StructuralSchema } from '../validation/structural-schema.js';
import {
  BOTH_CERTIFICATE_SOURCES,
  caCertificates,
  endpointPort,
  flag,
  noEffect,
  preciseHostname,
  secretReference,
  text,
  texts,
} from './parts.js';

const endpoint: StructuralSchema = {
  type: 'object',
  properties: {
    fqdn: {
      type: 'object',
      required: ['hostname', 'port'],
      properties: { hostname: preciseHostname, port: endpointPort },
    },
    ip: {
      type: 'object',
      required: ['address', 'port'],
      properties: { address: { type: 'string', format: 'ip' }, port: endpointPort },
    },
    unix: {
      type: 'object',
      required: ['path'],
      // The longest path that a socket address of Linux holds.
      properties: { path: { type: 'string', minLength: 1, maxLength: 108 } },
    },
    hostname: preciseHostname,
    zone: { ...text, 'x-standalone-no-effect': noEffect('a zone') },
  },
  'x-kubernetes-validations': [
    {
      rule: '[has(self.fqdn), has(self.ip), has(self.unix)].exists_one(given, given)',
      message: 'found none or several of fqdn, ip and unix; expected exactly one address in each endpoint',
    },
  ],
};

const version: StructuralSchema = { type: 'string', enum: ['Auto', '1.0', '1.1', '1.2', '1.3'] };

const tls: StructuralSchema = {
  type: 'object',
  properties: {
    ...caCertificates,
    sni: preciseHostname,
    insecureSkipVerify: { ...flag, default: false },
    clientCertificateRef: secretReference,
    alpnProtocols: texts,
    minVersion: version,
    maxVersion: version,
  },
  'x-kubernetes-validations': [
    BOTH_CERTIFICATE_SOURCES,
    {
      rule: '!self.insecureSkipVerify || ((!has(self.caCertificateRefs) || size(self.caCertificateRefs) == 0) && !has(self.wellKnownCACertificates))',
      message:
        'found insecureSkipVerify together with certificates to verify with; expected one of them; remove the other',
    },
    {
      rule: "!has(self.minVersion) || !has(self.maxVersion) || self.minVersion == 'Auto' || self.maxVersion == 'Auto' || self.minVersion <= self.maxVersion",
      message: 'found a minVersion above maxVersion; expected at most the same; swap them',
    },
  ],
};

/** A Backend without addresses (type DynamicResolver) goes wherever a request says; there is no such thing here. */
export const backend = foreignKind({
  group: 'gateway.envoyproxy.io',
  kind: 'Backend',
  versions: ['v1alpha1'],
  members: {
    spec: {
      type: 'object',
      required: ['endpoints'],
      properties: {
        type: { type: 'string', enum: ['Endpoints'], default: 'Endpoints' },
        endpoints: {
          type: 'array',
          minItems: 1,
          maxItems: 256,
          items: endpoint,
          'x-kubernetes-validations': [
            {
              rule: 'self.all(each, has(each.fqdn)) || !self.exists(each, has(each.fqdn))',
              message:
                'found fqdn beside other addresses; expected all endpoints of a Backend with fqdn, or none; split the Backend',
            },
          ],
        },
        tls,
        appProtocols: {
          type: 'array',
          items: {
            type: 'string',
            enum: ['gateway.envoyproxy.io/h2c', 'gateway.envoyproxy.io/ws', 'gateway.envoyproxy.io/wss'],
          },
        },
        fallback: flag,
      },
    },
  },
});
