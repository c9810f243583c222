import { patterns } from '../validation/patterns.js';
import type { StructuralSchema } from '../validation/structural-schema.js';
import { duration, flag, localReference, objectName, secretReference, text, texts } from './parts.js';
import { policyKind } from './policy-kind.js';

const apiKeyAuth: StructuralSchema = {
  type: 'object',
  required: ['credentialRefs', 'extractFrom'],
  properties: {
    credentialRefs: { type: 'array', items: secretReference },
    extractFrom: {
      type: 'array',
      items: { type: 'object', properties: { headers: texts, params: texts, cookies: texts } },
    },
    forwardClientIDHeader: text,
    sanitize: flag,
  },
};

const provider: StructuralSchema = {
  type: 'object',
  required: ['name'],
  properties: {
    name: objectName,
    issuer: { type: 'string', maxLength: 253 },
    audiences: { type: 'array', maxItems: 8, items: text },
    localJWKS: {
      type: 'object',
      required: ['type'],
      properties: {
        type: { type: 'string', enum: ['Inline', 'ValueRef'], default: 'Inline' },
        inline: text,
        valueRef: localReference,
      },
      'x-kubernetes-validations': [
        {
          rule: "self.type == 'Inline' ? has(self.inline) && !has(self.valueRef) : has(self.valueRef) && !has(self.inline)",
          message: 'found another field than type says; expected inline for type Inline, valueRef for type ValueRef',
        },
      ],
    },
    extractFrom: {
      type: 'object',
      properties: {
        headers: {
          type: 'array',
          items: { type: 'object', required: ['name'], properties: { name: text, valuePrefix: text } },
        },
        params: texts,
        cookies: texts,
      },
    },
    claimToHeaders: {
      type: 'array',
      items: { type: 'object', required: ['claim', 'header'], properties: { claim: text, header: text } },
    },
    recomputeRoute: flag,
  },
  'x-standalone-unsupported': {
    remoteJWKS: 'nothing fetches keys here: put the key set into localJWKS',
  },
  'x-kubernetes-validations': [
    { rule: 'has(self.localJWKS)', message: 'found no keys; expected localJWKS with the key set of the issuer' },
    {
      rule: '!(has(self.recomputeRoute) && self.recomputeRoute) || (has(self.claimToHeaders) && size(self.claimToHeaders) > 0)',
      message: 'found recomputeRoute without claimToHeaders; expected at least one header that the route can depend on',
    },
  ],
};

const cors: StructuralSchema = {
  type: 'object',
  properties: {
    allowOrigins: {
      type: 'array',
      items: { type: 'string', minLength: 1, maxLength: 253, pattern: patterns.origin },
    },
    allowMethods: texts,
    allowHeaders: texts,
    exposeHeaders: texts,
    maxAge: duration,
    allowCredentials: flag,
  },
};

export const securityPolicy = policyKind({
  kind: 'SecurityPolicy',
  targets: ['Gateway', 'HTTPRoute'],
  properties: {
    apiKeyAuth,
    jwt: {
      type: 'object',
      required: ['providers'],
      properties: {
        optional: flag,
        providers: { type: 'array', minItems: 1, maxItems: 16, items: provider },
      },
    },
    cors,
  },
  unsupported: {
    authorization: 'use apiKeyAuth or jwt, or run in Kubernetes',
    basicAuth: 'use apiKeyAuth',
    extAuth: 'use apiKeyAuth or jwt, or run in Kubernetes',
    oidc: 'use jwt with localJWKS',
  },
});
