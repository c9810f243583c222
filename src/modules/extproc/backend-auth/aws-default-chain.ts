import { Redacted } from '../../../shared/secret.js';
import type { AWSCredentials } from './aws-credentials.js';
import type { Issued } from './renewed-credential.js';

/** Of a call to a metadata service, which is on the machine or next to it; also the pause before the retry. */
const METADATA_TIMEOUT_MS = 1_000;
/** Of a call to the STS or an SSO portal. */
const CALL_TIMEOUT_MS = 3_000;
const RETRIES = 1;

/**
 * Fetches credentials from the first place of the SDK's default chain that has some: environment, shared files (with SSO and
 * processes), web identity (IRSA), container endpoint (ECS, EKS Pod Identity), instance role. Rejects with errors of the SDK.
 */
export async function issueFromDefaultChain(region: string): Promise<Issued<AWSCredentials>> {
  // 10 MiB that only gateways with such a backend need.
  const { fromNodeProviderChain } = await import('@aws-sdk/credential-providers');
  // A chain of its own for each fetch: it keeps what it found, and so would not see changed files.
  const chain = fromNodeProviderChain({
    clientConfig: {
      region,
      maxAttempts: RETRIES + 1,
      requestHandler: { connectionTimeout: CALL_TIMEOUT_MS, requestTimeout: CALL_TIMEOUT_MS },
    },
    timeout: METADATA_TIMEOUT_MS,
    maxRetries: RETRIES,
    ignoreCache: true,
    logger: SILENT,
  });
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = await chain();
  const value = {
    accessKeyId,
    secretAccessKey: new Redacted(secretAccessKey),
    ...(sessionToken && { sessionToken: new Redacted(sessionToken) }),
  };
  return { value, expiresAtMs: expiration?.getTime() };
}

/** The SDK writes several lines of plain text to the console otherwise. */
const SILENT = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };
