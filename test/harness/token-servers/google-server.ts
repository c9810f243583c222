import type { KeyObject } from 'node:crypto';
import { type Claims, verifyJwt } from './jwt.js';
import { json, type TokenAnswer, type TokenRequest, TokenServer, type TokenServerOptions } from './token-server.js';

export interface GoogleIdentities {
  /** The claims of a token that the workload identity provider trusts; by default none. */
  readonly trusted?: (token: string) => Claims | undefined;
  /** Of the workload identity provider. */
  readonly audience?: string;
  /** Keys of service accounts by e-mail address. */
  readonly serviceAccounts?: Readonly<Record<string, KeyObject>>;
  /** Of an authorized user. */
  readonly refreshToken?: string;
}

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
/** How far a clock may be ahead. */
const SKEW_MAX_S = 300;

/** Google: STS (`/v1/token`), IAM Credentials (`:generateAccessToken`) and OAuth (`/token`). */
export class GoogleServer extends TokenServer {
  constructor(
    readonly identities: GoogleIdentities,
    options: TokenServerOptions = {},
  ) {
    super(options);
  }

  get endpoints() {
    return { sts: this.origin, iamCredentials: this.origin, oauthToken: `${this.origin}/token` };
  }

  protected override answer(request: TokenRequest): TokenAnswer {
    if (request.method !== 'POST') return { status: 404, contentType: 'text/html', body: 'no such page' };
    if (request.url.pathname === '/v1/token') return this.#exchange(request);
    if (request.url.pathname === '/token') return this.#grant(request.form);
    const account = /^\/v1\/projects\/-\/serviceAccounts\/([^/]+):generateAccessToken$/.exec(request.url.pathname)?.[1];
    return account ? this.#impersonate(account, request) : status(404, 'NOT_FOUND');
  }

  protected override refusal(code: number, { url }: TokenRequest): TokenAnswer {
    if (url.pathname.startsWith('/v1/projects/')) {
      const words: Readonly<Record<number, string>> = {
        400: 'INVALID_ARGUMENT',
        401: 'UNAUTHENTICATED',
        403: 'PERMISSION_DENIED',
        429: 'RESOURCE_EXHAUSTED',
      };
      return status(code, words[code] ?? 'INTERNAL');
    }
    if (code >= 429) return { status: code, contentType: 'text/html', body: 'PLANTED-page' };
    const words: Readonly<Record<number, string>> = {
      400: 'invalid_grant',
      401: 'invalid_client',
      403: 'unauthorized_client',
    };
    return oauth(code, words[code] ?? 'invalid_request');
  }

  /** Forms and JSON, as Google takes both. @see RFC 8693 */
  #exchange({ headers, body, form }: TokenRequest): TokenAnswer {
    if (headers.authorization) return oauth(400, 'invalid_client');
    const isJson = headers['content-type']?.startsWith('application/json') ?? false;
    const members: Claims = isJson ? JSON.parse(body) : {};
    const member = (camel: string, snake: string) => (isJson ? members[camel] : form.get(snake));
    if (member('grantType', 'grant_type') !== TOKEN_EXCHANGE) return oauth(400, 'unsupported_grant_type');
    if (member('audience', 'audience') !== this.identities.audience) return oauth(400, 'invalid_target');
    if (!String(member('subjectTokenType', 'subject_token_type')).endsWith(':jwt'))
      return oauth(400, 'invalid_request');
    if (!this.identities.trusted?.(String(member('subjectToken', 'subject_token')))) return oauth(400, 'invalid_grant');
    return json(200, {
      access_token: this.issue('federated'),
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: this.lifetimeS,
    });
  }

  #grant(form: URLSearchParams): TokenAnswer {
    switch (form.get('grant_type')) {
      case JWT_BEARER:
        if (!this.#isAccepted(form.get('assertion') ?? '')) return oauth(400, 'invalid_grant');
        break;
      case 'refresh_token':
        if (form.get('refresh_token') !== this.identities.refreshToken) return oauth(400, 'invalid_grant');
        break;
      default:
        return oauth(400, 'unsupported_grant_type');
    }
    return json(200, { access_token: this.issue('ya29'), expires_in: this.lifetimeS, token_type: 'Bearer' });
  }

  #isAccepted(assertion: string): boolean {
    return Object.entries(this.identities.serviceAccounts ?? {}).some(([email, key]) => {
      const claims = verifyJwt(assertion, key)?.claims;
      if (claims?.['iss'] !== email || !this.#isTokenEndpoint(claims['aud']) || !claims['scope']) return false;
      const now = this.now().getTime() / 1000;
      const issuedAt = Number(claims['iat']);
      const expires = Number(claims['exp']);
      return issuedAt <= now + SKEW_MAX_S && expires > now && expires - issuedAt <= 3600;
    });
  }

  /** Clients that know one token endpoint only name that one. */
  #isTokenEndpoint(audience: unknown): boolean {
    return audience === this.endpoints.oauthToken || audience === 'https://oauth2.googleapis.com/token';
  }

  #impersonate(account: string, { headers, body }: TokenRequest): TokenAnswer {
    const token = /^Bearer (\S+)$/.exec(headers.authorization ?? '')?.[1];
    if (!token || !this.issued.includes(token)) return status(401, 'UNAUTHENTICATED');
    if (!/^[a-z0-9-]+@[a-z0-9.-]+\.iam\.gserviceaccount\.com$/.test(account)) return status(404, 'NOT_FOUND');
    const asked: Claims = JSON.parse(body);
    if (!Array.isArray(asked['scope']) || !/^\d+s$/.test(String(asked['lifetime'])))
      return status(400, 'INVALID_ARGUMENT');
    return json(200, {
      accessToken: this.issue('impersonated'),
      expireTime: this.end().toISOString().replace(/\.\d+/, ''),
    });
  }
}

const oauth = (code: number, error: string): TokenAnswer =>
  json(code, { error, error_description: 'PLANTED-description' });

/** @see https://google.aip.dev/193 */
const status = (code: number, word: string): TokenAnswer =>
  json(code, { error: { code, message: 'PLANTED-message', status: word, details: [] } });
