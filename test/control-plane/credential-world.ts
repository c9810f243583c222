import { pino } from 'pino';
import { Writable } from 'node:stream';
import { parseAllDocuments } from 'yaml';
import { secretInterest } from '../../src/app/controller/secret-interest.js';
import { CredentialMetrics } from '../../src/modules/credentials/credential-metrics.js';
import { createExchange } from '../../src/modules/credentials/exchangers/exchange.js';
import { PolicyController } from '../../src/modules/credentials/policy-controller.js';
import { CredentialRotator } from '../../src/modules/credentials/rotator.js';
import { SYSTEM_TIMING } from '../../src/modules/crd/timing.js';
import { AffectedRoots } from '../../src/modules/routing/controllers/affected-roots.js';
import { routingControllers } from '../../src/modules/routing/controllers/routing-controllers.js';
import { parseControllerSettings } from '../../src/platform/config/controller-settings.js';
import { MetricsRegistry } from '../../src/platform/metrics/metrics-registry.js';
import type { Condition, ConditionedObject } from '../../src/shared/api/conditions.js';
import type { Secret } from '../../src/shared/api/gateway-api.js';
import type { KubeObject } from '../../src/shared/api/kube-object.js';
import { secretText } from '../../src/shared/api/secret-text.js';
import { eventually } from '../harness/eventually.js';
import type { ObjectRef } from '../harness/kube/api.js';
import { installCrds } from '../harness/kube/install-crds.js';
import { KubeCluster } from '../harness/kube/kube-cluster.js';
import { recordLine } from '../harness/recording.js';
import { TEST_OPTIONS } from '../harness/routing-options.js';
import { TokenWorld } from '../harness/token-servers/token-world.js';
import { startCluster } from './seam-world.js';

/** A busy machine takes its time. */
export const SETTLED_MS = 30_000;

const TOKEN_KEYS = ['azureAccessToken', 'gcpAccessToken', 'credentials'] as const;
/** The policies of {@link policiesYaml}. */
export const POLICIES = [
  'aws-oidc',
  'azure-secret',
  'azure-oidc',
  'azure-ambient',
  'gcp-file',
  'gcp-federated',
  'gcp-federated-directly',
];

export const policyRef = (name: string): ObjectRef => ({
  apiVersion: 'aigateway.envoyproxy.io/v1beta1',
  kind: 'BackendSecurityPolicy',
  namespace: 'default',
  name,
});
export const tokenSecretRef = (policy: string): ObjectRef => ({
  apiVersion: 'v1',
  kind: 'Secret',
  namespace: 'default',
  name: `ai-eg-bsp-${policy}`,
});

/** One controller of the cluster seam with its own rotator, in this process. */
export interface CredentialPlane {
  readonly logs: readonly string[];
  readonly isLeader: () => boolean;
  stop(): Promise<void>;
}

/** A real API server, providers of tokens on loopback in real time, and controllers between them. */
export class CredentialWorld {
  readonly #planes: CredentialPlane[] = [];

  private constructor(
    readonly kube: KubeCluster,
    readonly tokens: TokenWorld,
  ) {}

  static async start(): Promise<CredentialWorld> {
    const kube = await KubeCluster.start();
    await installCrds(kube.api);
    const tokens = await inRealTime(new TokenWorld()).start();
    return new CredentialWorld(kube, tokens);
  }

  plane(identity: string, elects = false): CredentialPlane {
    const logs: string[] = [];
    const lines = new Writable({
      write: (chunk, _, done) => {
        logs.push(String(chunk));
        recordLine(String(chunk));
        done();
      },
    });
    const logger = pino({ level: 'debug' }, lines);
    const metrics = new CredentialMetrics(new MetricsRegistry(), () => Date.now());
    const parts = { metrics, timing: SYSTEM_TIMING };
    const rotator = new CredentialRotator({ ...parts, logger, exchange: createExchange(this.tokens.options()) });
    const affected = new AffectedRoots();
    const policies = new PolicyController({ ...parts, affected, rotator, azureAmbientNamespaces: ['default'] });
    const { cluster } = startCluster(this.kube, identity, {
      elects,
      parts: {
        controllers: [...routingControllers(TEST_OPTIONS, affected), policies],
        secrets: secretInterest(parseControllerSettings([], { POD_NAMESPACE: 'default' })),
        logger,
      },
    });
    const plane = {
      logs,
      isLeader: () => cluster.isLeader,
      stop: async () => {
        this.#planes.splice(this.#planes.indexOf(plane), 1);
        await cluster.stop();
        rotator.stop();
      },
    };
    this.#planes.push(plane);
    return plane;
  }

  async apply(yaml: string): Promise<void> {
    for (const document of parseAllDocuments(yaml)) await this.kube.api.apply(document.toJS() as KubeObject);
  }

  async condition(policy: string, type: string, matches: (condition: Condition) => boolean): Promise<Condition> {
    return await this.kube.api.eventually<ConditionedObject, Condition>(
      policyRef(policy),
      `condition ${type}`,
      (object) => object?.status?.conditions?.find((one) => one.type === type && matches(one)),
      SETTLED_MS,
    );
  }

  /** The Secret of a policy once its token is another one. */
  async token(policy: string, other?: string): Promise<{ readonly secret: Secret; readonly text: string }> {
    return await this.kube.api.eventually<Secret, { secret: Secret; text: string }>(
      tokenSecretRef(policy),
      'a new token',
      (secret) => {
        const text = TOKEN_KEYS.map((key) => secret && secretText(secret, key)).find(Boolean);
        return secret && text !== undefined && text !== other && { secret, text };
      },
      SETTLED_MS,
    );
  }

  /** How long tokens live that are issued from now on; those of the OpenID provider, which nobody keeps, an hour. */
  set lifetimeS(seconds: number) {
    for (const server of [this.tokens.sts, this.tokens.entra, this.tokens.managed, this.tokens.google])
      server.lifetimeS = seconds;
  }

  /** Calls of providers so far. */
  get calls(): number {
    return this.tokens.servers.reduce((sum, { requests }) => sum + requests.length, 0);
  }

  async leads(plane: CredentialPlane): Promise<void> {
    await eventually('the controller to lead', () => plane.isLeader(), SETTLED_MS);
  }

  async stop(): Promise<void> {
    while (this.#planes[0]) await this.#planes[0].stop();
    await this.tokens.close();
    await this.kube.stop();
  }
}

/** The clock of the test world stands still; here time goes by. */
export const inRealTime = (tokens: TokenWorld): TokenWorld =>
  Object.defineProperty(tokens, 'now', { get: () => new Date() });

/** A policy of each kind whose credential is exchanged, with the Secrets that it names. */
export function policiesYaml(tokens: TokenWorld): string {
  const { client, issuer } = tokens.oidc;
  const oidc = `oidc: { provider: { issuer: "${issuer}" }, clientIDRef: { name: client }, clientSecret: { name: client } }`;
  const data = (entries: Readonly<Record<string, string>>) =>
    JSON.stringify(
      Object.fromEntries(Object.entries(entries).map(([key, text]) => [key, Buffer.from(text).toString('base64')])),
    );
  const policy = (name: string, spec: string, annotations = '{}') => `
---
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: BackendSecurityPolicy
metadata: { name: ${name}, namespace: default, annotations: ${annotations} }
spec: ${spec}`;
  const azure = (more: string) =>
    `{ type: AzureCredentials, azureCredentials: { tenantID: contoso.example, clientID: app-1, ${more} } }`;
  const gcp = (more: string) =>
    `{ type: GCPCredentials, gcpCredentials: { projectName: my-project, region: us-central1, ${more} } }`;
  const federated = (impersonation: string) =>
    gcp(
      `workloadIdentityFederationConfig: { projectID: "123", workloadIdentityPoolName: pool, workloadIdentityProviderName: provider, ${impersonation} oidcExchangeToken: { ${oidc} } }`,
    );
  return `
apiVersion: v1
kind: Secret
metadata: { name: client, namespace: default }
data: ${data({ 'client-id': client.id, 'client-secret': client.secret })}
---
apiVersion: v1
kind: Secret
metadata: { name: account, namespace: default }
data: ${data({ 'service_account.json': tokens.serviceAccountKey().reveal() })}
${policy('aws-oidc', `{ type: AWSCredentials, awsCredentials: { region: us-west-2, oidcExchangeToken: { awsRoleArn: "arn:aws:iam::123456789012:role/gateway", ${oidc} } } }`)}
${policy('azure-secret', azure('clientSecretRef: { name: client }'))}
${policy('azure-oidc', azure(`oidcExchangeToken: { ${oidc} }`))}
${policy('azure-ambient', azure('clientSecretRef: { name: ignored }'), '{ aigateway.envoyproxy.io/azure-identity: ambient }')}
${policy('gcp-file', gcp('credentialsFile: { secretRef: { name: account } }'))}
${policy('gcp-federated', federated('serviceAccountImpersonation: { serviceAccountName: rotator },'))}
${policy('gcp-federated-directly', federated(''))}
`;
}
