import { Redacted } from '../../../shared/secret.js';
import type { Issued } from './renewed-credential.js';

const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';
/** Of one HTTP call. @see spec extproc.md section 18 (row gcp) */
const CALL_TIMEOUT_MS = 10_000;

/**
 * Fetches an access token with Application Default Credentials: the file of `GOOGLE_APPLICATION_CREDENTIALS` (service
 * account, workload identity federation, …), that of gcloud, else the metadata server. Rejects with errors of the library.
 *
 * @param proxyUrl for calls to token endpoints; absent: `HTTPS_PROXY` counts. The library has no way to use it for files of
 * type impersonated_service_account
 */
export async function issueGoogleDefault(proxyUrl: string | undefined): Promise<Issued<Redacted<string>>> {
  // 15 MiB that only gateways with such a backend need.
  const { BaseExternalAccountClient, GoogleAuth } = await import('google-auth-library');
  // Made anew for each fetch: it keeps what it found, and so would not see changed files.
  const auth = new GoogleAuth({
    scopes: SCOPE,
    // Any name: without one the library runs gcloud and asks servers for it, and nobody here reads it.
    projectId: 'unused',
    clientOptions: { transporterOptions: { timeout: CALL_TIMEOUT_MS, ...(proxyUrl && { proxy: proxyUrl }) } },
  });
  const client = await auth.getClient();
  if (client instanceof BaseExternalAccountClient) {
    // The library does not hand the options on to the one call that needs them most; without this no proxy is used.
    client['stsCredential']['transporter'] = client.transporter;
  }
  const { token } = await client.getAccessToken();
  if (!token) throw new Error('an answer without a token');
  return { value: new Redacted(token), expiresAtMs: client.credentials.expiry_date ?? undefined };
}
