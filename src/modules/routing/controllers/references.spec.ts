import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import type { AIGatewayRoute, BackendSecurityPolicy } from '../../../shared/api/ai-gateway.js';
import { backendsOfRoute, gatewaysOfRoute, secretsOfPolicy, targetsOfPolicy } from './references.js';

const short = (keys: readonly string[]) => keys.map((key) => key.split('/').slice(1).join('/'));

const route = (spec: string) =>
  ({
    apiVersion: 'aigateway.envoyproxy.io/v1beta1',
    kind: 'AIGatewayRoute',
    metadata: { name: 'llm', namespace: 'default' },
    spec: parse(spec) as unknown,
  }) as AIGatewayRoute;

const policy = (spec: string) =>
  ({
    apiVersion: 'aigateway.envoyproxy.io/v1beta1',
    kind: 'BackendSecurityPolicy',
    metadata: { name: 'key', namespace: 'default' },
    spec: parse(spec) as unknown,
  }) as BackendSecurityPolicy;

const OIDC = (more = '') => `oidcExchangeToken: { oidc: { clientSecret: { name: s${more} } } }`;

describe('gatewaysOfRoute', () => {
  it.each([
    ['of its own namespace', '[{ name: a }, { name: b }]', ['default/a', 'default/b']],
    ['of another one', '[{ name: a, namespace: infra }]', ['infra/a']],
    ['of both', '[{ name: a, namespace: infra }, { name: a }]', ['infra/a', 'default/a']],
    ['of no Gateway', '[{ name: a, kind: Service, group: "" }]', []],
  ])('names parents %s', (_, parentRefs, expected) => {
    const keys = short(gatewaysOfRoute(route(`{ parentRefs: ${parentRefs} }`)));
    expect(keys).toEqual(expected.map((name) => `Gateway/${name}`));
  });
});

describe('backendsOfRoute', () => {
  const POOL = 'group: inference.networking.k8s.io, kind: InferencePool';
  it.each([
    ['without namespace', '{ name: a }', 'AIServiceBackend/default/a'],
    ['with one', '{ name: a, namespace: ai }', 'AIServiceBackend/ai/a'],
    ['with an empty one', '{ name: a, namespace: "" }', 'AIServiceBackend/default/a'],
    ['to a pool', `{ name: a, ${POOL} }`, 'InferencePool/default/a'],
    ['to a pool of another group', '{ name: a, group: x.test, kind: InferencePool }', 'AIServiceBackend/default/a'],
    [
      'to another kind of the group of pools',
      '{ name: a, group: inference.networking.k8s.io, kind: X }',
      'AIServiceBackend/default/a',
    ],
    ['with the group of pools alone', '{ name: a, group: inference.networking.k8s.io }', 'AIServiceBackend/default/a'],
    ['to a pool of another namespace', `{ name: a, namespace: gpu, ${POOL} }`, 'InferencePool/gpu/a'],
  ])('names a ref %s', (_, ref, expected) => {
    expect(short(backendsOfRoute(route(`{ rules: [{ backendRefs: [${ref}] }] }`)))).toEqual([expected]);
  });

  it('is empty for a rule without refs and a route without rules', () => {
    expect(backendsOfRoute(route('{ rules: [{}] }'))).toEqual([]);
    expect(backendsOfRoute(route('{}'))).toEqual([]);
  });
});

describe('secretsOfPolicy', () => {
  it.each([
    ['APIKey', 'apiKey: { secretRef: { name: s } }', ['default/s']],
    ['APIKey elsewhere', 'apiKey: { secretRef: { name: s, namespace: vault } }', ['vault/s']],
    ['AzureAPIKey', 'azureAPIKey: { secretRef: { name: s } }', ['default/s']],
    ['AnthropicAPIKey', 'anthropicAPIKey: { secretRef: { name: s } }', ['default/s']],
    ['AWS by file', 'awsCredentials: { credentialsFile: { secretRef: { name: s } } }', ['default/s']],
    ['AWS by OIDC', `awsCredentials: { ${OIDC()} }`, ['default/s']],
    ['AWS by OIDC elsewhere', `awsCredentials: { ${OIDC(', namespace: vault')} }`, ['vault/s']],
    ['AWS by neither', 'awsCredentials: { region: us-east-1 }', []],
    ['Azure by client secret', 'azureCredentials: { clientSecretRef: { name: s } }', ['default/s']],
    ['Azure by OIDC', `azureCredentials: { ${OIDC()} }`, ['default/s']],
    ['GCP by file', 'gcpCredentials: { credentialsFile: { secretRef: { name: s } } }', ['default/s']],
    ['GCP by federation', `gcpCredentials: { workloadIdentityFederationConfig: { ${OIDC()} } }`, ['default/s']],
    ['GCP by neither', 'gcpCredentials: { projectName: p }', []],
    [
      'a client id in a Secret',
      'awsCredentials: { oidcExchangeToken: { oidc: { clientIDRef: { name: id } } } }',
      ['default/id'],
    ],
  ])('names what %s reads, and the Secret of its token', (_, spec, expected) => {
    const keys = short(secretsOfPolicy(policy(`{ ${spec} }`)));
    expect(keys).toEqual([...expected, 'default/ai-eg-bsp-key'].map((name) => `Secret/${name}`));
  });
});

describe('targetsOfPolicy', () => {
  it('keeps kinds apart and reads every target in the namespace of the policy', () => {
    const targets = policy(`{ targetRefs: [
      { group: aigateway.envoyproxy.io, kind: AIServiceBackend, name: a },
      { group: inference.networking.k8s.io, kind: InferencePool, name: a },
    ] }`);
    expect(short(targetsOfPolicy(targets))).toEqual(['AIServiceBackend/default/a', 'InferencePool/default/a']);
  });
});
