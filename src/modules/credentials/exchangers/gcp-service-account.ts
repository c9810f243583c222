import { createPrivateKey, sign } from 'node:crypto';
import { Redacted } from '../../../shared/secret.js';
import { ExchangeError, type ExchangedToken, type ExchangeRequest } from '../exchange.js';
import type { Call } from './bounded-call.js';
import type { ExchangeContext } from './exchange-context.js';
import { expiresIn } from './expiry.js';
import { fetchExternalAccountToken } from './gcp-external-account.js';
import { CLOUD_PLATFORM, impersonate, type GoogleToken } from './google-token.js';
import { GOOGLE_WORDS } from './oauth-words.js';
import { callJson, type JsonObject, malformed, objectOf, parseJsonObject, textOf, tokenOf } from './provider-answer.js';

export type ServiceAccountRequest = Extract<ExchangeRequest, { kind: 'gcp-service-account' }>;

const STEP = 'gcp-token';
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const ASSERTION_LIFETIME_S = 3600;
/** A clock that is a little ahead would otherwise issue assertions from the future. */
const ASSERTION_BACKDATE_S = 10;

/**
 * An access token for Google credentials in JSON: service_account, authorized_user, impersonated_service_account (of either),
 * external_account and external_account_authorized_user.
 *
 * @see spec controller.md section 13, row "GCP file"
 */
export async function fetchServiceAccountToken(
  request: ServiceAccountRequest,
  context: ExchangeContext,
  signal: AbortSignal,
): Promise<ExchangedToken> {
  const missing = request.projectName === '' ? 'projectName' : request.region === '' ? 'region' : undefined;
  if (missing) throw misconfigured(`gcpCredentials.${missing} is empty`, 'Fill it in.');
  const credentials = parseJsonObject(request.key.reveal());
  if (!credentials) {
    throw misconfigured(
      'the value of service_account.json is no JSON object',
      'Store the key file as Google issued it.',
    );
  }
  const token = await fetchToken(credentials, context, signal);
  return { data: { gcpAccessToken: token.value }, expiresAt: token.expiresAt };
}

async function fetchToken(
  credentials: JsonObject,
  context: ExchangeContext,
  signal: AbortSignal,
): Promise<GoogleToken> {
  switch (credentials['type']) {
    case 'service_account':
      return await grantJwt(credentials, context, signal);
    case 'authorized_user':
      return await refresh(credentials, context, signal);
    case 'impersonated_service_account':
      return await fetchImpersonated(credentials, context, signal);
    case 'external_account':
    case 'external_account_authorized_user':
      return await fetchExternalAccountToken(credentials, context, signal);
    default:
      throw misconfigured(
        'the type in service_account.json is not one of service_account, authorized_user, impersonated_service_account, ' +
          'external_account, external_account_authorized_user',
        'Store the key file as Google issued it.',
      );
  }
}

/** @see https://developers.google.com/identity/protocols/oauth2/service-account#httprest */
async function grantJwt(credentials: JsonObject, context: ExchangeContext, signal: AbortSignal): Promise<GoogleToken> {
  const issuer = member(credentials, 'client_email');
  const tokenUri = textOf(credentials['token_uri']) ?? context.google.oauthToken;
  const url = URL.parse(tokenUri);
  if (!url)
    throw misconfigured('token_uri in service_account.json is no URL', 'Store the key file as Google issued it.');
  const issuedAt = Math.floor(context.now().getTime() / 1000) - ASSERTION_BACKDATE_S;
  const claims = {
    iss: issuer,
    scope: CLOUD_PLATFORM,
    aud: tokenUri,
    iat: issuedAt,
    exp: issuedAt + ASSERTION_LIFETIME_S,
  };
  const kid = textOf(credentials['private_key_id']);
  const key = new Redacted(member(credentials, 'private_key'));
  const assertion = signRs256({ alg: 'RS256', typ: 'JWT', ...(kid && { kid }) }, claims, key);
  const form = { grant_type: JWT_BEARER, assertion: assertion.reveal() };
  return await grant(url, form, [assertion, key], context, signal);
}

/** @see https://developers.google.com/identity/protocols/oauth2/web-server#offline */
async function refresh(credentials: JsonObject, context: ExchangeContext, signal: AbortSignal): Promise<GoogleToken> {
  const clientSecret = new Redacted(member(credentials, 'client_secret'));
  const refreshToken = new Redacted(member(credentials, 'refresh_token'));
  const form = {
    grant_type: 'refresh_token',
    client_id: member(credentials, 'client_id'),
    client_secret: clientSecret.reveal(),
    refresh_token: refreshToken.reveal(),
  };
  return await grant(new URL(context.google.oauthToken), form, [clientSecret, refreshToken], context, signal);
}

/** The target is taken from the URL in the file; the call goes to Google whatever host stands there. */
async function fetchImpersonated(
  credentials: JsonObject,
  context: ExchangeContext,
  signal: AbortSignal,
): Promise<GoogleToken> {
  const target = /\/serviceAccounts\/([^/?#]{1,256}):generateAccessToken$/;
  const email = target.exec(member(credentials, 'service_account_impersonation_url'))?.[1];
  const source = objectOf(credentials['source_credentials']);
  if (!email || !source || source['type'] === 'impersonated_service_account') {
    throw misconfigured(
      'service_account.json impersonates, but its service_account_impersonation_url or source_credentials cannot be used',
      'Create the file with gcloud auth application-default login --impersonate-service-account.',
    );
  }
  const delegates = credentials['delegates'];
  const { value } = await fetchToken(source, context, signal);
  return await impersonate(
    { email, delegates: Array.isArray(delegates) ? delegates.filter((name) => typeof name === 'string') : [] },
    value,
    { send: context.send.standard, context, signal },
  );
}

async function grant(
  url: URL,
  form: Readonly<Record<string, string>>,
  secrets: readonly Redacted<string>[],
  context: ExchangeContext,
  signal: AbortSignal,
): Promise<GoogleToken> {
  const call: Call = {
    step: STEP,
    provider: 'the Google token endpoint',
    method: 'POST',
    url,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
    secrets,
  };
  const { members } = await callJson(context.send.standard, call, GOOGLE_WORDS, context.now, signal);
  const token = tokenOf(members['access_token']);
  if (!token) throw malformed(call, 'it holds no access_token');
  return { value: new Redacted(token), expiresAt: expiresIn(members['expires_in'], call, context.now()) };
}

/** @see RFC 7515 section 7.1 */
function signRs256(header: object, claims: object, privateKey: Redacted<string>): Redacted<string> {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part(header)}.${part(claims)}`;
  try {
    const key = createPrivateKey(privateKey.reveal());
    if (key.asymmetricKeyType === 'rsa') {
      return new Redacted(`${signed}.${sign('RSA-SHA256', Buffer.from(signed), key).toString('base64url')}`);
    }
  } catch {
    // What the crypto library says of a key stays out of errors.
  }
  throw misconfigured(
    'private_key in service_account.json is no RSA key in PEM',
    'Store the key file as Google issued it.',
  );
}

function member(credentials: JsonObject, name: string): string {
  const value = textOf(credentials[name]);
  if (value) return value;
  throw misconfigured(`service_account.json has no ${name}`, 'Store the key file as Google issued it.');
}

const misconfigured = (why: string, hint: string) =>
  new ExchangeError(`cannot get a token of Google: ${why}`, STEP, 'misconfigured', hint);
