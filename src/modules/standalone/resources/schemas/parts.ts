import { patterns } from '../validation/patterns.js';
import type { StructuralSchema } from '../validation/structural-schema.js';

/*
 * Blocks that several kinds share. Names, ranges and defaults are those of Gateway API 1.5 and Envoy Gateway 1.8.
 */

export const text = { type: 'string' } as const satisfies StructuralSchema;
export const flag = { type: 'boolean' } as const satisfies StructuralSchema;
export const objectName: StructuralSchema = { type: 'string', minLength: 1, maxLength: 253 };
export const namespaceName: StructuralSchema = { type: 'string', minLength: 1, maxLength: 63, pattern: patterns.label };
export const groupName: StructuralSchema = { type: 'string', maxLength: 253, pattern: patterns.group };
export const kindName: StructuralSchema = { type: 'string', minLength: 1, maxLength: 63, pattern: patterns.kind };
export const hostname: StructuralSchema = { type: 'string', minLength: 1, maxLength: 253, pattern: patterns.hostname };
/** A host name without a wildcard. */
export const preciseHostname: StructuralSchema = {
  type: 'string',
  minLength: 1,
  maxLength: 253,
  pattern: patterns.subdomain,
};
export const sectionName: StructuralSchema = preciseHostname;
export const duration: StructuralSchema = { type: 'string', pattern: patterns.duration };
export const size: StructuralSchema = { 'x-kubernetes-int-or-string': true, pattern: patterns.size };
export const httpStatus: StructuralSchema = { type: 'integer', minimum: 100, maximum: 599 };
export const percent: StructuralSchema = { type: 'integer', format: 'int32', minimum: 0, maximum: 100 };
export const uint32: StructuralSchema = { type: 'integer', format: 'int64', minimum: 0, maximum: 4_294_967_295 };
export const uint32Of1024: StructuralSchema = { ...uint32, default: 1024 };
export const endpointPort: StructuralSchema = { type: 'integer', format: 'int32', minimum: 0, maximum: 65_535 };
export const listenerPort: StructuralSchema = { ...endpointPort, minimum: 1 };
export const texts: StructuralSchema = { type: 'array', items: text };
export const textMap: StructuralSchema = { type: 'object', additionalProperties: text };

/** Message for members that the schemas know and nothing here reads. */
export const noEffect = (name: string): string =>
  `found ${name}, which has no effect in standalone mode; remove it, or run in Kubernetes`;

/** Reference to a Secret unless group and kind say something else. */
export const secretReference: StructuralSchema = {
  type: 'object',
  required: ['name'],
  properties: {
    group: { ...groupName, default: '' },
    kind: { ...kindName, default: 'Secret' },
    name: objectName,
    namespace: namespaceName,
  },
};

/** Reference to an object of the same namespace. */
export const localReference: StructuralSchema = {
  type: 'object',
  required: ['group', 'kind', 'name'],
  properties: { group: groupName, kind: kindName, name: objectName },
};

/** The one bundle that every machine has. */
const wellKnownCACertificates: StructuralSchema = { type: 'string', enum: ['System'] };
export const caCertificates = {
  caCertificateRefs: { type: 'array', maxItems: 8, items: localReference },
  wellKnownCACertificates,
} as const satisfies Record<string, StructuralSchema>;

export const BOTH_CERTIFICATE_SOURCES = {
  rule: '!(has(self.caCertificateRefs) && size(self.caCertificateRefs) > 0 && has(self.wellKnownCACertificates))',
  message: 'found caCertificateRefs and wellKnownCACertificates; expected one of them; remove the other',
};
