// Parts of our schemas that are types of Envoy Gateway and Gateway API. Their structure is cut out of the published CRDs
// (cut-donors.mjs) into donors/*.json, without any text; the words are ours (descriptions.mjs, rule-messages.mjs).
import { readFileSync } from 'node:fs';
import { describe, describedPaths } from './descriptions.mjs';
import { withMessages } from './rule-messages.mjs';
import { named } from './schema.mjs';

/** The Go module whose chart holds the CRDs of Envoy Gateway and of Gateway API v1.5.1. @see spec api.md section 0 */
export const DONOR_MODULE = 'github.com/envoyproxy/gateway@v1.8.1';
export const DONOR_DIRECTORY = 'charts/gateway-helm/charts/crds/crds';

const ROUTE_RULE = 'spec.rules[]';

/** Type, CRD and place. A donor that holds one before it refers to it; the order is the one of the cut. */
export const DONORS = {
  ParentReference: ['httproutes', 'spec.parentRefs[]'],
  Hostname: ['httproutes', 'spec.hostnames[]'],
  HTTPHeaderMatch: ['httproutes', `${ROUTE_RULE}.matches[].headers[]`],
  HTTPRouteTimeouts: ['httproutes', `${ROUTE_RULE}.timeouts`],
  HTTPHeader: ['httproutes', `${ROUTE_RULE}.filters[].requestHeaderModifier.set[]`],
  BackendObjectReference: ['httproutes', `${ROUTE_RULE}.filters[].requestMirror.backendRef`],
  Condition: ['httproutes', 'status.parents[].conditions[]'],
  LocalPolicyTargetReference: ['envoypatchpolicies', 'spec.targetRef'],
  SecretObjectReference: ['securitypolicies', 'spec.oidc.clientSecret'],
  EnvoyGatewayBackendRef: ['securitypolicies', 'spec.oidc.provider.backendRefs[]'],
  ClusterSettings: ['securitypolicies', 'spec.oidc.provider.backendSettings'],
  OIDC: ['securitypolicies', 'spec.oidc'],
  RemoteJWKS: ['securitypolicies', 'spec.jwt.providers[].remoteJWKS'],
  LocalJWKS: ['securitypolicies', 'spec.jwt.providers[].localJWKS'],
  ClaimToHeader: ['securitypolicies', 'spec.jwt.providers[].claimToHeaders[]'],
  APIKeyAuth: ['securitypolicies', 'spec.apiKeyAuth'],
  ExtAuth: ['securitypolicies', 'spec.extAuth'],
  KubernetesContainerSpec: ['envoyproxies', 'spec.provider.kubernetes.envoyDeployment.container'],
  RateLimitSelectCondition: ['backendtrafficpolicies', 'spec.rateLimit.global.rules[].clientSelectors[]'],
};

/** Member that stands for another donor in the files. */
export const REFERENCE = '$donor';

export const donorFile = (type) => new URL(`donors/${type}.json`, import.meta.url);

/** The schema of a donor with our words. `description` replaces the one of the donor itself. */
export function donor(type, description, overrides = {}) {
  const schema = expand(readDonor(type), type);
  return named(type, { ...schema, ...overrides, ...(description === undefined ? {} : { description }) });
}

const cache = new Map();
function readDonor(type) {
  if (!cache.has(type)) cache.set(type, described(type, JSON.parse(readFileSync(donorFile(type), 'utf8'))));
  return cache.get(type);
}

/** Throws when a description is left over from an older version of the donor. */
function described(type, schema) {
  const paths = new Set(pathsOf(schema, ''));
  const stale = describedPaths(type).filter((path) => !paths.has(path));
  if (stale.length > 0) throw new Error(`descriptions.mjs describes members that ${type} has not: ${stale.join(', ')}`);
  return schema;
}

function* pathsOf({ items, properties, additionalProperties }, path) {
  yield path;
  if (items) yield* pathsOf(items, `${path}[]`);
  if (additionalProperties) yield* pathsOf(additionalProperties, `${path}{}`);
  for (const [name, each] of Object.entries(properties ?? {})) yield* pathsOf(each, path ? `${path}.${name}` : name);
}

function expand(schema, type, path = '') {
  const { [REFERENCE]: inner, items, properties, additionalProperties, ...own } = schema;
  const description = describe(type, path);
  if (inner !== undefined) return donor(inner, description);
  return withMessages({
    ...own,
    ...(description === undefined ? {} : { description }),
    ...(items && { items: expand(items, type, `${path}[]`) }),
    ...(additionalProperties && { additionalProperties: expand(additionalProperties, type, `${path}{}`) }),
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, each]) => [name, expand(each, type, path ? `${path}.${name}` : name)]),
      ),
    }),
  });
}
