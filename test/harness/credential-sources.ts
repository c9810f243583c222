import { CredentialSources } from '../../src/modules/extproc/backend-auth/credential-sources.js';

/** Sources that no test fetches from: AWS profiles and proxies of the machine do not count. */
export const noCredentials = (): CredentialSources =>
  new CredentialSources({ clock: { unixMs: () => 1_700_000_000_000, monotonicMs: () => 0 } });
