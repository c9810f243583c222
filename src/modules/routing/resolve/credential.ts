import type { BackendSecurityPolicy, CredentialType, SecretCredential } from '../../../shared/api/ai-gateway.js';
import type { Secret } from '../../../shared/api/gateway-api.js';
import { kinds } from '../../../shared/api/kinds.js';
import { secretText } from '../../../shared/api/secret-text.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import type { AuthConfig } from '../../../shared/filter-config/filter-config.js';
import { Redacted } from '../../../shared/secret.js';
import { isAWSRegion, usableCredential } from '../../../shared/usable-credential.js';
import { resolveCredentialsFile } from './aws-credentials-file.js';
import { credentialOverride } from './credential-override.js';
import { error, type Resolved } from './faults.js';
import { exchangedSecretName } from './child-names.js';
import { resolveSecretValue } from './secret-value.js';

type Spec = NonNullable<BackendSecurityPolicy['spec']>;
type ResolveAuth = (world: Snapshot, policy: BackendSecurityPolicy, spec: Spec) => Resolved<AuthConfig>;

/** The credential material of a policy, as the filter config carries it. @see spec controller.md section 9.2 */
export function resolveCredential(world: Snapshot, policy: BackendSecurityPolicy): Resolved<AuthConfig> {
  const { spec } = policy;
  const resolveAuth = spec && Object.hasOwn(BY_TYPE, spec.type) ? BY_TYPE[spec.type] : undefined;
  if (!spec || !resolveAuth) {
    return invalid(
      policy,
      'spec.type',
      `type "${spec?.type ?? ''}" is unknown: expected one of ${Object.keys(BY_TYPE).join(', ')}`,
    );
  }
  const auth = resolveAuth(world, policy, spec);
  if (!auth.value) return auth;
  const override = credentialOverride(spec);
  if (!override) return auth;
  if (override.fallbackToConfigured && auth.value.gcp?.accessToken.reveal() === '') {
    return invalid(
      policy,
      'spec.credentialOverride',
      'fallbackToConfigured needs a static credential, and Application Default Credentials are none: ' +
        'set fallbackToConfigured to false, or add credentialsFile or workloadIdentityFederationConfig',
    );
  }
  return { value: { ...auth.value, credentialOverride: override }, faults: auth.faults };
}

const BY_TYPE: Record<CredentialType, ResolveAuth> = {
  APIKey: (world, policy, spec) => keyOfSecret(world, policy, spec.apiKey, 'apiKey', (key) => ({ apiKey: { key } })),
  AzureAPIKey: (world, policy, spec) =>
    keyOfSecret(world, policy, spec.azureAPIKey, 'azureAPIKey', (key) => ({ azureAPIKey: { key } })),
  AnthropicAPIKey: (world, policy, spec) =>
    keyOfSecret(world, policy, spec.anthropicAPIKey, 'anthropicAPIKey', (key) => ({ anthropicAPIKey: { key } })),
  AWSCredentials: resolveAws,
  AzureCredentials: (world, policy, spec) =>
    spec.azureCredentials
      ? mapped(
          exchangedToken(
            world,
            policy,
            'spec.azureCredentials',
            'azureAccessToken',
            'Type AzureAPIKey needs no exchange',
          ),
          (accessToken) => ({
            azure: { accessToken },
          }),
        )
      : missingMember(policy, 'azureCredentials'),
  GCPCredentials: resolveGcp,
};

/** A credentials file wins over an exchange; with neither the data plane takes the default chain of the AWS SDK. */
function resolveAws(
  world: Snapshot,
  policy: BackendSecurityPolicy,
  { awsCredentials: aws }: Spec,
): Resolved<AuthConfig> {
  if (!aws) return missingMember(policy, 'awsCredentials');
  const { region } = aws;
  if (region && !isAWSRegion(region)) {
    const message = `${JSON.stringify(region.slice(0, REGION_SHOWN_MAX))} is no region: expected small letters, digits and dashes, such as us-east-1`;
    return invalid(policy, 'spec.awsCredentials.region', message);
  }
  const toAuth = (credentialFileLiteral: Redacted<string>) => ({ aws: { credentialFileLiteral, region } });
  if (aws.credentialsFile) {
    const { secretRef, profile } = aws.credentialsFile;
    const path = 'spec.awsCredentials.credentialsFile';
    const file = resolveSecretValue(world, policy, secretRef, `${path}.secretRef`, 'credentials');
    return file.value === undefined
      ? { faults: file.faults }
      : mapped(resolveCredentialsFile(policy, file.value, profile, path), toAuth);
  }
  if (!aws.oidcExchangeToken) return { value: { aws: { region } }, faults: [] };
  const path = 'spec.awsCredentials.oidcExchangeToken';
  const instead =
    'credentialsFile needs no exchange, nor does the default chain of the AWS SDK, which is taken without both';
  return mapped(exchangedToken(world, policy, path, 'credentials', instead), toAuth);
}

const REGION_SHOWN_MAX = 64;

/** Without file and federation the data plane uses Application Default Credentials: an empty token says so. */
function resolveGcp(
  world: Snapshot,
  policy: BackendSecurityPolicy,
  { gcpCredentials: gcp }: Spec,
): Resolved<AuthConfig> {
  if (!gcp) return missingMember(policy, 'gcpCredentials');
  const { region, projectName } = gcp;
  const toAuth = (accessToken: Redacted<string>) => ({ gcp: { accessToken, region, projectName } });
  if (!gcp.credentialsFile && !gcp.workloadIdentityFederationConfig)
    return { value: toAuth(new Redacted('')), faults: [] };
  const member = gcp.credentialsFile ? 'credentialsFile' : 'workloadIdentityFederationConfig';
  const instead = `Without ${member}, Application Default Credentials are taken, such as a file that GOOGLE_APPLICATION_CREDENTIALS names`;
  return mapped(exchangedToken(world, policy, `spec.gcpCredentials.${member}`, 'gcpAccessToken', instead), toAuth);
}

function keyOfSecret(
  world: Snapshot,
  policy: BackendSecurityPolicy,
  credential: SecretCredential | undefined,
  member: string,
  toAuth: (key: Redacted<string>) => AuthConfig,
): Resolved<AuthConfig> {
  if (!credential) return missingMember(policy, member);
  const path = `spec.${member}.secretRef`;
  const { secretRef } = credential;
  const key = resolveSecretValue(world, policy, secretRef, path, 'apiKey');
  if (key.value !== undefined && usableCredential(key.value.reveal()) === undefined) {
    const secret = `Secret ${secretRef.namespace || (policy.metadata.namespace ?? '')}/${secretRef.name}`;
    const message = `key "apiKey" of ${secret} holds a line break or another control character between its other characters, which no header can carry: store the API key alone`;
    return { faults: [error(policy, path, 'InvalidSecret', message)] };
  }
  return mapped(key, toAuth);
}

/** A token that somebody exchanged for the policy and keeps fresh in Secret `ai-eg-bsp-<policy>`. */
function exchangedToken(
  world: Snapshot,
  policy: BackendSecurityPolicy,
  path: string,
  key: string,
  instead: string,
): Resolved<Redacted<string>> {
  const { name, namespace = '' } = policy.metadata;
  const secretName = exchangedSecretName(name);
  const secret = world.get<Secret>(kinds.secret, namespace, secretName);
  const token = secret && secretText(secret, key);
  if (token?.trim()) return { value: new Redacted(token), faults: [] };
  const message =
    `there is no token for this credential: condition Rotated of the policy says why, where a controller exchanges it; ` +
    `without a cluster keep a token in key "${key}" of Secret ${namespace}/${secretName}. ${instead}`;
  return { faults: [error(policy, path, 'TokenNotExchanged', message)] };
}

const mapped = <T, U>({ value, faults }: Resolved<T>, map: (value: T) => U): Resolved<U> =>
  value === undefined ? { faults } : { value: map(value), faults };

const missingMember = (policy: BackendSecurityPolicy, member: string) =>
  invalid(policy, `spec.${member}`, `type ${policy.spec?.type ?? ''} needs the member "${member}"`);

const invalid = (policy: BackendSecurityPolicy, path: string, message: string) => ({
  faults: [error(policy, path, 'InvalidSpec', message)],
});
