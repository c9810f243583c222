import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { ConfigMap, Secret } from '../../src/shared/api/gateway-api.js';
import { kinds } from '../../src/shared/api/kinds.js';
import type { KubeObject } from '../../src/shared/api/kube-object.js';
import { snapshotOf } from '../../src/shared/api/snapshot.js';

const TESTDATA = join(import.meta.dirname, '../../src/modules/standalone/gateway-translator/testdata');
const objectsOf = (text: string) => parseAllDocuments(text).map((document) => document.toJS() as KubeObject);
const golden = (file: string) => snapshotOf(objectsOf(readFileSync(join(TESTDATA, file), 'utf8')));

/** Certificate of `llm.example.com` and the authority that signed it. */
export const pair = golden('listeners.in.yaml').get<Secret>(kinds.secret, 'certs', 'llm-cert')!.stringData!;
export const authority = golden('backends.in.yaml').get<ConfigMap>(kinds.configMap, 'default', 'ca')!.data!['ca.crt']!;

/** Where the gateway and its backends listen, on 127.0.0.1. */
export interface Ports {
  readonly http: number;
  readonly https: number;
  readonly failing: number;
  readonly good: number;
  readonly tls: number;
  readonly closed: number;
}

const backend = (name: string, port: number, more = '') => `---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: Backend
metadata: { name: ${name}, namespace: default }
spec: { endpoints: [{ fqdn: { hostname: localhost, port: ${port} } }]${more} }
`;
const rule = (model: string, backends: readonly string[], name = model) => `
    - name: ${name}
      matches: [{ headers: [{ name: x-model, value: ${model} }] }]
      timeouts: { request: 10s }
      backendRefs: [${backends.map((one) => `{ group: gateway.envoyproxy.io, kind: Backend, name: ${one} }`).join(', ')}]`;
const tlsPolicy = (name: string, hostname: string) => `---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: { name: ${name}, namespace: default }
spec:
  targetRefs: [{ group: gateway.envoyproxy.io, kind: Backend, name: ${name} }]
  validation: { caCertificateRefs: [{ group: '', kind: ConfigMap, name: ca }], hostname: ${hostname} }
`;
const rulePolicy = (kind: string, rule: string, spec: string) => `---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: ${kind}
metadata: { name: ${rule}, namespace: default }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: llm, sectionName: ${rule} }]
  ${spec}
`;

/** One Gateway `default/edge` whose route has a rule for each behaviour, chosen by header `x-model`. */
export const translatorWorld = (ports: Ports): readonly KubeObject[] => [
  ...objectsOf(`apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: aigw }
spec: { controllerName: gateway.envoyproxy.io/gatewayclass-controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: default }
spec:
  gatewayClassName: aigw
  listeners:
    - { name: http, protocol: HTTP, port: ${ports.http} }
    - { name: https, protocol: HTTPS, port: ${ports.https}, hostname: llm.example.com, tls: { certificateRefs: [{ name: pair }] } }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: llm, namespace: default }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - matches: [{ headers: [{ name: x-ai-eg-model, type: RegularExpression, value: '.*' }] }]
      filters: [{ type: ExtensionRef, extensionRef: { group: gateway.envoyproxy.io, kind: HTTPRouteFilter, name: forged } }]
    - matches: [{ headers: [{ name: x-gateway-destination-endpoint, type: RegularExpression, value: '.*' }] }]
      filters: [{ type: ExtensionRef, extensionRef: { group: gateway.envoyproxy.io, kind: HTTPRouteFilter, name: forged } }]${[
        rule('good', ['good']),
        rule('fallback', ['failing', 'spare']),
        rule('refused', ['closed', 'spare']),
        rule('no-retry', ['failing', 'spare']),
        rule('with-missing', ['missing', 'good']),
        rule('verified', ['verified']),
        rule('misnamed', ['misnamed']),
        rule('buffered', ['good']),
        rule('keys', ['good']),
        rule('tokens', ['good']),
        rule('guarded', ['good']),
      ].join('')}
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: HTTPRouteFilter
metadata: { name: forged, namespace: default }
spec: { directResponse: { statusCode: 299 } }
${backend('good', ports.good)}${backend('spare', ports.good, ', fallback: true')}${backend('failing', ports.failing)}${backend('closed', ports.closed)}
${backend('verified', ports.tls)}${tlsPolicy('verified', 'llm.example.com')}
${backend('misnamed', ports.tls)}${tlsPolicy('misnamed', 'other.example.com')}
${['fallback', 'refused']
  .map((name) =>
    rulePolicy(
      'BackendTrafficPolicy',
      name,
      'retry: { numAttemptsPerPriority: 1, numRetries: 3, perRetry: { timeout: 1s }, retryOn: { triggers: [connect-failure, reset], httpStatusCodes: [429, 503, 504] } }',
    ),
  )
  .join('')}
${rulePolicy('BackendTrafficPolicy', 'buffered', 'requestBuffer: { limit: 10 }')}
${rulePolicy('SecurityPolicy', 'keys', 'apiKeyAuth: { credentialRefs: [{ name: clients }], extractFrom: [{ headers: [authorization] }], forwardClientIDHeader: x-client }\n  cors: { allowOrigins: ["https://*.example.com"], allowMethods: [POST] }')}
${rulePolicy('SecurityPolicy', 'tokens', `jwt: { providers: [{ name: one, localJWKS: { inline: '{"keys":[{"kty":"oct","alg":"HS256","k":"${Buffer.from('secret').toString('base64url')}"}]}' }, claimToHeaders: [{ claim: sub, header: x-user }] }] }`)}
${rulePolicy('SecurityPolicy', 'guarded', 'jwt: { providers: [{ name: one, remoteJWKS: {} }] }')}
---
apiVersion: v1
kind: Secret
metadata: { name: clients, namespace: default }
stringData: { alice: PLANTED-key-of-alice }
`).filter((object) => object !== null),
  {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'pair', namespace: 'default' },
    stringData: pair,
  } as KubeObject,
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'ca', namespace: 'default' },
    data: { 'ca.crt': authority },
  } as KubeObject,
];
