import type { Redacted } from '../../../shared/secret.js';

/** What requests to AWS are signed with. */
export interface AWSCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: Redacted<string>;
  /** Of temporary credentials. */
  readonly sessionToken?: Redacted<string>;
}
