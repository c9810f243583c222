import { createSign, generateKeyPairSync, type KeyObject } from 'node:crypto';

/** An AIGatewayRoute with one model and one provider of its own. */
export interface RouteSetup {
  /** Also names its backend and its SecurityPolicy, and the model `model-<name>`. */
  readonly name: string;
  readonly providerPort: number;
  /** What the gateway sends as bearer token to the provider; none when absent. */
  readonly providerKey?: string;
  /** Headers that its requests have; only the model header when absent. */
  readonly matches?: Readonly<Record<string, string>>;
  /** `sectionName` of the parent. */
  readonly listener?: string;
  /** `spec` of a SecurityPolicy for the generated HTTPRoute, without targets. */
  readonly security?: object;
}

export interface WorldSetup {
  readonly routes: readonly RouteSetup[];
  /** `spec` of a SecurityPolicy for the Gateway, without targets. */
  readonly security?: object;
  /** Listeners besides `http`, which has the port of the test gateway. */
  readonly listeners?: Readonly<Record<string, number>>;
}

const AI = 'aigateway.envoyproxy.io';
const ENVOY_GATEWAY = 'gateway.envoyproxy.io';
const GATEWAY_API = 'gateway.networking.k8s.io';
const object = (group: string, version: string, kind: string, name: string, more: object) => ({
  apiVersion: group ? `${group}/${version}` : version,
  kind,
  metadata: { name },
  ...more,
});

/** API keys of clients, each in a Secret of the client's name. */
export const KEYS = { alice: 'PLANTED-key-of-alice', bob: 'PLANTED-key-of-bob' } as const;

/** Settings for the keys of these clients. */
export const apiKeyAuth = (
  clients: readonly (keyof typeof KEYS)[],
  extractFrom: object,
  more: object = {},
): { apiKeyAuth: object } => ({
  apiKeyAuth: { credentialRefs: clients.map((name) => ({ name })), extractFrom: [extractFrom], ...more },
});

/** A configuration file for `aigw run`; JSON is YAML. */
export function authenticationWorld({ routes, security, listeners = {} }: WorldSetup): string {
  const objects = [
    object(GATEWAY_API, 'v1', 'GatewayClass', 'aigw', {
      spec: { controllerName: `${ENVOY_GATEWAY}/gatewayclass-controller` },
    }),
    object(GATEWAY_API, 'v1', 'Gateway', 'edge', {
      spec: {
        gatewayClassName: 'aigw',
        listeners: [
          { name: 'http', protocol: 'HTTP', port: 1975 },
          ...Object.entries(listeners).map(([name, port]) => ({ name, protocol: 'HTTP', port })),
        ],
      },
    }),
    ...Object.entries(KEYS).map(([name, key]) => object('', 'v1', 'Secret', name, { stringData: { [name]: key } })),
    ...(security ? [securityPolicy('edge', 'Gateway', security)] : []),
    ...routes.flatMap(objectsOfRoute),
  ];
  return objects.map((one) => JSON.stringify(one).replace('"port":1975', '"port":${AIGW_PORT}')).join('\n---\n');
}

const securityPolicy = (name: string, kind: string, spec: object) =>
  object(ENVOY_GATEWAY, 'v1alpha1', 'SecurityPolicy', name, {
    spec: { targetRefs: [{ group: GATEWAY_API, kind, name }], ...spec },
  });

function objectsOfRoute({ name, providerPort, providerKey, matches, listener, security }: RouteSetup): object[] {
  const headers = Object.entries(matches ?? { 'x-ai-eg-model': `model-${name}` });
  return [
    object(AI, 'v1beta1', 'AIGatewayRoute', name, {
      spec: {
        parentRefs: [
          { name: 'edge', kind: 'Gateway', group: GATEWAY_API, ...(listener ? { sectionName: listener } : {}) },
        ],
        rules: [
          {
            matches: [{ headers: headers.map(([header, value]) => ({ name: header, value })) }],
            backendRefs: [{ name }],
          },
        ],
      },
    }),
    object(AI, 'v1beta1', 'AIServiceBackend', name, {
      spec: { schema: { name: 'OpenAI' }, backendRef: { group: ENVOY_GATEWAY, kind: 'Backend', name } },
    }),
    object(ENVOY_GATEWAY, 'v1alpha1', 'Backend', name, {
      spec: { endpoints: [{ ip: { address: '127.0.0.1', port: providerPort } }] },
    }),
    ...(security ? [securityPolicy(name, 'HTTPRoute', security)] : []),
    ...(providerKey
      ? [
          object('', 'v1', 'Secret', `provider-${name}`, { stringData: { apiKey: providerKey } }),
          object(AI, 'v1beta1', 'BackendSecurityPolicy', name, {
            spec: {
              targetRefs: [{ group: AI, kind: 'AIServiceBackend', name }],
              type: 'APIKey',
              apiKey: { secretRef: { name: `provider-${name}` } },
            },
          }),
        ]
      : []),
  ];
}

/** Issues signed tokens and publishes its key. */
export class TokenIssuer {
  readonly issuer = 'https://issuer.example.com';
  readonly #pair: { readonly publicKey: KeyObject; readonly privateKey: KeyObject } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
  });

  /** `spec` of a SecurityPolicy that takes the tokens of this issuer; `settings` are added to its provider. */
  policy(settings: object = {}): object {
    const key = { ...this.#pair.publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'RS256', use: 'sig' };
    const localJWKS = { type: 'Inline', inline: JSON.stringify({ keys: [key] }) };
    return { jwt: { providers: [{ name: 'issuer', issuer: this.issuer, localJWKS, ...settings }] } };
  }

  /** A JSON Web Token, valid from now for `lifeSeconds`. @see RFC 7519 */
  token(lifeSeconds: number): string {
    const nowSeconds = Math.floor(Date.now() / 1000);
    const parts = [
      { alg: 'RS256', kid: 'one', typ: 'JWT' },
      { iss: this.issuer, sub: 'alice', iat: nowSeconds, exp: nowSeconds + lifeSeconds },
    ];
    const signed = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    return `${signed}.${createSign('sha256').update(signed).sign(this.#pair.privateKey, 'base64url')}`;
  }
}
