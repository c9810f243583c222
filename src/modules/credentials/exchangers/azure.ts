import { open } from 'node:fs/promises';
import { Redacted } from '../../../shared/secret.js';
import { ExchangeError, type ExchangedToken } from '../exchange.js';
import type { Call } from './bounded-call.js';
import type { ExchangeContext } from './exchange-context.js';
import { expiresAt, expiresIn } from './expiry.js';
import { ENTRA_WORDS, MANAGED_IDENTITY_WORDS } from './oauth-words.js';
import { callJson, type JsonObject, malformed, tokenOf } from './provider-answer.js';

/** Of every Azure policy. @see spec controller.md section 13 */
const RESOURCE = 'https://cognitiveservices.azure.com';
const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const TOKEN_FILE_BYTES_MAX = 64 * 1024;
const STEP = 'azure-token';

/** An application of Microsoft Entra, by its IDs. */
export interface AzureApplication {
  readonly tenantId: string;
  readonly clientId: string;
}

export type AzureProof =
  | { readonly kind: 'secret'; readonly value: Redacted<string> }
  /** A JWT that a federated identity credential of the application trusts. */
  | { readonly kind: 'assertion'; readonly value: Redacted<string> };

/**
 * Client credentials of the v2.0 endpoint. `AZURE_AUTHORITY_HOST` replaces the public cloud, as in Microsoft's SDKs.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
 */
export async function fetchEntraToken(
  application: AzureApplication,
  proof: AzureProof,
  context: ExchangeContext,
  signal: AbortSignal,
): Promise<ExchangedToken> {
  const proofForm =
    proof.kind === 'secret'
      ? { client_secret: proof.value.reveal() }
      : { client_assertion_type: JWT_BEARER, client_assertion: proof.value.reveal() };
  const call: Call = {
    step: STEP,
    provider: 'Microsoft Entra',
    method: 'POST',
    url: tokenUrl(application.tenantId, context),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: application.clientId,
      scope: `${RESOURCE}/.default`,
      ...proofForm,
    }).toString(),
    secrets: [proof.value],
  };
  const { members } = await callJson(context.send.azure, call, ENTRA_WORDS, context.now, signal);
  return exchanged(call, members, () => expiresIn(members['expires_in'], call, context.now()));
}

/**
 * The identity of the controller itself: that of its service account (Azure workload identity webhook) where its token file
 * is given, else the managed identity of App Service or Container Apps, else that of the virtual machine.
 */
export async function fetchAmbientToken(
  request: AzureApplication,
  context: ExchangeContext,
  signal: AbortSignal,
): Promise<ExchangedToken> {
  const { environment } = context;
  const tokenFile = environment['AZURE_FEDERATED_TOKEN_FILE'];
  if (tokenFile) {
    const application = {
      tenantId: request.tenantId || (environment['AZURE_TENANT_ID'] ?? ''),
      clientId: request.clientId || (environment['AZURE_CLIENT_ID'] ?? ''),
    };
    return await fetchEntraToken(
      application,
      { kind: 'assertion', value: await readTokenFile(tokenFile) },
      context,
      signal,
    );
  }
  const call = managedIdentityCall(request.clientId, context);
  const { members, answer } = await callJson(context.send.direct, call, MANAGED_IDENTITY_WORDS, context.now, signal);
  // App Service tells only the point in time.
  const end = () =>
    members['expires_in'] === undefined
      ? expiresAt(members['expires_on'], answer, call, context.now())
      : expiresIn(members['expires_in'], call, context.now());
  return exchanged(call, members, end);
}

function exchanged(call: Call, members: JsonObject, end: () => Date): ExchangedToken {
  const token = tokenOf(members['access_token']);
  if (!token) throw malformed(call, 'it holds no access_token');
  return { data: { azureAccessToken: new Redacted(token) }, expiresAt: end() };
}

function tokenUrl(tenantId: string, { environment }: ExchangeContext): URL {
  // The character set that Microsoft's SDKs accept: it cannot leave its place in the path.
  if (!/^[0-9A-Za-z.-]+$/.test(tenantId) || /^\.+$/.test(tenantId)) {
    throw misconfigured(
      'azureCredentials.tenantID is no tenant ID',
      'Set it to the directory (tenant) ID or its domain name.',
    );
  }
  const authority = environment['AZURE_AUTHORITY_HOST'] || 'https://login.microsoftonline.com';
  const url = URL.parse(`${authority.replace(/\/+$/, '')}/${tenantId}/oauth2/v2.0/token`);
  if (url) return url;
  throw misconfigured(
    'AZURE_AUTHORITY_HOST of the controller is no URL',
    'Set it to such as https://login.microsoftonline.us.',
  );
}

/**
 * @see https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
 * @see https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
 */
function managedIdentityCall(clientId: string, { environment }: ExchangeContext): Call {
  const endpoint = environment['IDENTITY_ENDPOINT'];
  const key = environment['IDENTITY_HEADER'];
  if (endpoint && (!key || environment['IDENTITY_SERVER_THUMBPRINT'])) {
    const hint = 'Use workload identity, a client secret or OIDC instead.';
    throw misconfigured('managed identities of Azure Arc and Service Fabric are not supported', hint);
  }
  const metadata = environment['AZURE_POD_IDENTITY_AUTHORITY_HOST'] || 'http://169.254.169.254';
  const url = URL.parse(endpoint ?? `${metadata.replace(/\/+$/, '')}/metadata/identity/oauth2/token`);
  if (!url) {
    const name = endpoint ? 'IDENTITY_ENDPOINT' : 'AZURE_POD_IDENTITY_AUTHORITY_HOST';
    throw misconfigured(`${name} of the controller is no URL`, 'Correct it or take it out.');
  }
  url.searchParams.set('api-version', endpoint ? '2019-08-01' : '2018-02-01');
  url.searchParams.set('resource', RESOURCE);
  if (clientId) url.searchParams.set('client_id', clientId);
  return {
    step: STEP,
    provider: endpoint ? 'the managed identity endpoint' : 'the Azure instance metadata service',
    method: 'GET',
    url,
    headers: endpoint && key ? { 'x-identity-header': key } : { metadata: 'true' },
    secrets: key ? [new Redacted(key)] : [],
  };
}

/** Read for each exchange: the kubelet renews it. */
async function readTokenFile(path: string): Promise<Redacted<string>> {
  const unusable = (why: string) =>
    misconfigured(
      `the file of AZURE_FEDERATED_TOKEN_FILE ${why}`,
      'Label pod and service account of the controller for Azure workload identity, or take the variable out.',
    );
  const file = await open(path).catch(() => undefined);
  if (!file) throw unusable('cannot be read');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(TOKEN_FILE_BYTES_MAX + 1));
    const token = tokenOf(buffer.toString('utf8', 0, bytesRead).trim());
    if (!token || bytesRead > TOKEN_FILE_BYTES_MAX) throw unusable('holds no token');
    return new Redacted(token);
  } catch (error) {
    throw error instanceof ExchangeError ? error : unusable('cannot be read');
  } finally {
    await file.close();
  }
}

const misconfigured = (why: string, hint: string) =>
  new ExchangeError(`cannot get a token of Azure: ${why}`, STEP, 'misconfigured', hint);
