import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TokenWorld } from '../harness/token-servers/token-world.js';
import { withEnvironment } from '../harness/with-environment.js';
import { ControllerWorld, gatewayYaml, routeYaml } from './controller-world.js';
import { inRealTime, policyRef, SETTLED_MS, tokenSecretRef } from './credential-world.js';

/** Renewed after 8 to 10 s. */
const LIFETIME_S = 12;

const backend = `
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: Backend
metadata: { name: azure, namespace: default }
spec: { endpoints: [{ fqdn: { hostname: azure.test, port: 443 } }] }
---
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: AIServiceBackend
metadata: { name: azure, namespace: default }
spec: { schema: { name: AzureOpenAI }, backendRef: { group: gateway.envoyproxy.io, kind: Backend, name: azure } }
---
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: BackendSecurityPolicy
metadata: { name: azure, namespace: default, annotations: { aigateway.envoyproxy.io/azure-identity: ambient } }
spec:
  type: AzureCredentials
  targetRefs: [{ group: aigateway.envoyproxy.io, kind: AIServiceBackend, name: azure }]
  azureCredentials: { tenantID: contoso.example, clientID: app-1, clientSecretRef: { name: ignored } }
`;

describe('the filter config of a Gateway, by a controller as a program', () => {
  let world: ControllerWorld;
  const tokens = inRealTime(new TokenWorld());
  const issued = () => tokens.managed.issued;

  beforeAll(async () => {
    await tokens.start();
    tokens.managed.lifetimeS = LIFETIME_S;
    world = await ControllerWorld.start();
    await withEnvironment(tokens.environment, () =>
      world.controller('controller-0', '-azureAmbientNamespaces=default'),
    );
    await world.apply(gatewayYaml('edge'));
    await world.apply(backend);
    await world.apply(routeYaml('llm', ['edge'], '{ name: azure }'));
  }, 120_000);

  afterAll(async () => {
    await world?.stop();
    await tokens.close();
  }, 60_000);

  it('gets each token as soon as it was exchanged, and keeps no former one', async () => {
    await world.configured('edge', 'the first token', (config) => config.includes(issued()[0]!));
    const renewed = await world.configured(
      'edge',
      'the next token',
      (config) => issued()[1] !== undefined && config.includes(issued()[1]!),
    );
    expect(renewed).not.toContain(issued()[0]);
  }, 60_000);

  it('keeps no token of a policy that is gone, nor does a Secret', async () => {
    await world.cluster.api.delete(policyRef('azure'));
    await world.cluster.api.isGone(tokenSecretRef('azure'), SETTLED_MS);
    const config = await world.configured(
      'edge',
      'no token',
      (text) => !issued().some((token) => text.includes(token)),
    );
    expect(config).not.toContain('PLANTED');
  }, 60_000);
});
