import { Redacted } from '../../../shared/secret.js';
import { usableCredential } from '../../../shared/usable-credential.js';
import type { CredentialSource } from './auth-scheme.js';
import type { AWSCredentials } from './aws-credentials.js';
import type { AuthInput, AuthOutcome } from './backend-auth.js';

/** Behind the prefix that the override names. @see spec extproc.md 18.2 */
export const AWS_HEADER_SUFFIXES = ['access-key-id', 'secret-access-key', 'session-token'];
const METADATA_MEMBERS = ['accessKeyId', 'secretAccessKey', 'sessionToken'];

/**
 * Credentials of AWS that the request brings: three headers, else a struct in dynamic metadata. A part of one, a lone
 * session token too, is a mistake of the caller and not their absence.
 */
export function broughtAWSCredentials(
  { headerName: prefix, metadata }: CredentialSource,
  input: AuthInput,
): AWSCredentials | Extract<AuthOutcome, { kind: 'incomplete-credential' }> | undefined {
  if (prefix !== undefined) {
    const names = AWS_HEADER_SUFFIXES.map((suffix) => prefix + suffix);
    const found = assembled((i) => input.headers.get(names[i]!), names, 'headers');
    if (found !== undefined) return found;
  }
  if (metadata === undefined) return undefined;
  const struct = input.metadata(metadata.namespace, metadata.key);
  if (typeof struct !== 'object' || struct === null || Array.isArray(struct)) return undefined;
  const members = new Map<string, unknown>(Object.entries(struct));
  return assembled((i) => members.get(METADATA_MEMBERS[i]!), METADATA_MEMBERS, 'dynamic metadata');
}

/** `names` are those of key id, secret and session token, in this order. */
function assembled(value: (index: number) => unknown, names: readonly string[], place: string) {
  const [accessKeyId, secretAccessKey, sessionToken] = [0, 1, 2].map((i) => usableCredential(value(i)));
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    return {
      accessKeyId,
      secretAccessKey: new Redacted(secretAccessKey),
      ...(sessionToken !== undefined && { sessionToken: new Redacted(sessionToken) }),
    };
  }
  if (accessKeyId === undefined && secretAccessKey === undefined && sessionToken === undefined) return undefined;
  const missing = [accessKeyId === undefined ? names[0] : [], secretAccessKey === undefined ? names[1] : []].flat();
  return {
    kind: 'incomplete-credential' as const,
    message: `incomplete AWS credential in the ${place}: ${missing.join(' and ')} missing or unusable; send ${names[0]} and ${names[1]}, or neither of them and no ${names[2]}`,
  };
}
