import { describe, expect, it } from '@jest/globals';
import type { BackendSecurityPolicy } from '../../shared/api/ai-gateway.js';
import type { KubeObject } from '../../shared/api/kube-object.js';
import { snapshotOf } from '../../shared/api/snapshot.js';
import { resolvePolicy } from '../routing/resolve/security-policy.js';
import { validateObject } from './validate-object.js';

const object = (kind: string, spec: object, metadata: object = {}): KubeObject => {
  const made = {
    apiVersion: 'aigateway.envoyproxy.io/v1beta1',
    kind,
    metadata: { name: 'x', namespace: 'default', ...metadata },
    spec,
  };
  return made;
};
const GATEWAY: KubeObject = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name: 'gw', namespace: 'default' },
};
const route = (cel: string, more: object = {}, metadata: object = {}) =>
  object(
    'AIGatewayRoute',
    { parentRefs: [{ name: 'gw' }], rules: [], llmRequestCosts: [{ metadataKey: 'k', type: 'CEL', cel }], ...more },
    metadata,
  );
const SETTINGS = { azureAmbientNamespaces: ['trusted'] };
const validate = (after: KubeObject, before?: KubeObject, world: readonly KubeObject[] = [GATEWAY]) =>
  validateObject(
    { uid: 'u', operation: before ? 'UPDATE' : 'CREATE', object: after, ...(before && { oldObject: before }) },
    snapshotOf(world),
    SETTINGS,
  );

describe('validateObject', () => {
  it('lets pass without a word what is right', () => {
    expect(validate(route('input_tokens * 2u'))).toEqual({ allowed: true, warnings: [] });
  });

  it.each([
    ['a route', route('input_tokens +'), 'spec.llmRequestCosts[0].cel'],
    ['a route without expression', route(''), 'spec.llmRequestCosts[0].cel'],
    [
      'a GatewayConfig',
      object('GatewayConfig', { globalLLMRequestCosts: [{ metadataKey: 'k', type: 'CEL', cel: '"text"' }] }),
      'spec.globalLLMRequestCosts[0].cel',
    ],
  ])('refuses a cost that does not compile in %s, and names the place', (_, made, path) => {
    const { allowed, denial } = validate(made);
    expect(allowed).toBe(false);
    expect(denial?.code).toBe(422);
    expect(denial?.message).toContain(`${path}: `);
  });

  it.each<[string, KubeObject, RegExp]>([
    ['a Gateway is missing', route('1u', { parentRefs: [{ name: 'gone' }] }), /Gateway default\/gone does not exist/],
    [
      'a backend is missing',
      route('1u', { rules: [{ backendRefs: [{ name: 'gone' }] }] }),
      /AIServiceBackend default\/gone does not exist/,
    ],
    [
      'a target of a policy is missing',
      object('BackendSecurityPolicy', {
        type: 'APIKey',
        apiKey: { secretRef: { name: 's' } },
        targetRefs: [{ group: 'aigateway.envoyproxy.io', kind: 'AIServiceBackend', name: 'gone' }],
      }),
      /Secret default\/s does not exist/,
    ],
    [
      'the Backend of a backend is missing',
      object('AIServiceBackend', {
        schema: { name: 'OpenAI' },
        backendRef: { group: 'gateway.envoyproxy.io', kind: 'Backend', name: 'gone' },
      }),
      /Backend default\/gone .* does not exist/,
    ],
  ])('only warns when %s', (_, made, expected) => {
    const { allowed, warnings = [] } = validate(made);
    expect(allowed).toBe(true);
    expect(warnings.join('\n')).toMatch(expected);
  });

  it('says nothing about a token that nobody can have exchanged yet', () => {
    const azureCredentials = { tenantID: 't', clientID: 'c', clientSecretRef: { name: 's' } };
    const policy = object('BackendSecurityPolicy', {
      type: 'AzureCredentials',
      azureCredentials,
    }) as BackendSecurityPolicy;
    expect(resolvePolicy(snapshotOf([policy]), policy).faults.map(({ reason }) => reason)).toEqual([
      'TokenNotExchanged',
    ]);
    expect(validate(policy)).toEqual({ allowed: true, warnings: [] });
  });

  describe('of a policy with an Azure identity', () => {
    const azure = (namespace: string, identity: string, type = 'AzureCredentials') =>
      object(
        'BackendSecurityPolicy',
        { type, azureCredentials: { tenantID: 't', clientID: 'c', clientSecretRef: { name: 's' } } },
        { namespace, annotations: { 'aigateway.envoyproxy.io/azure-identity': identity } },
      );

    it('warns where its namespace may not have that of the controller, and refuses nothing', () => {
      const { allowed, warnings = [] } = validate(azure('default', 'ambient'));
      expect(allowed).toBe(true);
      expect(warnings).toEqual([
        "metadata.annotations[aigateway.envoyproxy.io/azure-identity]: policies of namespace default may not use the controller's Azure identity: remove it, or name the namespace in chart value controller.azureAmbientNamespaces (flag -azureAmbientNamespaces)",
      ]);
      expect(warnings[0]!.length).toBeLessThanOrEqual(256);
    });

    it('warns of a value that nobody knows', () => {
      expect(validate(azure('trusted', 'keyless'))).toEqual({
        allowed: true,
        warnings: [expect.stringContaining('"keyless" is unknown: expected "ambient", or no such annotation')],
      });
    });

    it('says nothing where the namespace may, all may, or the policy is of another type', () => {
      expect(validate(azure('trusted', 'ambient'))).toEqual({ allowed: true, warnings: [] });
      const request = { uid: 'u', operation: 'CREATE', object: azure('default', 'ambient') };
      const settings = { azureAmbientNamespaces: ['*'] };
      expect(validateObject(request, snapshotOf([]), settings)).toEqual({ allowed: true, warnings: [] });
      const { warnings = [] } = validate(azure('default', 'ambient', 'APIKey'));
      expect(warnings.join()).not.toContain('identity');
    });
  });

  it('says nothing about faults of other objects', () => {
    const other = { ...route('input_tokens +'), metadata: { name: 'other', namespace: 'default' } };
    expect(validate(route('1u'), undefined, [GATEWAY, other])).toEqual({ allowed: true, warnings: [] });
  });

  it('only warns about what was wrong before an update, and refuses what is new', () => {
    const before = route('input_tokens +');
    const { allowed, warnings } = validate(route('input_tokens +', {}, { labels: { a: 'b' } }), before);
    expect(allowed).toBe(true);
    expect(warnings).toHaveLength(1);
    expect(validate(route('input_tokens -'), before).allowed).toBe(false);
    expect(validate(route('1u'), before)).toEqual({ allowed: true, warnings: [] });
  });

  it('lets everything pass that is being deleted, is no object, or is of another kind', () => {
    expect(validate(route('broken +', {}, { deletionTimestamp: '2026-01-01T00:00:00Z' }))).toEqual({ allowed: true });
    expect(validateObject({ uid: 'u', operation: 'DELETE' }, snapshotOf([]), SETTINGS)).toEqual({ allowed: true });
    expect(validate(object('MCPRoute', {}))).toEqual({ allowed: true, warnings: [] });
  });
});
