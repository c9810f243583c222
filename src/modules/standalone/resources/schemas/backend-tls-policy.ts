import { foreignKind } from '../kinds/resource-kind.js';
import { patterns } from '../validation/patterns.js';
import type { StructuralSchema } from '../validation/structural-schema.js';
import { BOTH_CERTIFICATE_SOURCES, caCertificates, hostname, localReference, preciseHostname } from './parts.js';

const subjectAltName: StructuralSchema = {
  type: 'object',
  required: ['type'],
  properties: {
    type: { type: 'string', enum: ['Hostname', 'URI'] },
    hostname,
    uri: { type: 'string', minLength: 1, maxLength: 253, pattern: patterns.uri },
  },
  'x-kubernetes-validations': [
    {
      rule: "self.type == 'Hostname' ? has(self.hostname) && !has(self.uri) : has(self.uri) && !has(self.hostname)",
      message: 'found another field than type says; expected hostname for type Hostname, uri for type URI',
    },
  ],
};

export const backendTlsPolicy = foreignKind({
  group: 'gateway.networking.k8s.io',
  kind: 'BackendTLSPolicy',
  versions: ['v1', 'v1alpha3'],
  members: {
    spec: {
      type: 'object',
      required: ['targetRefs', 'validation'],
      properties: {
        targetRefs: {
          type: 'array',
          minItems: 1,
          maxItems: 16,
          items: {
            ...localReference,
            'x-standalone-unsupported': {
              sectionName: 'the policy is for all ports of the Backend; remove sectionName',
            },
          },
          'x-kubernetes-validations': [
            {
              rule: "self.all(ref, ref.group == 'gateway.envoyproxy.io' && ref.kind == 'Backend')",
              message: 'found another kind of target; expected Backend of gateway.envoyproxy.io',
            },
            {
              rule: 'self.all(a, self.exists_one(b, a.name == b.name))',
              message: 'found a target twice; expected each target once; remove one',
            },
          ],
        },
        validation: {
          type: 'object',
          required: ['hostname'],
          properties: {
            ...caCertificates,
            hostname: preciseHostname,
            subjectAltNames: { type: 'array', maxItems: 5, items: subjectAltName },
          },
          'x-kubernetes-validations': [
            BOTH_CERTIFICATE_SOURCES,
            {
              rule: '(has(self.caCertificateRefs) && size(self.caCertificateRefs) > 0) || has(self.wellKnownCACertificates)',
              message:
                'found neither caCertificateRefs nor wellKnownCACertificates; expected one of them; for public providers: wellKnownCACertificates: System',
            },
          ],
        },
      },
      'x-standalone-unsupported': { options: 'the defaults of Envoy are used; remove options' },
    },
  },
});
