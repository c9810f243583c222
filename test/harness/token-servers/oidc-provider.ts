import { plantRandom } from '../recording.js';
import { type Claims, newSigningKey, type SigningKey, signJwt, verifyJwt } from './jwt.js';
import {
  json,
  oauthRefusal,
  type TokenAnswer,
  type TokenRequest,
  TokenServer,
  type TokenServerOptions,
} from './token-server.js';

export interface OidcClient {
  readonly id: string;
  readonly secret: string;
}

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';

/** An OpenID provider: discovery, JWKS, client credentials and token exchange. Its access tokens are JWTs. */
export class OidcProvider extends TokenServer {
  /** How clients may present themselves. */
  authMethods: readonly string[] = ['client_secret_basic', 'client_secret_post'];
  /** Whether the discovery document tells them. */
  tellsAuthMethods = true;
  /** Put over the members of the discovery document; undefined takes one out. */
  discovery: Readonly<Record<string, unknown>> = {};

  constructor(
    readonly client: OidcClient,
    options: TokenServerOptions = {},
    readonly key: SigningKey = newSigningKey('oidc-1'),
  ) {
    super(options);
  }

  get issuer(): string {
    return `${this.origin}/realm`;
  }

  /** The claims of a token of this provider; undefined for any other. */
  verified(token: string): Claims | undefined {
    return verifyJwt(token, this.key.publicKey)?.claims;
  }

  protected override answer(request: TokenRequest): TokenAnswer {
    if (request.url.pathname === '/realm/.well-known/openid-configuration') return this.#metadata();
    if (request.url.pathname === '/realm/jwks') {
      const jwk = { ...this.key.publicKey.export({ format: 'jwk' }), kid: this.key.kid, alg: 'RS256', use: 'sig' };
      return json(200, { keys: [jwk] });
    }
    if (request.url.pathname === '/realm/token' && request.method === 'POST') return this.#token(request);
    return { status: 404, contentType: 'text/plain', body: 'no such page' };
  }

  protected override refusal(status: number): TokenAnswer {
    return oauthRefusal(status);
  }

  #metadata(): TokenAnswer {
    return json(200, {
      issuer: this.issuer,
      authorization_endpoint: `${this.issuer}/authorize`,
      token_endpoint: `${this.issuer}/token`,
      jwks_uri: `${this.issuer}/jwks`,
      scopes_supported: ['openid', 'profile', 'offline_access'],
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
      ...(this.tellsAuthMethods && { token_endpoint_auth_methods_supported: this.authMethods }),
      ...this.discovery,
    });
  }

  #token(request: TokenRequest): TokenAnswer {
    if (!this.#isClient(request)) {
      const headers = { 'www-authenticate': 'Basic realm="token"' };
      return { ...json(401, { error: 'invalid_client', error_description: 'unknown client' }), headers };
    }
    const { form } = request;
    const grant = form.get('grant_type');
    if (grant === TOKEN_EXCHANGE) {
      const subject = this.verified(form.get('subject_token') ?? '');
      if (!subject) return json(400, { error: 'invalid_request', error_description: 'subject_token' });
      return this.#issued(form, { issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' });
    }
    if (grant !== 'client_credentials') return json(400, { error: 'unsupported_grant_type' });
    return this.#issued(form, {});
  }

  #issued(form: URLSearchParams, more: object): TokenAnswer {
    const issuedAt = Math.floor(this.now().getTime() / 1000);
    const token = signJwt(
      {
        iss: this.issuer,
        sub: this.client.id,
        aud: form.get('audience') ?? this.client.id,
        scope: form.get('scope') ?? '',
        // Base64 of the claims shows the mark as well.
        jti: `PLANTED-${this.issued.length}`,
        iat: issuedAt,
        exp: issuedAt + this.lifetimeS,
      },
      this.key,
    );
    this.issued.push(plantRandom('token of OidcProvider', token));
    return json(200, {
      access_token: token,
      id_token: 'never-this',
      token_type: 'Bearer',
      expires_in: this.lifetimeS,
      ...more,
    });
  }

  #isClient({ headers, form }: TokenRequest): boolean {
    const [scheme, encoded] = (headers.authorization ?? '').split(' ');
    if (scheme === 'Basic' && this.authMethods.includes('client_secret_basic')) {
      const [id = '', secret = ''] = Buffer.from(encoded ?? '', 'base64')
        .toString()
        .split(':')
        .map(formDecoded);
      return id === this.client.id && secret === this.client.secret;
    }
    if (!this.authMethods.includes('client_secret_post')) return false;
    return form.get('client_id') === this.client.id && form.get('client_secret') === this.client.secret;
  }
}

/** @see RFC 6749 section 2.3.1 */
const formDecoded = (text: string) => new URLSearchParams(`x=${text}`).get('x') ?? '';
