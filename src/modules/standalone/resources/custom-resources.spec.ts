import { readFileSync } from 'node:fs';
import { describe, it, expect } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { PLURALS, readCustomResourceDefinition } from './kinds/custom-resources.js';
import { formatProblem } from './problem.js';
import { parseResources, type ResourceSet } from './parse-resources.js';
import type { StructuralSchema } from './validation/structural-schema.js';

function read(apiVersion: string, kind: string, spec: unknown, lenient = false): ResourceSet {
  const text = stringify({ apiVersion, kind, metadata: { name: 'x' }, spec }, { aliasDuplicateObjects: false });
  return parseResources([{ name: 'a.yaml', text }], { env: {}, lenient, readFile: () => '' });
}

/** `path: message` of every error. */
const errors = (set: ResourceSet) =>
  set.problems.filter(({ severity }) => severity === 'error').map(({ path, message }) => `${path}: ${message}`);

interface Case {
  readonly kind: string;
  readonly name: string;
  readonly spec?: unknown;
  /** `path: message` of every error. */
  readonly errors?: readonly string[];
}

const cases = (file: string) =>
  parse(readFileSync(new URL(`testdata/${file}.yaml`, import.meta.url), 'utf8')) as readonly Case[];

/** Flow YAML, so that a table row fits a line. */
const yaml = (text: string): unknown => parse(text);

const V1ALPHA1 = 'aigateway.envoyproxy.io/v1alpha1';
const V1BETA1 = 'aigateway.envoyproxy.io/v1beta1';
const SECRET = '{secretRef: {name: s}}';
const API_KEY_ONLY = 'spec: when type is APIKey, apiKey must be set and no other credential member';

/** All schemas but those of connection settings, which standalone mode takes as they are. */
function* checkedSchemas(schema: StructuralSchema): Generator<StructuralSchema> {
  yield schema;
  if (schema.items !== undefined) yield* checkedSchemas(schema.items);
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (name !== 'backendSettings') yield* checkedSchemas(property);
  }
}

describe('custom resources', () => {
  describe.each([V1ALPHA1, V1BETA1])('%s', (apiVersion) => {
    it.each(cases('accepted'))('accepts $kind when it has $name', ({ kind, spec }) => {
      const set = read(apiVersion, kind, spec);
      expect(errors(set)).toEqual([]);
      expect(set.objects).toEqual([expect.objectContaining({ kind, apiVersion: V1BETA1 })]);
    });

    it.each(cases('refused'))('refuses $kind when it has $name', ({ kind, spec, errors: expected }) => {
      const set = read(apiVersion, kind, spec);
      expect(errors(set)).toEqual(expected);
      expect(set.objects).toEqual([]);
    });
  });

  it.each([
    ['fromRequestHeaders', '{fromRequestHeaders: {}}', { fromRequestHeaders: { fallbackToConfigured: true } }],
    [
      'fromDynamicMetadata',
      '{fromDynamicMetadata: {namespace: n, key: k, fallbackToConfigured: false}}',
      { fromDynamicMetadata: { namespace: 'n', key: 'k', fallbackToConfigured: false } },
    ],
  ])('accepts credentialOverride when its source is %s', (_, override, expected) => {
    const set = read(
      V1BETA1,
      'BackendSecurityPolicy',
      yaml(`{type: AWSCredentials, awsCredentials: {region: r}, credentialOverride: ${override}}`),
    );
    expect(errors(set)).toEqual([]);
    expect(set.objects).toEqual([
      expect.objectContaining({
        spec: { type: 'AWSCredentials', awsCredentials: { region: 'r' }, credentialOverride: expected },
      }),
    ]);
  });

  it.each([
    [
      'no source',
      '{}',
      'spec.credentialOverride: found no field; expected at least 1: "fromRequestHeaders", "fromDynamicMetadata"; add one',
    ],
    [
      'two sources',
      '{fromRequestHeaders: {}, fromDynamicMetadata: {namespace: n}}',
      'spec.credentialOverride: found 2 fields ("fromRequestHeaders", "fromDynamicMetadata"); expected at most 1; remove the rest',
    ],
    [
      'metadata without namespace',
      '{fromDynamicMetadata: {}}',
      'spec.credentialOverride.fromDynamicMetadata.namespace: found nothing; expected text; add it',
    ],
  ])('refuses credentialOverride when it has %s', (_, override, expected) => {
    const spec = yaml(`{type: APIKey, apiKey: ${SECRET}, credentialOverride: ${override}}`);
    expect(errors(read(V1BETA1, 'BackendSecurityPolicy', spec))).toEqual([expected]);
  });

  it('does not know credentialOverride when the version is v1alpha1', () => {
    const spec = yaml(`{type: APIKey, apiKey: ${SECRET}, credentialOverride: {fromRequestHeaders: {}}}`);
    expect(errors(read(V1ALPHA1, 'BackendSecurityPolicy', spec))).toEqual([
      expect.stringMatching(/^spec[.]credentialOverride: found an unknown field; /),
    ]);
  });

  it('bounds the members of a policy when there are more than one credential', () => {
    const members = `targetRefs: [], apiKey: ${SECRET}, azureAPIKey: ${SECRET}`;
    const found =
      'spec: found 4 fields ("type", "targetRefs", "apiKey", "azureAPIKey"); expected at most 3; remove the rest';
    expect(errors(read(V1ALPHA1, 'BackendSecurityPolicy', yaml(`{type: APIKey, ${members}}`)))).toEqual([found]);
    expect(errors(read(V1BETA1, 'BackendSecurityPolicy', yaml(`{type: APIKey, ${members}}`)))).toEqual([API_KEY_ONLY]);
  });

  it.each([
    [
      'neither',
      '',
      ['spec.gcpCredentials: exactly one of credentialsFile and workloadIdentityFederationConfig must be set'],
      [],
    ],
    [
      'both',
      `, credentialsFile: ${SECRET}, workloadIdentityFederationConfig: {projectID: "1", workloadIdentityPoolName: p, workloadIdentityProviderName: q, oidcExchangeToken: {oidc: {provider: {issuer: i}, clientID: c, clientSecret: {name: s}}}}`,
      ['spec.gcpCredentials: exactly one of credentialsFile and workloadIdentityFederationConfig must be set'],
      ['spec.gcpCredentials: at most one of credentialsFile and workloadIdentityFederationConfig may be set'],
    ],
  ])('applies G1 of each version when a GCP policy has %s of the credentials', (_, members, alpha, beta) => {
    const spec = yaml(`{type: GCPCredentials, gcpCredentials: {projectName: p, region: r${members}}}`);
    expect(errors(read(V1ALPHA1, 'BackendSecurityPolicy', spec))).toEqual(alpha);
    expect(errors(read(V1BETA1, 'BackendSecurityPolicy', spec))).toEqual(beta);
  });

  it('applies the defaults of the schema when members are absent', () => {
    const route = read(V1BETA1, 'AIGatewayRoute', {
      parentRefs: [{ name: 'g' }],
      rules: yaml('[{matches: [{headers: [{name: a, value: b}]}], backendRefs: [{name: a}]}]'),
    });
    expect(route.objects[0]).toEqual({
      apiVersion: V1BETA1,
      kind: 'AIGatewayRoute',
      metadata: { name: 'x', namespace: 'default' },
      spec: {
        parentRefs: [{ name: 'g', group: 'gateway.networking.k8s.io', kind: 'Gateway' }],
        rules: [
          {
            matches: [{ headers: [{ name: 'a', type: 'Exact', value: 'b' }] }],
            backendRefs: [{ name: 'a', weight: 1, priority: 0 }],
            modelsOwnedBy: 'Envoy AI Gateway',
          },
        ],
      },
    });
    const file = read(
      V1BETA1,
      'BackendSecurityPolicy',
      yaml(`{type: AWSCredentials, awsCredentials: {region: r, credentialsFile: ${SECRET}}}`),
    );
    expect(file.objects[0]).toHaveProperty('spec.awsCredentials.credentialsFile', {
      profile: 'default',
      secretRef: { name: 's', group: '', kind: 'Secret' },
    });
  });

  it('takes a member for absent when its value is null', () => {
    const set = read(V1BETA1, 'AIGatewayRoute', {
      hostnames: null,
      rules: [{ name: null, backendRefs: [{ name: 'a', weight: null }] }],
    });
    expect(errors(set)).toEqual([]);
    expect(set.objects[0]).toHaveProperty('spec', {
      rules: [{ backendRefs: [{ name: 'a', weight: 1, priority: 0 }], modelsOwnedBy: 'Envoy AI Gateway' }],
    });
  });

  it('leaves an unknown field out with a warning when it is lenient', () => {
    const set = read(V1BETA1, 'AIGatewayRoute', { rules: [], future: 1 }, true);
    expect(set.objects[0]).toHaveProperty('spec', { rules: [] });
    expect(set.problems.map(formatProblem)).toEqual([
      'a.yaml:7: warning: AIGatewayRoute default/x: spec.future: found an unknown field; expected "parentRefs", "hostnames", "rules", "llmRequestCosts"; remove it (it is left out)',
    ]);
  });

  it('warns when the version is deprecated', () => {
    expect(read(V1ALPHA1, 'AIGatewayRoute', { rules: [] }).problems.map(formatProblem)).toEqual([
      'a.yaml:1: warning: AIGatewayRoute default/x: apiVersion: aigateway.envoyproxy.io/v1alpha1 AIGatewayRoute is deprecated; use aigateway.envoyproxy.io/v1beta1',
    ]);
  });

  it('warns of settings that only a container has', () => {
    const spec = { extProc: { kubernetes: { env: [{ name: 'A', value: 'b' }] } } };
    expect(read('aigateway.envoyproxy.io/v1beta1', 'GatewayConfig', spec).problems.map(formatProblem)).toEqual([
      'a.yaml:6: warning: GatewayConfig default/x: spec.extProc: found settings of a container, which have no effect in standalone mode: the External Processor runs as a process of this machine and has its environment; remove extProc, or run in Kubernetes',
    ]);
  });

  it('has a refused case for each rule of the schemas', () => {
    const texts = cases('refused').flatMap(({ errors: messages = [] }) => messages);
    const rules = PLURALS.map(readCustomResourceDefinition).flatMap(({ spec }) =>
      spec.versions.flatMap(({ name, schema }) =>
        // The rules of v1alpha1 are the same but for one, which has its own test above.
        name === 'v1alpha1'
          ? []
          : [...checkedSchemas(schema.openAPIV3Schema)].flatMap((each) => each['x-kubernetes-validations'] ?? []),
      ),
    );
    const elsewhere = ['at most one of credentialsFile and workloadIdentityFederationConfig may be set'];
    const untested = new Set(
      rules.map(({ message }) => message).filter((message) => !texts.some((text) => text.endsWith(message))),
    );
    expect([...untested]).toEqual(elsewhere);
  });
});
