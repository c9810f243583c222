import { inspect } from 'node:util';
import {
  ExchangeError,
  type ExchangedToken,
  type ExchangeRequest,
  type OidcRequest,
} from '../../../src/modules/credentials/exchange.js';
import { createExchange, type ExchangeOptions } from '../../../src/modules/credentials/exchangers/exchange.js';
import type { Environment } from '../../../src/modules/credentials/exchangers/proxy-rules.js';
import { Redacted } from '../../../src/shared/secret.js';
import { plant } from '../recording.js';
import { EntraServer, ManagedIdentityServer } from './entra-server.js';
import { GoogleServer } from './google-server.js';
import { newSigningKey } from './jwt.js';
import { OidcProvider } from './oidc-provider.js';
import { StsServer } from './sts-server.js';
import type { TokenServerOptions } from './token-server.js';

const CLIENT_SECRET = plant('client secret of TokenWorld', 'PLANTED-client:secret/ +%&=é');
const SERVICE_ACCOUNT = 'rotator@my-project.iam.gserviceaccount.com';
/** Once: a key takes longer than most tests. */
const providerKey = newSigningKey('oidc-1');
const accountKey = newSigningKey('account-1');
const accountPem = plant(
  'service account key of TokenWorld',
  accountKey.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
);

/** One provider of each kind that trust each other as configured, and requests that succeed at them. */
export class TokenWorld {
  /** Of providers and exchanges. */
  now = new Date('2026-11-21T10:00:00Z');
  readonly #options = { now: () => this.now };
  readonly oidc = new OidcProvider({ id: 'client/1', secret: CLIENT_SECRET }, this.#options, providerKey);
  readonly sts = new StsServer((token) => this.oidc.verified(token), this.#options);
  readonly entra = new EntraServer(
    { tenant: 'contoso.example', clientId: 'app-1', clientSecret: CLIENT_SECRET },
    (token) => this.oidc.verified(token),
    this.#options,
  );
  readonly managed = new ManagedIdentityServer('app-1', this.#options);
  readonly google: GoogleServer;
  readonly servers: readonly [OidcProvider, StsServer, EntraServer, ManagedIdentityServer, GoogleServer];

  /** With `googleTls`, Google speaks TLS by that certificate: its addresses are fixed in programs, and are https. */
  constructor(googleTls?: TokenServerOptions['tls']) {
    this.google = new GoogleServer(
      {
        trusted: (token) => this.oidc.verified(token),
        audience: '//iam.googleapis.com/projects/123/locations/global/workloadIdentityPools/pool/providers/provider',
        serviceAccounts: { [SERVICE_ACCOUNT]: accountKey.publicKey },
        refreshToken: plant('refresh token of TokenWorld', 'PLANTED-refresh'),
      },
      { ...this.#options, ...(googleTls && { tls: googleTls }) },
    );
    this.servers = [this.oidc, this.sts, this.entra, this.managed, this.google];
  }

  async start(): Promise<this> {
    await Promise.all(this.servers.map((server) => server.start()));
    return this;
  }

  async close(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.close()));
  }

  /** Puts the calls of SDK-defined variables to the servers here. */
  get environment(): Environment {
    return {
      AWS_ENDPOINT_URL_STS: this.sts.origin,
      AZURE_AUTHORITY_HOST: this.entra.origin,
      AZURE_POD_IDENTITY_AUTHORITY_HOST: this.managed.origin,
    };
  }

  options(more: Partial<ExchangeOptions> = {}): ExchangeOptions {
    const { google, environment } = this;
    return {
      now: () => this.now,
      google: google.endpoints,
      ...more,
      environment: { ...environment, ...more.environment },
    };
  }

  /** With an exchange of its own: nothing is cached. */
  run(
    request: ExchangeRequest,
    more: Partial<ExchangeOptions> = {},
    signal = new AbortController().signal,
  ): Promise<ExchangedToken> {
    return createExchange(this.options(more))(request, signal);
  }

  oidcRequest(more: Partial<OidcRequest> = {}): OidcRequest {
    return {
      issuer: this.oidc.issuer,
      tokenEndpoint: undefined,
      clientId: this.oidc.client.id,
      clientSecret: new Redacted(this.oidc.client.secret),
      scopes: [],
      audience: undefined,
      grantType: 'client_credentials',
      ...more,
    };
  }

  /** A request of each kind. */
  requests(oidc: OidcRequest = this.oidcRequest()) {
    const place = { projectName: 'my-project', region: 'us-central1' };
    return {
      'aws-web-identity': {
        kind: 'aws-web-identity',
        policy: 'bedrock',
        region: 'us-west-2',
        roleArn: 'arn:aws:iam::123456789012:role/gateway',
        oidc,
      },
      'azure-client-secret': {
        kind: 'azure-client-secret',
        tenantId: 'contoso.example',
        clientId: 'app-1',
        clientSecret: new Redacted(CLIENT_SECRET),
      },
      'azure-federated': { kind: 'azure-federated', tenantId: 'contoso.example', clientId: 'app-1', oidc },
      'azure-ambient': { kind: 'azure-ambient', tenantId: 'contoso.example', clientId: 'app-1' },
      'gcp-service-account': { kind: 'gcp-service-account', key: this.serviceAccountKey(), ...place },
      'gcp-federated': {
        kind: 'gcp-federated',
        projectId: '123',
        poolName: 'pool',
        providerName: 'provider',
        serviceAccountName: 'rotator',
        oidc,
        ...place,
      },
    } as const satisfies Record<ExchangeRequest['kind'], ExchangeRequest>;
  }

  serviceAccountKey(more: object = {}): Redacted<string> {
    return new Redacted(JSON.stringify({ ...this.serviceAccount(), ...more }));
  }

  serviceAccount() {
    return {
      type: 'service_account',
      project_id: 'my-project',
      private_key_id: accountKey.kid,
      private_key: accountPem,
      client_email: SERVICE_ACCOUNT,
      token_uri: this.google.endpoints.oauthToken,
    };
  }

  /** Everything that no error may hold: what was sent as well as what was answered. */
  secrets(): readonly string[] {
    const sent = this.servers.flatMap(({ requests }) => requests.map(({ headers }) => headers.authorization ?? ''));
    const key = this.serviceAccount().private_key.split('\n').slice(1, -2);
    return ['PLANTED', CLIENT_SECRET, ...key, ...sent, ...this.servers.flatMap(({ issued }) => issued)].filter(Boolean);
  }
}

/** The error of an exchange that must fail. */
export async function failureOf(exchange: Promise<unknown>): Promise<ExchangeError> {
  const error: unknown = await exchange.then(
    () => new Error('the exchange succeeded'),
    (error: unknown) => error,
  );
  if (error instanceof ExchangeError) return error;
  throw error;
}

const membersOf = (error: Error): readonly string[] =>
  Object.getOwnPropertyNames(error).map((name) => String(Reflect.get(error, name)));

/** Errors of Node's own modules are of another realm, and not `instanceof Error` here. */
const causeOf = ({ cause }: Error): Error | undefined =>
  typeof cause === 'object' && cause !== null ? (cause as Error) : undefined;

/** The secrets that an error tells, in any of the ways in which errors are printed, causes and hidden members included. */
export function told(error: Error, secrets: readonly string[]): readonly string[] {
  const texts: string[] = [];
  for (let at: Error | undefined = error; at !== undefined; at = causeOf(at)) {
    const members = membersOf(at);
    texts.push(
      String(at),
      inspect(at, { depth: 12, showHidden: true, maxStringLength: null }),
      JSON.stringify(at),
      ...members,
    );
  }
  return secrets.filter((secret) => texts.some((text) => text.includes(secret)));
}
