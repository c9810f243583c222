import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import type { Secret } from '../../src/shared/api/gateway-api.js';
import type { KubeObject } from '../../src/shared/api/kube-object.js';
import {
  CredentialWorld,
  POLICIES,
  policiesYaml,
  policyRef,
  SETTLED_MS,
  tokenSecretRef,
  type CredentialPlane,
} from './credential-world.js';

/** Renewed after 8 to 10 s. */
const SHORT_S = 12;
const LONG_S = 3_600;
const TEST_MS = 90_000;
/** Longer than a controller takes to do what it should not do. */
const QUIET_MS = 2_000;

const annotation = (secret: Secret, name: string) => Date.parse(secret.metadata.annotations?.[name] ?? '');
const expiryOf = (secret: Secret) => annotation(secret, 'rotators/expiration-time');
const issueOf = (secret: Secret) => annotation(secret, 'aigateway.envoyproxy.io/issued-at');

describe('rotation of credentials on a real API server', () => {
  let world: CredentialWorld;
  let plane: CredentialPlane;

  beforeAll(async () => {
    world = await CredentialWorld.start();
    world.lifetimeS = SHORT_S;
    plane = world.plane('first');
    await world.apply(policiesYaml(world.tokens));
  }, 120_000);

  afterAll(async () => {
    await world.stop();
  }, 60_000);

  const tokens = async () =>
    Object.fromEntries(
      await Promise.all(POLICIES.map(async (name) => [name, (await world.token(name)).text] as const)),
    );

  it.each(POLICIES)(
    'keeps a token of the provider in a Secret of %s',
    async (name) => {
      const { secret, text } = await world.token(name);
      const issued = world.tokens.servers.flatMap((server) => server.issued);
      expect(issued.some((one) => text.includes(one))).toBe(true);
      const policy = await world.kube.api.exists<KubeObject>(policyRef(name));
      expect(secret.metadata.labels).toMatchObject({ 'app.kubernetes.io/managed-by': 'envoy-ai-gateway' });
      expect(secret.metadata.ownerReferences).toEqual([
        expect.objectContaining({ kind: 'BackendSecurityPolicy', name, uid: policy.metadata.uid, controller: true }),
      ]);
      await world.condition(name, 'Accepted', ({ status }) => status === 'True');
      const { message } = await world.condition(name, 'Rotated', ({ status }) => status === 'True');
      expect(message).toMatch(/^The token serves until \S+Z\. It is renewed at \S+Z\.$/);
    },
    TEST_MS,
  );

  it(
    'renews the tokens of all kinds while the ones before still serve',
    async () => {
      await Promise.all(
        POLICIES.map(async (name) => {
          const before = await world.token(name);
          const { secret } = await world.token(name, before.text);
          expect(issueOf(secret)).toBeLessThan(expiryOf(before.secret));
          expect(expiryOf(secret)).toBeGreaterThan(expiryOf(before.secret));
        }),
      );
      const events = await world.kube.api.list<KubeObject & { reason: string; note: string }>(
        { apiVersion: 'events.k8s.io/v1', kind: 'Event' },
        { namespace: 'default' },
      );
      expect(events.filter(({ reason }) => reason === 'Rotated').length).toBeGreaterThanOrEqual(POLICIES.length);
    },
    TEST_MS,
  );

  it(
    'shows in the status why a renewal fails, while the token goes on and the others are renewed',
    async () => {
      world.tokens.entra.fault = { kind: 'status', status: 401 };
      const other = await world.token('gcp-file');
      const failed = await world.condition('azure-secret', 'Rotated', ({ reason }) => reason === 'RotationFailed');
      expect(failed.message).toMatch(
        /\(azure-token, code \S+\).*The next one is due at .*The token before serves until /,
      );
      await world.token('gcp-file', other.text);
      world.lifetimeS = LONG_S;
      world.tokens.entra.fault = undefined;
      await world.condition('azure-secret', 'Rotated', ({ status }) => status === 'True');
      const hourAwayMs = Date.now() + (LONG_S - 600) * 1_000;
      for (const name of POLICIES)
        await world.kube.api.eventually<Secret, boolean>(
          tokenSecretRef(name),
          'a token that lives long',
          (secret) => secret !== undefined && expiryOf(secret) > hourAwayMs,
          SETTLED_MS,
        );
    },
    TEST_MS,
  );

  it(
    'exchanges nothing when it is started anew and the tokens are good',
    async () => {
      const before = await tokens();
      await plane.stop();
      const calls = world.calls;
      plane = world.plane('second');
      await world.leads(plane);
      await delay(QUIET_MS);
      expect(world.calls).toBe(calls);
      expect(await tokens()).toEqual(before);
    },
    TEST_MS,
  );

  it(
    'exchanges nothing when another controller leads, which makes a deleted token anew',
    async () => {
      await plane.stop();
      const calls = world.calls;
      const former = world.plane('third', true);
      await world.leads(former);
      plane = world.plane('fourth', true);
      await former.stop();
      await world.leads(plane);
      await delay(QUIET_MS);
      expect(world.calls).toBe(calls);
      const { text } = await world.token('azure-secret');
      await world.kube.api.delete(tokenSecretRef('azure-secret'));
      await world.token('azure-secret', text);
    },
    TEST_MS,
  );

  it(
    'takes over a token that the reference got, without an exchange',
    async () => {
      const calls = world.tokens.managed.requests.length;
      await world.kube.api.create({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: {
          name: 'ai-eg-bsp-taken-over',
          namespace: 'default',
          annotations: {
            'rotators/expiration-time': new Date(Date.now() + 3_000_000).toISOString().replace(/\.\d+/, ''),
          },
        },
        data: { azureAccessToken: Buffer.from('PLANTED-token of the reference').toString('base64') },
      } as KubeObject);
      await world.apply(ambient('taken-over'));
      await world.condition('taken-over', 'Accepted', ({ status }) => status === 'True');
      await world.kube.api.eventually<Secret, boolean>(
        tokenSecretRef('taken-over'),
        'an owner',
        (secret) => secret?.metadata.ownerReferences?.[0]?.name === 'taken-over',
        SETTLED_MS,
      );
      expect((await world.token('taken-over')).text).toBe('PLANTED-token of the reference');
      expect(world.tokens.managed.requests.length).toBe(calls);
    },
    TEST_MS,
  );

  it(
    'deletes the token when the policy needs none any more, and when it is gone',
    async () => {
      await world.apply(ambient('short-lived'));
      await world.token('short-lived');
      await world.kube.api.delete(policyRef('short-lived'));
      await world.kube.api.isGone(tokenSecretRef('short-lived'), SETTLED_MS);

      await world.kube.api.patch(policyRef('aws-oidc'), { spec: { awsCredentials: { oidcExchangeToken: null } } });
      await world.kube.api.isGone(tokenSecretRef('aws-oidc'), SETTLED_MS);
      const { observedGeneration } = await world.condition(
        'aws-oidc',
        'Accepted',
        ({ status, observedGeneration = 0 }) => status === 'True' && observedGeneration > 1,
      );
      expect(observedGeneration).toBe(2);
    },
    TEST_MS,
  );

  it(
    'revokes the token when the grant for its inputs is taken away',
    async () => {
      await world.kube.api.ensureNamespace('keys');
      const client = await world.kube.api.exists<Secret>({
        apiVersion: 'v1',
        kind: 'Secret',
        namespace: 'default',
        name: 'client',
      });
      await world.kube.api.apply({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'client', namespace: 'keys' },
        data: client.data,
      } as KubeObject);
      await world.apply(GRANT);
      await world.apply(fromOtherNamespace);
      await world.token('granted');
      await world.kube.api.delete({
        apiVersion: 'gateway.networking.k8s.io/v1beta1',
        kind: 'ReferenceGrant',
        namespace: 'keys',
        name: 'policies',
      });
      await world.kube.api.isGone(tokenSecretRef('granted'), SETTLED_MS);
      const { reason } = await world.condition('granted', 'ResolvedRefs', ({ status }) => status === 'False');
      expect(reason).toBe('RefNotPermitted');
    },
    TEST_MS,
  );
});

const ambient = (name: string) => `
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: BackendSecurityPolicy
metadata: { name: ${name}, namespace: default, annotations: { aigateway.envoyproxy.io/azure-identity: ambient } }
spec: { type: AzureCredentials, azureCredentials: { tenantID: contoso.example, clientID: app-1, clientSecretRef: { name: ignored } } }
`;

const fromOtherNamespace = `
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: BackendSecurityPolicy
metadata: { name: granted, namespace: default }
spec: { type: AzureCredentials, azureCredentials: { tenantID: contoso.example, clientID: app-1, clientSecretRef: { name: client, namespace: keys } } }
`;

const GRANT = `
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: { name: policies, namespace: keys }
spec:
  from: [{ group: aigateway.envoyproxy.io, kind: BackendSecurityPolicy, namespace: default }]
  to: [{ group: "", kind: Secret, name: client }]
`;
