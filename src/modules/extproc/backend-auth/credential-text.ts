import { UserFacingError } from '../../../shared/errors.js';
import type { Redacted } from '../../../shared/secret.js';
import { usableCredential } from '../../../shared/usable-credential.js';
import type { CredentialSource } from './auth-scheme.js';
import type { AuthInput } from './backend-auth.js';

/** @throws UserFacingError that names `field` when the configured credential cannot be used */
export function configuredCredential(secret: Redacted<string>, field: string): string {
  const credential = usableCredential(secret.reveal());
  if (credential !== undefined) return credential;
  const found = secret.reveal().trim() === '' ? 'it is empty' : 'it holds a line break or another control character';
  throw new UserFacingError(`${field} cannot be used: ${found}; correct the Secret that it comes from`);
}

/** A credential of one text that the request brings: from the header first. */
export function broughtCredential({ headerName, metadata }: CredentialSource, input: AuthInput): string | undefined {
  const fromHeader = headerName === undefined ? undefined : usableCredential(input.headers.get(headerName));
  if (fromHeader !== undefined) return fromHeader;
  return metadata && usableCredential(input.metadata(metadata.namespace, metadata.key));
}
