import { plant } from '../recording.js';
import type { Claims } from './jwt.js';
import { json, type TokenAnswer, type TokenRequest, TokenServer, type TokenServerOptions } from './token-server.js';

export interface EntraApplication {
  readonly tenant: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** The v2.0 token endpoint of Microsoft Entra: client credentials by secret or by federated assertion. */
export class EntraServer extends TokenServer {
  constructor(
    readonly application: EntraApplication,
    /** The claims of an assertion that it trusts; by default none. */
    readonly trusted: (assertion: string) => Claims | undefined = () => undefined,
    options: TokenServerOptions = {},
  ) {
    super(options);
  }

  protected override answer({ method, url, form }: TokenRequest): TokenAnswer {
    const tenant = /^\/([^/]+)\/oauth2\/v2\.0\/token$/.exec(url.pathname)?.[1];
    if (method !== 'POST' || !tenant) return { status: 404, contentType: 'text/html', body: 'no such page' };
    if (tenant !== this.application.tenant) return refused(400, 'invalid_request', 90_002);
    if (form.get('grant_type') !== 'client_credentials') return refused(400, 'unsupported_grant_type', 70_003);
    if (form.get('client_id') !== this.application.clientId) return refused(400, 'unauthorized_client', 700_016);
    if (!form.get('scope')?.endsWith('/.default')) return refused(400, 'invalid_scope', 1_002_012);
    const assertion = form.get('client_assertion');
    if (assertion !== null) {
      if (form.get('client_assertion_type') !== JWT_BEARER) return refused(400, 'invalid_request', 900_144);
      const claims = this.trusted(assertion);
      if (!claims) return refused(400, 'invalid_client', 700_211);
      if (Number(claims['exp'] ?? Infinity) * 1000 <= this.now().getTime())
        return refused(401, 'invalid_client', 700_024);
    } else if (form.get('client_secret') !== this.application.clientSecret) {
      return refused(401, 'invalid_client', 7_000_215);
    }
    const token = this.issue('entra');
    return json(200, {
      token_type: 'Bearer',
      expires_in: this.lifetimeS,
      ext_expires_in: this.lifetimeS,
      access_token: token,
    });
  }

  protected override refusal(status: number): TokenAnswer {
    if (status === 429 || status >= 500) return { status, contentType: 'text/html', body: 'PLANTED-page' };
    return refused(status, status === 401 ? 'invalid_client' : 'invalid_request', status === 401 ? 7_000_222 : 900_144);
  }
}

const refused = (status: number, error: string, code: number): TokenAnswer =>
  json(status, {
    error,
    error_description: `AADSTS${code}: PLANTED-description. Trace ID: 0 Correlation ID: 0`,
    error_codes: [code],
    timestamp: '2026-11-21 10:00:00Z',
    trace_id: '00000000-0000-0000-0000-000000000000',
    correlation_id: '00000000-0000-0000-0000-000000000000',
    error_uri: `https://login.microsoftonline.com/error?code=${code}`,
  });

/** Managed identities: the instance metadata service of virtual machines and the endpoint of App Service. */
export class ManagedIdentityServer extends TokenServer {
  /** What App Service puts into IDENTITY_HEADER. */
  readonly identityHeader = plant('identity header of App Service', 'PLANTED-identity-header');

  constructor(
    readonly clientId: string,
    options: TokenServerOptions = {},
  ) {
    super(options);
  }

  protected override answer({ url, headers }: TokenRequest): TokenAnswer {
    const query = url.searchParams;
    const isAppService = url.pathname === '/msi/token';
    if (!isAppService && url.pathname !== '/metadata/identity/oauth2/token') {
      return json(404, { error: 'not_found' });
    }
    const version = isAppService ? '2019-08-01' : '2018-02-01';
    const isAllowed = isAppService
      ? headers['x-identity-header'] === this.identityHeader
      : headers['metadata'] === 'true';
    if (!isAllowed)
      return json(isAppService ? 401 : 400, { error: 'invalid_request', error_description: 'header not specified' });
    if (query.get('api-version') !== version || !query.get('resource')) return json(400, { error: 'bad_request_102' });
    const clientId = query.get('client_id');
    if (clientId !== null && clientId !== this.clientId) {
      return json(400, { error: 'invalid_request', error_description: 'PLANTED-Identity not found' });
    }
    const end = Math.floor(this.end().getTime() / 1000);
    const common = {
      access_token: this.issue('managed'),
      expires_on: String(end),
      resource: query.get('resource'),
      token_type: 'Bearer',
    };
    if (isAppService) return json(200, { ...common, client_id: this.clientId });
    const notBefore = String(Math.floor(this.now().getTime() / 1000) - 300);
    return json(200, {
      ...common,
      client_id: this.clientId,
      expires_in: String(this.lifetimeS),
      ext_expires_in: String(this.lifetimeS),
      not_before: notBefore,
    });
  }

  protected override refusal(status: number): TokenAnswer {
    return json(status, {
      error: status === 400 ? 'invalid_request' : 'unknown',
      error_description: 'PLANTED-description',
    });
  }
}
