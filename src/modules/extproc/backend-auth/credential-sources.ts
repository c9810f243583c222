import type { Redacted } from '../../../shared/secret.js';
import { issueFromDefaultChain } from './aws-default-chain.js';
import type { AWSCredentials } from './aws-credentials.js';
import { issueGoogleDefault } from './google-default.js';
import { RenewedCredential, type CredentialClock, type RenewedCredentialOptions } from './renewed-credential.js';

export interface CredentialSourcesOptions {
  /** `AWS_PROFILE`. The libraries behind the sources read more variables by themselves. */
  readonly awsProfile?: string | undefined;
  /** HTTP proxy for token calls to Google Cloud. */
  readonly gcpProxyUrl?: string | undefined;
  readonly clock: CredentialClock;
  /** Fetching a credential failed; the message holds no secret. */
  readonly onFailure?: (message: string) => void;
}

/** Regions come from the configuration; those that no backend names any more are forgotten first. */
const REGIONS_MAX = 64;

/**
 * Credentials that this process has by where it runs: shared by all backends and by one configuration after another, so
 * that a reload fetches nothing anew. Nothing is loaded or fetched before a request needs it.
 */
export class CredentialSources {
  readonly clock: CredentialClock;
  readonly #awsByRegion = new Map<string, RenewedCredential<AWSCredentials>>();
  #google: RenewedCredential<Redacted<string>> | undefined;

  constructor(private readonly options: CredentialSourcesOptions) {
    this.clock = options.clock;
  }

  get awsProfile(): string | undefined {
    return this.options.awsProfile;
  }

  /** The default chain of the AWS SDK. Roles are assumed at the STS of the region. */
  awsDefaultChain(region: string): RenewedCredential<AWSCredentials> {
    const known = this.#awsByRegion.get(region);
    const credential =
      known ??
      this.#renewed(
        'AWS credentials',
        'give the External Processor credentials in its environment, in the shared files of AWS, or by a role, or set awsCredentials.credentialsFile',
        () => issueFromDefaultChain(region),
      );
    // Last in the order of use.
    this.#awsByRegion.delete(region);
    this.#awsByRegion.set(region, credential);
    const [oldest] = this.#awsByRegion.keys();
    if (this.#awsByRegion.size > REGIONS_MAX && oldest !== undefined) this.#awsByRegion.delete(oldest);
    return credential;
  }

  /** Application Default Credentials with the scope cloud-platform. */
  googleDefault(): RenewedCredential<Redacted<string>> {
    this.#google ??= this.#renewed(
      'default credentials of Google Cloud',
      'give the External Processor a file by GOOGLE_APPLICATION_CREDENTIALS, or run it as a service account',
      () => issueGoogleDefault(this.options.gcpProxyUrl),
    );
    return this.#google;
  }

  #renewed<T>(what: string, repair: string, issue: RenewedCredentialOptions<T>['issue']) {
    return new RenewedCredential<T>({ what, repair, issue, clock: this.clock, onFailure: this.options.onFailure });
  }
}

export const SYSTEM_CLOCK: CredentialClock = { unixMs: () => Date.now(), monotonicMs: () => performance.now() };
