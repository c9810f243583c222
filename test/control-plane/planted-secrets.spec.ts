import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ConditionedObject } from '../../src/shared/api/conditions.js';
import type { Secret } from '../../src/shared/api/gateway-api.js';
import type { KubeObject } from '../../src/shared/api/kube-object.js';
import { eventually } from '../harness/eventually.js';
import type { ControllerProcess } from '../harness/kube/controller-process.js';
import { commandLinesOf } from '../harness/command-lines.js';
import { PlantedSecrets } from '../harness/planted-secrets.js';
import { OidcProvider } from '../harness/token-servers/oidc-provider.js';
import { TokenWorld } from '../harness/token-servers/token-world.js';
import { withEnvironment } from '../harness/with-environment.js';
import { backendYaml, ControllerWorld, ENVOY_GATEWAY_NAMESPACE, gatewayYaml, routeYaml } from './controller-world.js';
import { inRealTime, policiesYaml, POLICIES } from './credential-world.js';

const API_KEY = 'PLANTED-api-key-of-openai';
const REFUSED_SECRET = 'PLANTED-secret-that-is-refused';
const PROXY_PASSWORD = 'PLANTED-password-of-a-proxy';
const SETTLED_MS = 60_000;
/** Kinds of which everything may be read by more people than Secrets. */
const READABLE = [
  ['aigateway.envoyproxy.io/v1beta1', 'BackendSecurityPolicy'],
  ['aigateway.envoyproxy.io/v1beta1', 'AIServiceBackend'],
  ['aigateway.envoyproxy.io/v1beta1', 'AIGatewayRoute'],
  ['gateway.networking.k8s.io/v1', 'HTTPRoute'],
  ['gateway.envoyproxy.io/v1alpha1', 'HTTPRouteFilter'],
  ['events.k8s.io/v1', 'Event'],
  ['v1', 'ConfigMap'],
  ['coordination.k8s.io/v1', 'Lease'],
] as const;

describe('secrets that were planted', () => {
  let world: ControllerWorld;
  let controller: ControllerProcess;
  const tokens = inRealTime(new TokenWorld());

  const planted = () =>
    new PlantedSecrets(
      [
        API_KEY,
        REFUSED_SECRET,
        PROXY_PASSWORD,
        ...tokens.serviceAccount().private_key.split('\n').slice(1, -2),
        ...tokens.servers.filter((server) => server instanceof OidcProvider).map(({ client }) => client.secret),
        ...tokens.servers.flatMap(({ issued }) => issued),
      ].map((value, i) => ({ name: `secret ${i}`, value })),
    );

  beforeAll(async () => {
    await tokens.start();
    world = await ControllerWorld.start();
    const proxied = { NO_PROXY: '127.0.0.1', HTTPS_PROXY: `http://proxy:${PROXY_PASSWORD}@127.0.0.1:1` };
    controller = await withEnvironment({ ...tokens.environment, ...proxied }, () =>
      world.controller('controller-0', '-logLevel=debug', '-azureAmbientNamespaces=default'),
    );
    await world.apply(gatewayYaml('edge'));
    await world.apply(backendYaml('openai', API_KEY));
    await world.apply(routeYaml('llm', ['edge'], '{ name: openai }'));
    await world.apply(policiesYaml(tokens));
    await world.apply(refusedYaml);
    await reached(
      'Rotated',
      'True',
      POLICIES.filter((name) => !name.startsWith('gcp-federated')),
    );
    // Google's addresses cannot be changed in a program, and its proxy cannot be reached: another way to fail.
    await reached('Rotated', 'False', ['refused', 'refused-by-issuer', 'gcp-federated']);
  }, 180_000);

  afterAll(async () => {
    await world?.stop();
    await tokens.close();
  }, 60_000);

  async function reached(type: string, status: string, names: readonly string[]): Promise<void> {
    for (const name of names)
      await world.cluster.api.eventually<ConditionedObject, boolean>(
        { apiVersion: 'aigateway.envoyproxy.io/v1beta1', kind: 'BackendSecurityPolicy', namespace: 'default', name },
        `${type} ${status}`,
        (object) => object?.status?.conditions?.some((one) => one.type === type && one.status === status),
        SETTLED_MS,
      );
  }

  it('are where they belong, so that the search would find them', async () => {
    const secrets = await world.cluster.api.list<Secret>({ apiVersion: 'v1', kind: 'Secret' });
    const search = planted();
    const names = secrets
      .filter((secret) => search.leaks('', [JSON.stringify(secret.data)]).length > 0)
      .map(({ metadata }) => metadata.name);
    expect(names).toEqual(
      expect.arrayContaining([
        'openai',
        'client',
        'account',
        ...POLICIES.filter((name) => !name.startsWith('gcp-federated')).map((name) => `ai-eg-bsp-${name}`),
      ]),
    );
  });

  it('are in no status, event or other object that is no Secret', async () => {
    const search = planted();
    for (const [apiVersion, kind] of READABLE) {
      const objects = await world.cluster.api.list<KubeObject>({ apiVersion, kind });
      const texts = objects.map((object) => JSON.stringify(object));
      expect(search.leaks(kind, texts)).toEqual([]);
    }
    const events = await world.cluster.api.list<KubeObject & { reason: string }>({
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
    });
    expect(new Set(events.map(({ reason }) => reason))).toEqual(
      new Set([...events.map(({ reason }) => reason), 'Rotated', 'RotationFailed']),
    );
  });

  it('are in no name, label or annotation of a Secret', async () => {
    const secrets = await world.cluster.api.list<Secret>({ apiVersion: 'v1', kind: 'Secret' });
    expect(
      planted().leaks(
        'metadata of Secrets',
        secrets.map(({ metadata }) => JSON.stringify(metadata)),
      ),
    ).toEqual([]);
    expect(
      secrets.some(
        ({ metadata }) => metadata.namespace === ENVOY_GATEWAY_NAMESPACE || metadata.name.startsWith('ai-eg-bsp-'),
      ),
    ).toBe(true);
  });

  it('are in no line of the log, though everything is logged', async () => {
    const { lines } = controller.process;
    expect(lines.some((line) => line.includes('cannot exchange a credential'))).toBe(true);
    expect(lines.some((line) => line.includes('exchanged a credential'))).toBe(true);
    expect(planted().leaks('log', lines)).toEqual([]);
  });

  it('are in no metric and no answer of a probe', async () => {
    const page = async (path: string) =>
      await (await fetch(`http://127.0.0.1:${controller.ports.health}${path}`)).text();
    const metrics = await eventually('the metrics of the policies', async () => {
      const text = await page('/metrics');
      return text.includes('aigateway_controller_credential_exchange_failures_total') && text;
    });
    expect(metrics).toMatch(/aigateway_controller_credential_time_to_expiry_seconds\{.*policy="azure-secret".*\} \d/);
    expect(planted().leaks('metrics', [metrics, await page('/readyz'), await page('/healthz')])).toEqual([]);
  });

  it('are in no command line of a process', () => {
    const lines = commandLinesOf(controller.process.pid);
    expect(lines.get(controller.process.pid)).toContain('controller');
    expect(planted().leaks('process arguments', lines.values())).toEqual([]);
  });
});

const refusedYaml = `
apiVersion: v1
kind: Secret
metadata: { name: refused, namespace: default }
data: { client-secret: ${Buffer.from(REFUSED_SECRET).toString('base64')} }
---
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: BackendSecurityPolicy
metadata: { name: refused, namespace: default }
spec: { type: AzureCredentials, azureCredentials: { tenantID: contoso.example, clientID: app-1, clientSecretRef: { name: refused } } }
---
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: BackendSecurityPolicy
metadata: { name: refused-by-issuer, namespace: default }
spec:
  type: AzureCredentials
  azureCredentials:
    tenantID: contoso.example
    clientID: app-1
    oidcExchangeToken: { oidc: { provider: { issuer: "http://127.0.0.1:1/nobody" }, clientID: c, clientSecret: { name: refused } } }
`;
