import type { Send } from './bounded-call.js';
import type { Environment } from './proxy-rules.js';

export interface GoogleEndpoints {
  readonly sts: string;
  readonly iamCredentials: string;
  /** Of refresh tokens (authorized_user). */
  readonly oauthToken: string;
}

export const GOOGLE_ENDPOINTS: GoogleEndpoints = {
  sts: 'https://sts.googleapis.com',
  iamCredentials: 'https://iamcredentials.googleapis.com',
  oauthToken: 'https://oauth2.googleapis.com/token',
};

/** What exchangers ask of the outside world. */
export interface ExchangeContext {
  readonly now: () => Date;
  readonly environment: Environment;
  readonly google: GoogleEndpoints;
  /** One per proxy rule. @see ProxyRules */
  readonly send: {
    readonly aws: Send;
    readonly azure: Send;
    readonly gcp: Send;
    readonly standard: Send;
    readonly direct: Send;
  };
}
