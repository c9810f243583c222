import { Redacted } from '../../../shared/secret.js';
import { ExchangeError, type OidcRequest } from '../exchange.js';
import type { Call, Send } from './bounded-call.js';
import { OAUTH_WORDS } from './oauth-words.js';
import { isDowngrade, type OidcDiscovery, type ProviderMetadata } from './oidc-discovery.js';
import { callJson, malformed, tokenOf } from './provider-answer.js';

export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const STEP = 'oidc-token';

export interface OidcContext {
  readonly send: Send;
  readonly discovery: OidcDiscovery;
  readonly now: () => Date;
}

/**
 * The access token of the client. With grant type token-exchange the client first gets a token of its own and then
 * exchanges it for one of the wanted audience and scopes (RFC 8693), which is how identity providers hand out tokens for
 * another audience. Its lifetime is not told: what it is exchanged for counts.
 *
 * @see spec controller.md section 13, "OIDC token"
 */
export async function fetchOidcToken(
  oidc: OidcRequest,
  context: OidcContext,
  signal: AbortSignal,
): Promise<Redacted<string>> {
  refuseGrantType(oidc);
  const { tokenUrl, metadata } = await tokenEndpoint(oidc, context, signal);
  const client = { oidc, tokenUrl, metadata, context, signal };
  try {
    if (oidc.grantType !== TOKEN_EXCHANGE) return await ask(client, wanted(oidc, { grant_type: 'client_credentials' }));
    const own = await ask(client, { grant_type: 'client_credentials' });
    const exchange = {
      grant_type: TOKEN_EXCHANGE,
      subject_token: own.reveal(),
      subject_token_type: ACCESS_TOKEN,
      requested_token_type: ACCESS_TOKEN,
    };
    return await ask(client, wanted(oidc, exchange), [own]);
  } catch (error) {
    // No word of a token endpoint: the provider may have moved it.
    if (metadata && error instanceof ExchangeError && !(error.code in OAUTH_WORDS.hints))
      context.discovery.forget(oidc.issuer);
    throw error;
  }
}

interface Client {
  readonly oidc: OidcRequest;
  readonly tokenUrl: URL;
  /** Undefined: the token endpoint is configured, nothing was discovered. */
  readonly metadata: ProviderMetadata | undefined;
  readonly context: OidcContext;
  readonly signal: AbortSignal;
}

type Form = Readonly<Record<string, string>>;

const wanted = (oidc: OidcRequest, form: Form): Form => ({
  ...form,
  ...(oidc.scopes.length > 0 && { scope: oidc.scopes.join(' ') }),
  ...(oidc.audience && { audience: oidc.audience }),
});

function refuseGrantType({ grantType }: OidcRequest): void {
  if (grantType === 'client_credentials' || grantType === TOKEN_EXCHANGE) return;
  throw new ExchangeError(
    'cannot get an OIDC token: oidcExchangeToken.grantType is none that a client ID and secret suffice for',
    STEP,
    'unsupported_grant_type',
    `Set it to client_credentials or ${TOKEN_EXCHANGE}, or leave it out.`,
  );
}

async function tokenEndpoint(oidc: OidcRequest, { discovery }: OidcContext, signal: AbortSignal) {
  if (oidc.tokenEndpoint) {
    const tokenUrl = URL.parse(oidc.tokenEndpoint);
    if (tokenUrl) return { tokenUrl, metadata: undefined };
    throw misconfigured(
      'oidc.provider.tokenEndpoint is no URL',
      'Set it to an https URL, or leave it out to have it discovered.',
    );
  }
  const metadata = await discovery.metadata(oidc.issuer, signal);
  const tokenUrl = URL.parse(metadata.tokenEndpoint ?? '');
  if (!tokenUrl) {
    throw misconfigured(
      'the discovery document of the issuer names no token endpoint',
      'Set oidc.provider.tokenEndpoint.',
    );
  }
  const issuer = URL.parse(oidc.issuer);
  if (issuer && isDowngrade(issuer, tokenUrl)) {
    throw misconfigured(
      'the issuer is https, its token endpoint is not',
      'Let the provider publish an https token endpoint.',
    );
  }
  return { tokenUrl, metadata };
}

const misconfigured = (why: string, hint: string) =>
  new ExchangeError(`cannot get an OIDC token: ${why}`, STEP, 'misconfigured', hint);

/** HTTP Basic, then parameters of the body, unless the provider said which it takes. @see RFC 6749 section 2.3.1 */
async function ask(client: Client, form: Form, secrets: readonly Redacted<string>[] = []): Promise<Redacted<string>> {
  const methods = client.metadata?.authMethods;
  const takesBasic = !methods || methods.includes('client_secret_basic');
  const takesPost = !methods || methods.includes('client_secret_post');
  if (!takesBasic && takesPost) return await post(client, form, 'body', secrets);
  try {
    return await post(client, form, 'basic', secrets);
  } catch (first) {
    if (!takesPost || !isAboutTheClient(first)) throw first;
    return await post(client, form, 'body', secrets).catch((second: unknown) => {
      // A provider that takes Basic alone refuses the second for a reason that would mislead.
      throw first.code === 'invalid_client' ? first : second;
    });
  }
}

/** Providers that do not look at the header miss the client: as 401, or as one of these. */
const isAboutTheClient = (error: unknown): error is ExchangeError =>
  error instanceof ExchangeError && ['invalid_client', 'invalid_request', 'http_400', 'http_401'].includes(error.code);

async function post(
  { oidc, tokenUrl, context, signal }: Client,
  form: Form,
  authentication: 'basic' | 'body',
  secrets: readonly Redacted<string>[],
): Promise<Redacted<string>> {
  const secret = oidc.clientSecret.reveal();
  const basic = Buffer.from(`${formEncoded(oidc.clientId)}:${formEncoded(secret)}`).toString('base64');
  const inBody = { client_id: oidc.clientId, client_secret: secret };
  const call: Call = {
    step: STEP,
    provider: 'the OpenID provider',
    method: 'POST',
    url: tokenUrl,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      ...(authentication === 'basic' && { authorization: `Basic ${basic}` }),
    },
    body: new URLSearchParams({ ...form, ...(authentication === 'body' && inBody) }).toString(),
    secrets: [oidc.clientSecret, ...secrets],
  };
  const { members } = await callJson(context.send, call, OAUTH_WORDS, context.now, signal);
  const token = tokenOf(members['access_token']);
  if (!token) throw malformed(call, 'it holds no access_token');
  return new Redacted(token);
}

/** As in a form body. @see RFC 6749 appendix B */
const formEncoded = (text: string) => new URLSearchParams([['', text]]).toString().slice(1);
