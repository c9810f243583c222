import type { Redacted } from '../../shared/secret.js';

/** Client credentials at an OpenID provider. @see spec controller.md section 13, api.md section 5.3 */
export interface OidcRequest {
  readonly issuer: string;
  /** Undefined: the one of the discovery document. */
  readonly tokenEndpoint: string | undefined;
  readonly clientId: string;
  readonly clientSecret: Redacted<string>;
  /** Only what was configured is asked for (controller.md 19, row 34). */
  readonly scopes: readonly string[];
  readonly audience: string | undefined;
  /** `client_credentials` unless the policy says otherwise. */
  readonly grantType: string;
}

/** Everything that one exchange needs: gathered from the world, so that nothing of it is read later. */
export type ExchangeRequest =
  | {
      readonly kind: 'aws-web-identity';
      readonly policy: string;
      readonly region: string;
      readonly roleArn: string;
      readonly oidc: OidcRequest;
    }
  | {
      readonly kind: 'azure-client-secret';
      readonly tenantId: string;
      readonly clientId: string;
      readonly clientSecret: Redacted<string>;
    }
  | {
      readonly kind: 'azure-federated';
      readonly tenantId: string;
      readonly clientId: string;
      readonly oidc: OidcRequest;
    }
  /** Keyless: the identity of the controller's own pod (workload identity), or of its machine (managed identity). */
  | { readonly kind: 'azure-ambient'; readonly tenantId: string; readonly clientId: string }
  | {
      readonly kind: 'gcp-service-account';
      /** The credentials JSON. */
      readonly key: Redacted<string>;
      readonly projectName: string;
      readonly region: string;
    }
  | {
      readonly kind: 'gcp-federated';
      readonly projectId: string;
      readonly poolName: string;
      readonly providerName: string;
      readonly projectName: string;
      readonly region: string;
      readonly oidc: OidcRequest;
      /** Undefined: the federated token itself is used. */
      readonly serviceAccountName: string | undefined;
    };

/** What is kept in the policy's Secret. */
export interface ExchangedToken {
  /** Keys and values of the Secret. @see spec controller.md section 13 */
  readonly data: Readonly<Record<string, Redacted<string>>>;
  readonly expiresAt: Date;
}

export type ExchangeStep =
  'oidc-discovery' | 'oidc-token' | 'aws-sts' | 'azure-token' | 'gcp-sts' | 'gcp-iam' | 'gcp-token';

/**
 * Why an exchange failed. Message, code and hint are for statuses and logs: they never hold a token, a secret or a response
 * body.
 */
export class ExchangeError extends Error {
  override readonly name = 'ExchangeError';

  constructor(
    message: string,
    readonly step: ExchangeStep,
    /** Of the provider, such as `invalid_client` or `AccessDenied`; our own word when it gave none. */
    readonly code: string,
    /** What to change. */
    readonly hint: string,
    /** What the provider asked for (`Retry-After`). */
    readonly retryAfterMs?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Performs one exchange; rejects with ExchangeError, also when `signal` ends it. Keeps nothing between calls but caches of discovery documents. */
export type Exchange = (request: ExchangeRequest, signal: AbortSignal) => Promise<ExchangedToken>;
