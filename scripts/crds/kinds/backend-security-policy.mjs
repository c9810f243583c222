// @see spec api.md section 5
import { INFERENCE_POOL, SERVICE_BACKEND, secretCredential, secretRef, status, targetRefs } from '../blocks.mjs';
import { donor } from '../donors.mjs';
import { conditionColumn, filled, flag, named, object, rules, text } from '../schema.mjs';

/** Credential members by type. */
const MEMBERS = {
  APIKey: 'apiKey',
  AWSCredentials: 'awsCredentials',
  AzureAPIKey: 'azureAPIKey',
  AzureCredentials: 'azureCredentials',
  GCPCredentials: 'gcpCredentials',
  AnthropicAPIKey: 'anthropicAPIKey',
};

/** S1 to S6 */
const onlyTheMemberOfTheType = Object.entries(MEMBERS).map(([type, member]) => {
  const others = Object.values(MEMBERS).filter((other) => other !== member);
  const absent = others.map((other) => `!has(self.${other})`).join(' && ');
  return [
    `self.type != '${type}' || (has(self.${member}) && ${absent})`,
    `when type is ${type}, ${member} must be set and no other credential member`,
  ];
});

const exchange = {
  'oidc*': donor(
    'OIDC',
    'OpenID Connect client whose token is exchanged for cloud credentials. The gateway reads provider.issuer, ' +
      'provider.tokenEndpoint, clientID, clientSecret and scopes.',
  ),
  grantType: text('Kind of grant. Absent: client_credentials.'),
  aud: text('Audience to ask for.'),
};

const aws = named(
  'AWSCredentials',
  object(
    'Signing of requests for AWS. Without credentialsFile and oidcExchangeToken the default chain of the AWS SDK is used.',
    {
      'region*': filled('AWS region.'),
      credentialsFile: object('A shared credentials file.', {
        'secretRef*': secretRef('Secret with the file under `credentials`.'),
        profile: text('Profile in the file.', { default: 'default' }),
      }),
      oidcExchangeToken: named(
        'AWSOIDCExchangeToken',
        object('Exchange of an OpenID Connect token for AWS credentials.', {
          ...exchange,
          'awsRoleArn*': filled('Role that is taken on.'),
        }),
      ),
    },
  ),
);

const azure = named(
  'AzureCredentials',
  object(
    'Access tokens of Microsoft Entra ID.',
    {
      'clientID*': filled('Id of the application.'),
      'tenantID*': filled('Id of the tenant.'),
      clientSecretRef: secretRef('Secret with the client secret under `client-secret`.'),
      oidcExchangeToken: named(
        'OIDCExchangeToken',
        object('Exchange of an OpenID Connect token for an Azure access token.', exchange),
      ),
    },
    // A1
    rules([
      'has(self.clientSecretRef) != has(self.oidcExchangeToken)',
      'exactly one of clientSecretRef and oidcExchangeToken must be set',
    ]),
  ),
);

const federation = named(
  'GCPWorkloadIdentityFederation',
  object('Exchange of an OpenID Connect token through workload identity federation.', {
    'projectID*': filled('Number of the project that holds the pool.'),
    'workloadIdentityPoolName*': filled('Name of the workload identity pool.'),
    'workloadIdentityProviderName*': filled('Name of the provider in the pool.'),
    'oidcExchangeToken*': named('OIDCExchangeToken', object('Where the OpenID Connect token comes from.', exchange)),
    serviceAccountImpersonation: object('Service account to act as.', {
      'serviceAccountName*': filled('Name of the service account: the part of its address before the @.'),
    }),
  }),
);

/** G1; v1beta1 adds the application default credentials. */
const GCP = {
  v1alpha1: {
    description: 'Access tokens of Google Cloud.',
    rule: [
      'has(self.credentialsFile) != has(self.workloadIdentityFederationConfig)',
      'exactly one of credentialsFile and workloadIdentityFederationConfig must be set',
    ],
  },
  v1beta1: {
    description:
      'Access tokens of Google Cloud. Without credentialsFile and workloadIdentityFederationConfig the application ' +
      'default credentials are used.',
    rule: [
      '!has(self.credentialsFile) || !has(self.workloadIdentityFederationConfig)',
      'at most one of credentialsFile and workloadIdentityFederationConfig may be set',
    ],
  },
};
const gcp = (version) =>
  named(
    'GCPCredentials',
    object(
      GCP[version].description,
      {
        'projectName*': filled('Name of the project.'),
        'region*': filled('Region of the project.'),
        credentialsFile: named(
          'GCPCredentialsFile',
          object('The key file of a service account.', {
            'secretRef*': secretRef('Secret with the file under `service_account.json`.'),
          }),
        ),
        workloadIdentityFederationConfig: federation,
      },
      rules(GCP[version].rule),
    ),
  );

const fallback = (source) =>
  flag(`Use the configured credential when the ${source} none. Otherwise such a request is refused with 401.`, {
    default: true,
  });

/** @see spec api.md section 5.2 */
const credentialOverride = named(
  'CredentialOverride',
  object(
    'Lets a request bring its own credential in place of the configured one. Exactly one source.',
    {
      fromRequestHeaders: object('The credential comes in request headers. They never reach the backend.', {
        header: text(
          'Name of the header; for AWSCredentials the common start of the names. Absent: a name that depends on the type.',
        ),
        fallbackToConfigured: fallback('request brings'),
      }),
      fromDynamicMetadata: object('The credential comes in dynamic metadata, set by an earlier filter.', {
        'namespace*': filled('Metadata namespace.'),
        key: text('Metadata key. Absent: a name that depends on the type.'),
        fallbackToConfigured: fallback('metadata has'),
      }),
    },
    { minProperties: 1, maxProperties: 1 },
  ),
);

export const backendSecurityPolicy = {
  kind: 'BackendSecurityPolicy',
  plural: 'backendsecuritypolicies',
  columns: [{ name: 'Type', type: 'string', jsonPath: '.spec.type' }, conditionColumn('Rotated', 'status')],
  labels: { 'gateway.networking.k8s.io/policy': 'direct' },
  versions: ['v1alpha1', 'v1beta1'],
  description: 'The credential that the gateway uses towards backends.',
  spec: (version) =>
    object(
      'The credential and the backends that it is for.',
      {
        'type*': text('Which credential member is set.', {
          enum: ['APIKey', 'AWSCredentials', 'AzureAPIKey', 'AzureCredentials', 'GCPCredentials', 'AnthropicAPIKey'],
        }),
        // S7
        targetRefs: targetRefs(
          'Backends of the same namespace that the credential is for.',
          `(${SERVICE_BACKEND}) || (${INFERENCE_POOL})`,
          'a target must be an AIServiceBackend of aigateway.envoyproxy.io or an InferencePool of inference.networking.k8s.io',
        ),
        apiKey: secretCredential('A key that is sent as `Authorization: Bearer <key>`.'),
        azureAPIKey: secretCredential('A key that is sent as `api-key: <key>`, as Azure OpenAI expects it.'),
        anthropicAPIKey: secretCredential('A key that is sent as `x-api-key: <key>`, as Anthropic expects it.'),
        awsCredentials: aws,
        azureCredentials: azure,
        gcpCredentials: gcp(version),
        ...(version === 'v1alpha1' ? {} : { credentialOverride }),
      },
      { maxProperties: version === 'v1alpha1' ? 3 : 4, ...rules(...onlyTheMemberOfTheType) },
    ),
  status,
};
