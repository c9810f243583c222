import type { BackendSecurityPolicy, SecretObjectReference } from '../../shared/api/ai-gateway.js';
import type { Fault } from '../../shared/api/fault.js';
import { kinds } from '../../shared/api/kinds.js';
import { objectKey } from '../../shared/api/kube-object.js';
import type { Snapshot } from '../../shared/api/snapshot.js';
import type { OIDCExchangeToken } from '../../gen/crd/kinds.js';
import { Redacted } from '../../shared/secret.js';
import { exchangedSecretName } from '../routing/resolve/child-names.js';
import type { FaultReason } from '../routing/resolve/fault-reasons.js';
import { error } from '../routing/resolve/faults.js';
import { resolveSecretValue } from '../routing/resolve/secret-value.js';
import { AMBIENT, AZURE_IDENTITY_ANNOTATION } from './annotations.js';
import { azureIdentityFault } from './azure-identity.js';
import type { ExchangeRequest, OidcRequest } from './exchange.js';
import { digestOf } from './policy/fingerprint.js';
import type { Gathered } from './policy/plan-rotation.js';

type Spec = NonNullable<BackendSecurityPolicy['spec']>;

/** Kubernetes' limit of an object name. */
const NAME_LENGTH_MAX = 253;
const SECRET_KEYS = { clientId: 'client-id', clientSecret: 'client-secret', gcpFile: 'service_account.json' } as const;
const DEFAULT_GRANT = 'client_credentials';

/**
 * Everything that the exchange of a policy needs, or what is missing for it. @see spec controller.md section 13
 *
 * @param azureAmbientNamespaces whose policies may use the controller's own Azure identity; `*` among them: all
 */
export function gatherExchange(
  world: Snapshot,
  policy: BackendSecurityPolicy,
  azureAmbientNamespaces: readonly string[],
): Gathered {
  const inputs = new Inputs(world, policy, azureAmbientNamespaces);
  const request = requestOf(inputs, policy);
  if (request === undefined) return { sort: 'nothing' };
  inputs.checkSecretName();
  if (inputs.faults.length > 0) return { sort: 'blocked', faults: inputs.faults };
  return { sort: 'ready', request, digest: digestOf(request) };
}

/** With placeholders where a fault was found. */
function requestOf(inputs: Inputs, { metadata, spec }: BackendSecurityPolicy): ExchangeRequest | undefined {
  switch (spec?.type) {
    case 'AWSCredentials':
      return awsRequest(inputs, metadata.name, spec);
    case 'AzureCredentials':
      return azureRequest(inputs, spec, metadata.annotations?.[AZURE_IDENTITY_ANNOTATION]);
    case 'GCPCredentials':
      return gcpRequest(inputs, spec);
    default:
      return undefined;
  }
}

/** A credentials file wins over an exchange. */
function awsRequest(inputs: Inputs, policy: string, { awsCredentials: aws }: Spec): ExchangeRequest | undefined {
  if (!aws?.oidcExchangeToken || aws.credentialsFile) return undefined;
  const path = 'spec.awsCredentials';
  return {
    kind: 'aws-web-identity',
    policy,
    region: inputs.text(`${path}.region`, aws.region),
    roleArn: inputs.text(`${path}.oidcExchangeToken.awsRoleArn`, aws.oidcExchangeToken.awsRoleArn),
    oidc: oidcRequest(inputs, `${path}.oidcExchangeToken`, aws.oidcExchangeToken),
  };
}

function azureRequest(
  inputs: Inputs,
  { azureCredentials: azure }: Spec,
  identity: string | undefined,
): ExchangeRequest | undefined {
  if (!azure) return undefined;
  const path = 'spec.azureCredentials';
  const tenantId = inputs.text(`${path}.tenantID`, azure.tenantID);
  const clientId = inputs.text(`${path}.clientID`, azure.clientID);
  inputs.checkAzureIdentity();
  if (identity === AMBIENT) return { kind: 'azure-ambient', tenantId, clientId };
  if (azure.oidcExchangeToken) {
    const oidc = oidcRequest(inputs, `${path}.oidcExchangeToken`, azure.oidcExchangeToken);
    return { kind: 'azure-federated', tenantId, clientId, oidc };
  }
  const clientSecret = inputs.secret(`${path}.clientSecretRef`, azure.clientSecretRef, SECRET_KEYS.clientSecret);
  return { kind: 'azure-client-secret', tenantId, clientId, clientSecret };
}

function gcpRequest(inputs: Inputs, { gcpCredentials: gcp }: Spec): ExchangeRequest | undefined {
  if (!gcp) return undefined;
  const path = 'spec.gcpCredentials';
  const place = () => ({
    projectName: inputs.text(`${path}.projectName`, gcp.projectName),
    region: inputs.text(`${path}.region`, gcp.region),
  });
  if (gcp.credentialsFile) {
    const at = `${path}.credentialsFile.secretRef`;
    const key = inputs.secret(at, gcp.credentialsFile.secretRef, SECRET_KEYS.gcpFile);
    return { kind: 'gcp-service-account', key, ...place() };
  }
  const federation = gcp.workloadIdentityFederationConfig;
  if (!federation) return undefined;
  const at = `${path}.workloadIdentityFederationConfig`;
  return {
    kind: 'gcp-federated',
    projectId: inputs.text(`${at}.projectID`, federation.projectID),
    poolName: inputs.text(`${at}.workloadIdentityPoolName`, federation.workloadIdentityPoolName),
    providerName: inputs.text(`${at}.workloadIdentityProviderName`, federation.workloadIdentityProviderName),
    ...place(),
    oidc: oidcRequest(inputs, `${at}.oidcExchangeToken`, federation.oidcExchangeToken),
    serviceAccountName: federation.serviceAccountImpersonation?.serviceAccountName,
  };
}

function oidcRequest(inputs: Inputs, path: string, { oidc, aud, grantType }: OIDCExchangeToken): OidcRequest {
  const at = `${path}.oidc`;
  return {
    issuer: inputs.text(`${at}.provider.issuer`, oidc.provider.issuer),
    tokenEndpoint: oidc.provider.tokenEndpoint || undefined,
    clientId: oidc.clientIDRef
      ? inputs.secret(`${at}.clientIDRef`, oidc.clientIDRef, SECRET_KEYS.clientId).reveal().trim()
      : inputs.text(`${at}.clientID`, oidc.clientID),
    clientSecret: inputs.secret(`${at}.clientSecret`, oidc.clientSecret, SECRET_KEYS.clientSecret),
    scopes: oidc.scopes ?? [],
    audience: aud || undefined,
    grantType: grantType || DEFAULT_GRANT,
  };
}

/** Reads what a policy names and collects what is wrong with it. */
class Inputs {
  readonly faults: Fault[] = [];
  readonly #world: Snapshot;
  readonly #policy: BackendSecurityPolicy;
  readonly #azureAmbientNamespaces: readonly string[];

  constructor(world: Snapshot, policy: BackendSecurityPolicy, azureAmbientNamespaces: readonly string[]) {
    this.#world = world;
    this.#policy = policy;
    this.#azureAmbientNamespaces = azureAmbientNamespaces;
  }

  fail(path: string, reason: FaultReason, message: string): void {
    this.faults.push(error(this.#policy, path, reason, message));
  }

  text(path: string, value: string | undefined): string {
    if (value) return value;
    this.fail(path, 'InvalidSpec', 'is empty: set it');
    return '';
  }

  secret(path: string, reference: SecretObjectReference | undefined, key: string): Redacted<string> {
    if (!reference) {
      this.fail(path, 'InvalidSpec', 'is missing: name a Secret');
      return new Redacted('');
    }
    const { value, faults } = resolveSecretValue(this.#world, this.#policy, reference, path, key);
    this.faults.push(...faults);
    // A file that was made into a Secret often ends with a line break, which no provider takes.
    return new Redacted((value?.reveal() ?? '').replace(/[\r\n]+$/, ''));
  }

  checkAzureIdentity(): void {
    const fault = azureIdentityFault(this.#policy, this.#azureAmbientNamespaces);
    if (fault) this.faults.push(fault);
  }

  checkSecretName(): void {
    const { namespace = '', name } = this.#policy.metadata;
    const secret = exchangedSecretName(name);
    if (secret.length > NAME_LENGTH_MAX)
      this.fail(
        'metadata.name',
        'InvalidSpec',
        `has ${name.length} characters: expected ${name.length - secret.length + NAME_LENGTH_MAX} at most, because Secret ${secret} keeps the token`,
      );
    const owner = this.#world
      .get(kinds.secret, namespace, secret)
      ?.metadata.ownerReferences?.find(({ controller }) => controller === true);
    if (owner && objectKey({ group: groupOfOwner(owner), kind: owner.kind }, namespace, owner.name) !== this.#key())
      this.fail(
        'metadata.name',
        'NameConflict',
        `Secret ${namespace}/${secret}, which keeps the token, belongs to ${owner.kind} ${owner.name}: delete it, or name the policy otherwise`,
      );
  }

  #key(): string {
    const { namespace = '', name } = this.#policy.metadata;
    return objectKey(kinds.backendSecurityPolicy, namespace, name);
  }
}

const groupOfOwner = ({ apiVersion }: { readonly apiVersion: string }): string => apiVersion.split('/')[0] ?? '';
