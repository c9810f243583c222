import { describe, expect, it } from '@jest/globals';
import type { BackendSecurityPolicy } from '../../shared/api/ai-gateway.js';
import type { KubeObject } from '../../shared/api/kube-object.js';
import { snapshotOf } from '../../shared/api/snapshot.js';
import { ResolveContext } from '../routing/resolve/context.js';
import { admitObject, validateObject } from './validate-object.js';

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

  describe('of an object with cost arithmetic', () => {
    const arithmetic = (word: string) => ({ annotations: { 'aigateway.envoyproxy.io/cost-arithmetic': word } });
    const gatewayConfig = (cel: string, metadata: object) =>
      object('GatewayConfig', { globalLLMRequestCosts: [{ metadataKey: 'k', type: 'CEL', cel }] }, metadata);

    it('compiles its expressions as it says', () => {
      const mixed = 'input_tokens * 2';
      for (const made of [route(mixed, {}, arithmetic('promote')), gatewayConfig(mixed, arithmetic('promote'))]) {
        expect(validate(made)).toEqual({ allowed: true, warnings: [] });
      }
      for (const made of [route(mixed), route(mixed, {}, arithmetic('strict')), gatewayConfig(mixed, {})]) {
        const message = validate(made).denial?.message;
        expect(message).toContain('write literals for token counters as 2u or convert with int(), uint() or double()');
        expect(message).toContain('annotation aigateway.envoyproxy.io/cost-arithmetic: promote');
      }
      expect(validate(route('model * 2', {}, arithmetic('promote'))).allowed).toBe(false);
    });

    it('refuses to take the annotation away from an expression that needs it', () => {
      const before = route('input_tokens * 2', {}, arithmetic('promote'));
      expect(validate(route('input_tokens * 2'), before).denial?.code).toBe(422);
    });

    it('warns of a word that nobody knows, and refuses nothing for it', () => {
      for (const made of [route('1u', {}, arithmetic('Promote')), gatewayConfig('1u', arithmetic('Promote'))]) {
        const warning =
          'metadata.annotations[aigateway.envoyproxy.io/cost-arithmetic]: "Promote" is unknown and read as strict: expected one of strict, promote';
        expect(validate(made)).toEqual({ allowed: true, warnings: [warning] });
      }
    });
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
    expect(new ResolveContext(snapshotOf([policy])).policy(policy).faults.map(({ reason }) => reason)).toEqual([
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

describe('admitObject', () => {
  const policy = object('BackendSecurityPolicy', { type: 'APIKey', apiKey: { secretRef: { name: 's' } } });
  const secret: KubeObject & { data: object } = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's', namespace: 'default' },
    data: { apiKey: Buffer.from('PLANTED-key').toString('base64') },
  };
  const admit = async (read: (namespace: string, name: string) => Promise<KubeObject | undefined>) =>
    await admitObject({ uid: 'u', operation: 'CREATE', object: policy }, snapshotOf([]), SETTINGS, read);

  it('asks for a Secret that nobody has named before, and does not call it missing', async () => {
    const read: string[] = [];
    const verdict = await admit(async (namespace, name) => {
      read.push(`${namespace}/${name}`);
      return secret;
    });
    expect(verdict).toEqual({ allowed: true, warnings: [] });
    expect(read).toEqual(['default/s']);
  });

  it('warns of what is wrong with the Secret', async () => {
    const { warnings } = await admit(async () => ({ ...secret, data: {} }));
    expect(warnings).toEqual([expect.stringContaining('has no key "apiKey": add it')]);
  });

  it.each([
    ['is not there', async () => undefined],
    ['cannot be read', () => Promise.reject(new Error('busy'))],
  ])('warns of a Secret that %s', async (_, read) => {
    const { allowed, warnings } = await admit(read);
    expect(allowed).toBe(true);
    expect(warnings).toEqual([expect.stringContaining('Secret default/s does not exist')]);
  });

  it('asks for nothing when all is known', async () => {
    const read = () => Promise.reject(new Error('nobody should ask'));
    const request = { uid: 'u', operation: 'CREATE', object: route('1u') };
    expect(await admitObject(request, snapshotOf([GATEWAY]), SETTINGS, read)).toEqual({ allowed: true, warnings: [] });
  });
});
