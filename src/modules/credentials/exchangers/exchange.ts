import { ExchangeError, type Exchange, type ExchangeRequest, type ExchangedToken } from '../exchange.js';
import { assumeRoleWithWebIdentity } from './aws-web-identity.js';
import { fetchAmbientToken, fetchEntraToken } from './azure.js';
import { CALL_TIMEOUT_MS, createSend } from './bounded-call.js';
import { GOOGLE_ENDPOINTS, type ExchangeContext, type GoogleEndpoints } from './exchange-context.js';
import { checkFederatedRequest, exchangeFederatedToken } from './gcp-federated.js';
import { fetchServiceAccountToken } from './gcp-service-account.js';
import { OidcDiscovery } from './oidc-discovery.js';
import { fetchOidcToken, type OidcContext } from './oidc-token.js';
import { proxyRules, type Environment } from './proxy-rules.js';

export interface ExchangeOptions {
  readonly now: () => Date;
  /** Of the process: proxies, and what the SDKs of AWS and Azure read. Read for each exchange but for the proxies. */
  readonly environment: Environment;
  readonly google?: GoogleEndpoints;
  /** Of each HTTP call. */
  readonly callTimeoutMs?: number;
}

/**
 * The HTTP calls of all kinds of exchanges, one file per cloud. Each call ends after 10 s; the whole exchange when its signal
 * does. Nothing is tried twice: when to do so is the caller's decision.
 *
 * @throws Error when a proxy variable of the environment is no URL
 */
export function createExchange(options: ExchangeOptions): Exchange {
  const { now, environment } = options;
  const rules = proxyRules(environment);
  const sender = (rule: keyof typeof rules) => createSend(rules[rule], options.callTimeoutMs ?? CALL_TIMEOUT_MS, now);
  const send = {
    aws: sender('aws'),
    azure: sender('azure'),
    gcp: sender('gcp'),
    standard: sender('standard'),
    direct: sender('direct'),
  };
  const context: ExchangeContext = { now, environment, google: options.google ?? GOOGLE_ENDPOINTS, send };
  const oidc: OidcContext = { send: send.standard, discovery: new OidcDiscovery(send.standard, now), now };
  return async (request, signal) => {
    try {
      return await exchange(request, context, oidc, signal);
    } catch (error) {
      if (error instanceof ExchangeError) throw error;
      // Not passed on: what an unforeseen error says may be what was being sent.
      throw new ExchangeError(
        `cannot exchange credentials (${request.kind}): an unforeseen failure`,
        FIRST_STEP[request.kind],
        'internal',
        'Report it with the kind of policy and the version of the gateway.',
      );
    }
  };
}

const FIRST_STEP = {
  'aws-web-identity': 'aws-sts',
  'azure-client-secret': 'azure-token',
  'azure-federated': 'azure-token',
  'azure-ambient': 'azure-token',
  'gcp-service-account': 'gcp-token',
  'gcp-federated': 'gcp-sts',
} as const satisfies Record<ExchangeRequest['kind'], ExchangeError['step']>;

async function exchange(
  request: ExchangeRequest,
  context: ExchangeContext,
  oidc: OidcContext,
  signal: AbortSignal,
): Promise<ExchangedToken> {
  switch (request.kind) {
    case 'aws-web-identity':
      return await assumeRoleWithWebIdentity(
        request,
        await fetchOidcToken(request.oidc, oidc, signal),
        context,
        signal,
      );
    case 'azure-client-secret':
      return await fetchEntraToken(request, { kind: 'secret', value: request.clientSecret }, context, signal);
    case 'azure-federated': {
      const assertion = await fetchOidcToken(request.oidc, oidc, signal);
      return await fetchEntraToken(request, { kind: 'assertion', value: assertion }, context, signal);
    }
    case 'azure-ambient':
      return await fetchAmbientToken(request, context, signal);
    case 'gcp-service-account':
      return await fetchServiceAccountToken(request, context, signal);
    case 'gcp-federated': {
      checkFederatedRequest(request);
      return await exchangeFederatedToken(request, await fetchOidcToken(request.oidc, oidc, signal), context, signal);
    }
  }
}
