import { parseCredentialsFile } from '../../../shared/aws-credentials-file.js';
import { UserFacingError } from '../../../shared/errors.js';
import type { AuthConfig } from '../../../shared/filter-config/filter-config.js';
import { headers } from '../../../shared/headers.js';
import { Redacted } from '../../../shared/secret.js';
import { isAWSRegion, usableCredential } from '../../../shared/usable-credential.js';
import type { AuthScheme } from './auth-scheme.js';
import type { AWSCredentials } from './aws-credentials.js';
import { defaultBedrockHost, signingScope } from './aws-endpoint.js';
import { broughtAWSCredentials, AWS_HEADER_SUFFIXES } from './aws-override.js';
import { AWSSigner } from './aws-signature.js';
import type { AuthInput, AuthOutcome } from './backend-auth.js';
import type { CredentialSources } from './credential-sources.js';
import { withCredential } from './with-credential.js';

type AWSConfig = NonNullable<AuthConfig['aws']>;

/**
 * Requests to AWS, signed. The credentials are those of the configured file, which win over everything that the process
 * finds in its environment, else those of the SDK's default chain. @see spec extproc.md 18.1
 * @throws UserFacingError when the region cannot be one
 */
export function awsScheme({ region, credentialFileLiteral }: AWSConfig, sources: CredentialSources): AuthScheme {
  if (!isAWSRegion(region)) {
    throw new UserFacingError(
      `auth.aws.region: found ${JSON.stringify(region)}; expected a region in small letters, e.g. "us-east-1"`,
    );
  }
  // One signer per backend: its keys are those of the configured credentials.
  const signer = new AWSSigner();
  const outcome = (by: AWSSigner, credentials: AWSCredentials, input: AuthInput): AuthOutcome =>
    signedOutcome(by, credentials, input, region, sources.clock.unixMs());
  return {
    credentialHeaders: ['authorization', 'x-amz-date'],
    configured: () => {
      if (credentialFileLiteral === undefined) {
        const chain = sources.awsDefaultChain(region);
        return (input) => withCredential(chain, (credentials) => outcome(signer, credentials, input));
      }
      const credentials = credentialsOfFile(credentialFileLiteral, sources.awsProfile);
      return (input) => outcome(signer, credentials, input);
    },
    brought: (source) => (input) => {
      const found = broughtAWSCredentials(source, input);
      if (found === undefined || 'kind' in found) return found;
      // Keys of callers are not kept.
      return outcome(new AWSSigner(), found, input);
    },
    inputHeaders: (prefix) => AWS_HEADER_SUFFIXES.map((suffix) => prefix + suffix),
  };
}

function signedOutcome(
  signer: AWSSigner,
  credentials: AWSCredentials,
  input: AuthInput,
  configuredRegion: string,
  unixMs: number,
): AuthOutcome {
  const method = input.headers.get(':method');
  const path = input.headers.get(':path');
  if (method === undefined || path === undefined) {
    return { kind: 'unavailable', message: 'a request without :method or :path cannot be signed for AWS' };
  }
  const body = input.body();
  if (body === undefined) {
    return { kind: 'unavailable', message: 'a body that passes through the gateway unseen cannot be signed for AWS' };
  }
  // Never :authority: it names the gateway.
  const host = input.headers.get(headers.upstreamHost) || defaultBedrockHost(configuredRegion);
  const request = { method, path, host, body };
  return { kind: 'headers', sets: signer.sign(request, credentials, signingScope(host, configuredRegion), unixMs) };
}

const FIELD = 'auth.aws.credentialFileLiteral';

function credentialsOfFile(text: Redacted<string>, preferredProfile: string | undefined): AWSCredentials {
  const profiles = parsed(text.reveal());
  // A file made for the gateway has one profile; a variable set for other tools must not hide it.
  const name = preferredProfile !== undefined && profiles.has(preferredProfile) ? preferredProfile : 'default';
  const settings = profiles.get(name);
  const repair = 'correct the Secret that it comes from';
  if (!settings) throw new UserFacingError(`${FIELD} has no profile "${name}"; ${repair}`);
  const accessKeyId = usableCredential(settings.get('aws_access_key_id'));
  const secretAccessKey = usableCredential(settings.get('aws_secret_access_key'));
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    const missing = accessKeyId === undefined ? 'aws_access_key_id' : 'aws_secret_access_key';
    const other = INDIRECT.find((setting) => settings.has(setting));
    const found = other === undefined ? '' : `, and ${other} is not followed`;
    throw new UserFacingError(`${FIELD}: profile "${name}" has no usable ${missing}${found}; ${repair}`);
  }
  const sessionToken = usableCredential(settings.get('aws_session_token'));
  return {
    accessKeyId,
    secretAccessKey: new Redacted(secretAccessKey),
    ...(sessionToken !== undefined && { sessionToken: new Redacted(sessionToken) }),
  };
}

/** Settings that make other tools fetch credentials from somewhere else. */
const INDIRECT = ['role_arn', 'source_profile', 'credential_process', 'sso_session', 'sso_start_url'];

function parsed(text: string) {
  try {
    return parseCredentialsFile(text);
  } catch (error) {
    if (!(error instanceof UserFacingError)) throw error;
    throw new UserFacingError(`${FIELD}, ${error.message}; correct the Secret that it comes from`);
  }
}
