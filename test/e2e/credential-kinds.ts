import type { BackendSecurityPolicySpec } from '../../src/gen/crd/kinds.js';
import type { BackendSecurityPolicy } from '../../src/shared/api/ai-gateway.js';
import type { Secret } from '../../src/shared/api/gateway-api.js';
import type { RecordedRequest } from '../harness/test-upstream.js';
import type { TokenWorld } from '../harness/token-servers/token-world.js';

/** What a provider knows a caller by, in a form that changes when the credential is rotated. */
type Shown = (request: RecordedRequest) => string | undefined;

export interface CredentialKind {
  /** Also of its model, backend, policy and Secret. */
  readonly name: string;
  readonly policy: BackendSecurityPolicySpec;
  readonly shown: Shown;
}

/** A kind whose credential somebody writes into a Secret. */
export interface StaticKind extends CredentialKind {
  /** Its content with the credential of that number. */
  readonly content: (number: number) => Readonly<Record<string, string>>;
}

const header =
  (name: string): Shown =>
  ({ headers }) =>
    headers[name];
const bearer = header('authorization');
/** The id is all that a signature shows of the key: `Credential=<id>/<scope>`. */
const accessKeyId: Shown = ({ headers }) => /Credential=([^/]+)\//.exec(headers['authorization'] ?? '')?.[1];

/** All kinds whose credential is got by an exchange. The policies name the Secrets of {@link exchangeSecrets}. */
export function exchangedKinds({ oidc: { issuer } }: TokenWorld): readonly CredentialKind[] {
  const client = { clientIDRef: { name: 'client' }, clientSecret: { name: 'client' } };
  const oidcExchangeToken = { oidc: { provider: { issuer }, ...client } };
  const azure = { tenantID: 'contoso.example', clientID: 'app-1' };
  const google = { projectName: 'my-project', region: 'us-central1' };
  const pool = { projectID: '123', workloadIdentityPoolName: 'pool', workloadIdentityProviderName: 'provider' };
  const kind = (name: string, policy: BackendSecurityPolicySpec, shown = bearer): CredentialKind => ({
    name,
    policy,
    shown,
  });
  return [
    kind(
      'aws-oidc',
      {
        type: 'AWSCredentials',
        awsCredentials: {
          region: 'us-west-2',
          oidcExchangeToken: { ...oidcExchangeToken, awsRoleArn: 'arn:aws:iam::123456789012:role/gateway' },
        },
      },
      header('x-amz-security-token'),
    ),
    kind('azure-secret', {
      type: 'AzureCredentials',
      azureCredentials: { ...azure, clientSecretRef: { name: 'client' } },
    }),
    kind('azure-oidc', { type: 'AzureCredentials', azureCredentials: { ...azure, oidcExchangeToken } }),
    kind('gcp-file', {
      type: 'GCPCredentials',
      gcpCredentials: { ...google, credentialsFile: { secretRef: { name: 'account' } } },
    }),
    kind('gcp-federated', {
      type: 'GCPCredentials',
      gcpCredentials: { ...google, workloadIdentityFederationConfig: { ...pool, oidcExchangeToken } },
    }),
    kind('gcp-impersonated', {
      type: 'GCPCredentials',
      gcpCredentials: {
        ...google,
        workloadIdentityFederationConfig: {
          ...pool,
          serviceAccountImpersonation: { serviceAccountName: 'rotator' },
          oidcExchangeToken,
        },
      },
    }),
  ];
}

/** All kinds whose credential is used as somebody wrote it. */
export const staticKinds: readonly StaticKind[] = [
  keyKind('api-key', (secretRef) => ({ type: 'APIKey', apiKey: { secretRef } }), bearer),
  keyKind(
    'anthropic-key',
    (secretRef) => ({ type: 'AnthropicAPIKey', anthropicAPIKey: { secretRef } }),
    header('x-api-key'),
  ),
  keyKind('azure-key', (secretRef) => ({ type: 'AzureAPIKey', azureAPIKey: { secretRef } }), header('api-key')),
  {
    name: 'aws-file',
    policy: {
      type: 'AWSCredentials',
      awsCredentials: { region: 'us-west-2', credentialsFile: { secretRef: { name: 'aws-file' } } },
    },
    shown: accessKeyId,
    content: (number) => ({
      credentials: `[default]\naws_access_key_id = AKID${number}\naws_secret_access_key = PLANTED-aws-key-${number}\n`,
    }),
  },
];

function keyKind(
  name: string,
  policy: (secretRef: { readonly name: string }) => BackendSecurityPolicySpec,
  shown: Shown,
): StaticKind {
  return { name, policy: policy({ name }), shown, content: (number) => ({ apiKey: `PLANTED-${name}-${number}` }) };
}

export const secretOf = (name: string, stringData: Readonly<Record<string, string>>): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { namespace: 'default', name },
  stringData,
});

/** What the exchanges begin with: the client of the OpenID provider and of Entra, and the key of a service account. */
export const exchangeSecrets = (tokens: TokenWorld): readonly Secret[] => [
  secretOf('client', { 'client-id': tokens.oidc.client.id, 'client-secret': tokens.oidc.client.secret }),
  secretOf('account', { 'service_account.json': tokens.serviceAccountKey().reveal() }),
];

/** For the AIServiceBackend of the same name. */
export const policyOf = ({ name, policy }: CredentialKind): BackendSecurityPolicy => ({
  apiVersion: 'aigateway.envoyproxy.io/v1beta1',
  kind: 'BackendSecurityPolicy',
  metadata: { namespace: 'default', name },
  spec: { ...policy, targetRefs: [{ group: 'aigateway.envoyproxy.io', kind: 'AIServiceBackend', name }] },
});
