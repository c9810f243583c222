import { Redacted } from '../../../shared/secret.js';
import { ExchangeError, type ExchangedToken, type ExchangeRequest } from '../exchange.js';
import type { Call } from './bounded-call.js';
import type { ExchangeContext } from './exchange-context.js';
import { expiresIn } from './expiry.js';
import { impersonate, type GoogleToken } from './google-token.js';
import { GOOGLE_WORDS } from './oauth-words.js';
import { callJson, malformed, tokenOf } from './provider-answer.js';

export type FederatedRequest = Extract<ExchangeRequest, { kind: 'gcp-federated' }>;

const STEP = 'gcp-sts';

/** Before anything is called. @see spec controller.md section 13, "GCP checks before" */
export function checkFederatedRequest(request: FederatedRequest): void {
  const needed = {
    projectName: request.projectName,
    region: request.region,
    'workloadIdentityFederationConfig.projectID': request.projectId,
    'workloadIdentityFederationConfig.workloadIdentityPoolName': request.poolName,
    'workloadIdentityFederationConfig.workloadIdentityProviderName': request.providerName,
  };
  const missing = Object.entries(needed).find(([, value]) => value === '')?.[0];
  if (!missing) return;
  const message = `cannot call Google STS: gcpCredentials.${missing} is empty`;
  throw new ExchangeError(message, STEP, 'misconfigured', 'Fill it in.');
}

/** Workload identity federation, with impersonation of a service account where one is named. */
export async function exchangeFederatedToken(
  request: FederatedRequest,
  token: Redacted<string>,
  context: ExchangeContext,
  signal: AbortSignal,
): Promise<ExchangedToken> {
  const federated = await exchangeAtSts(request, token, context, signal);
  const email = `${request.serviceAccountName}@${request.projectName}.iam.gserviceaccount.com`;
  const final =
    request.serviceAccountName === undefined
      ? federated
      : await impersonate({ email }, federated.value, { send: context.send.gcp, context, signal });
  return {
    data: {
      gcpAccessToken: final.value,
      projectName: new Redacted(request.projectName),
      region: new Redacted(request.region),
    },
    expiresAt: final.expiresAt,
  };
}

/** @see https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token */
async function exchangeAtSts(
  request: FederatedRequest,
  token: Redacted<string>,
  context: ExchangeContext,
  signal: AbortSignal,
): Promise<GoogleToken> {
  const call: Call = {
    step: STEP,
    provider: 'Google STS',
    method: 'POST',
    url: new URL(`${context.google.sts}/v1/token`),
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      grantType: 'urn:ietf:params:oauth:grant-type:token-exchange',
      audience:
        `//iam.googleapis.com/projects/${request.projectId}/locations/global/` +
        `workloadIdentityPools/${request.poolName}/providers/${request.providerName}`,
      scope: 'https://www.googleapis.com/auth/iam',
      requestedTokenType: 'urn:ietf:params:oauth:token-type:access_token',
      subjectToken: token.reveal(),
      subjectTokenType: 'urn:ietf:params:oauth:token-type:jwt',
    }),
    secrets: [token],
  };
  const { members } = await callJson(context.send.gcp, call, GOOGLE_WORDS, context.now, signal);
  const value = tokenOf(members['access_token']);
  if (!value) throw malformed(call, 'it holds no access_token');
  return { value: new Redacted(value), expiresAt: expiresIn(members['expires_in'], call, context.now()) };
}
