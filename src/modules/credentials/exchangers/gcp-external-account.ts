import { Redacted } from '../../../shared/secret.js';
import { ExchangeError } from '../exchange.js';
import type { Call } from './bounded-call.js';
import type { ExchangeContext } from './exchange-context.js';
import { expiresIn } from './expiry.js';
import { CLOUD_PLATFORM, type GoogleToken } from './google-token.js';
import { GOOGLE_WORDS } from './oauth-words.js';
import { type JsonObject, malformed, objectOf, refuseFailure, textOf, tokenOf } from './provider-answer.js';

const STEP = 'gcp-token';
/** What the file may point to: its subject token, which may be one of the controller, goes there. */
const GOOGLE_HOST = /^[a-z0-9.-]+\.googleapis\.com$/;
const ENDPOINT_MEMBERS = ['token_url', 'service_account_impersonation_url'] as const;

/**
 * Workload identity federation by a file: Google's library knows its many sources of subject tokens. Its HTTP is replaced by
 * ours, so that proxy, deadline, bounds and errors are those of every other call.
 *
 * A file that names another host than Google's, or a program to run, is refused: whoever may write a Secret could have the
 * controller's own tokens sent away, or run programs in it.
 *
 * @see https://cloud.google.com/docs/authentication/external/externally-sourced-credentials
 */
export async function fetchExternalAccountToken(
  credentials: JsonObject,
  context: ExchangeContext,
  signal: AbortSignal,
): Promise<GoogleToken> {
  refuseForeignEndpoints(credentials, context);
  const tokenUrl = URL.parse(textOf(credentials['token_url']) ?? '') ?? new URL(context.google.oauthToken);
  const described: Call = { step: STEP, provider: 'Google STS', method: 'POST', url: tokenUrl };
  let failure: ExchangeError | undefined;
  const fetchImplementation: typeof fetch = async (input, init) => {
    // The library tries again by itself; when to do so is ours to say.
    if (failure) throw failure;
    try {
      return await boundedFetch(input, init, context, signal);
    } catch (error) {
      if (error instanceof ExchangeError) failure = error;
      throw error;
    }
  };
  try {
    const { expiresInMs, token } = await askLibrary(credentials, fetchImplementation);
    const value = tokenOf(token);
    if (!value) throw malformed(described, 'it holds no access_token');
    const seconds = expiresInMs === undefined ? undefined : expiresInMs / 1000;
    return { value: new Redacted(value), expiresAt: expiresIn(seconds, described, context.now()) };
  } catch (error) {
    if (error instanceof ExchangeError) throw error;
    // Errors of the library hold requests and answers.
    throw failure ?? misconfigured('the external account in service_account.json cannot be used', FILE_HINT);
  }
}

const FILE_HINT =
  'Create the file with gcloud iam workload-identity-pools create-cred-config; what it reads must exist in the controller.';

async function askLibrary(credentials: JsonObject, fetchImplementation: typeof fetch) {
  // 15 MiB that only policies with such a file need.
  const { AwsClient, ExternalAccountAuthorizedUserClient, IdentityPoolClient, gaxios } =
    await import('google-auth-library');
  const transporter = new gaxios.Gaxios({ fetchImplementation });
  const options = { ...checkedMembers(credentials), transporter, scopes: [CLOUD_PLATFORM] };
  const isAws = objectOf(credentials['credential_source'])?.['environment_id'] !== undefined;
  const isUser = credentials['type'] === 'external_account_authorized_user';
  const client = isUser
    ? new ExternalAccountAuthorizedUserClient(options)
    : new (isAws ? AwsClient : IdentityPoolClient)(options);
  // The library does not hand the transporter on to the one call that needs it most.
  if ('stsCredential' in client) client['stsCredential']['transporter'] = transporter;
  const { token } = await client.getAccessToken();
  const end = client.credentials.expiry_date;
  return { token, expiresInMs: end ? end - Date.now() : undefined };
}

/**
 * Only what is known: the library also takes other spellings (`tokenUrl`) and builds hosts of `universe_domain`, both of which
 * would get around the check of endpoints.
 */
function checkedMembers(credentials: JsonObject) {
  const members = MEMBERS.flatMap((name) => (credentials[name] === undefined ? [] : [[name, credentials[name]]]));
  return JSON.parse(JSON.stringify(Object.fromEntries(members)));
}

const MEMBERS = [
  'type',
  'audience',
  'subject_token_type',
  'token_url',
  'service_account_impersonation_url',
  'service_account_impersonation',
  'credential_source',
  'client_id',
  'client_secret',
  'refresh_token',
  'workforce_pool_user_project',
] as const;

function refuseForeignEndpoints(credentials: JsonObject, context: ExchangeContext): void {
  const source = objectOf(credentials['credential_source']);
  if (source && ('executable' in source || 'certificate' in source)) {
    const hint = 'Use a file, a URL or AWS as credential_source.';
    throw misconfigured('service_account.json takes its subject token from a program or a certificate', hint);
  }
  const own = Object.values(context.google).map((endpoint: string) => new URL(endpoint).origin);
  for (const name of ENDPOINT_MEMBERS) {
    const value = credentials[name];
    if (value === undefined) continue;
    const url = URL.parse(textOf(value) ?? '');
    if (url && (own.includes(url.origin) || (url.protocol === 'https:' && GOOGLE_HOST.test(url.host)))) continue;
    throw misconfigured(`${name} in service_account.json is no https URL of googleapis.com`, FILE_HINT);
  }
}

/** What the library asks of fetch: text bodies, headers, status and text. Anything but a 2xx is an ExchangeError. */
async function boundedFetch(
  input: Parameters<typeof fetch>[0],
  init: RequestInit | undefined,
  context: ExchangeContext,
  signal: AbortSignal,
): Promise<Response> {
  const url = new URL(input instanceof Request ? input.url : input);
  const body = init?.body ?? undefined;
  const method = init?.method?.toUpperCase() ?? 'GET';
  if (method !== 'GET' && method !== 'POST' && method !== 'PUT') throw new Error('a method that no token service has');
  const text = body === undefined ? undefined : await new Response(body).text();
  const isGoogle = Object.values(context.google).some((endpoint: string) => new URL(endpoint).origin === url.origin);
  const call: Call = {
    step: url.pathname.endsWith(':generateAccessToken') ? 'gcp-iam' : STEP,
    provider: isGoogle || GOOGLE_HOST.test(url.host) ? 'Google' : 'the credential source of service_account.json',
    method,
    url,
    headers: Object.fromEntries(new Headers(init?.headers)),
    ...(text !== undefined && { body: text }),
    secrets: [...new URLSearchParams(text).values()].map((value) => new Redacted(value)),
  };
  const answer = await context.send.standard(call, signal);
  refuseFailure(call, answer, GOOGLE_WORDS, context.now());
  return new Response(answer.text, { status: answer.status, headers: { 'content-type': answer.contentType } });
}

const misconfigured = (why: string, hint: string) =>
  new ExchangeError(`cannot get a token of Google: ${why}`, STEP, 'misconfigured', hint);
