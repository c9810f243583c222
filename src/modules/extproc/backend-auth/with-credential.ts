import type { AuthOutcome } from './backend-auth.js';
import { CredentialUnavailableError, type RenewedCredential } from './renewed-credential.js';

/** The outcome that `make` gives for the credential; at once when it is at hand. */
export function withCredential<T>(
  credential: RenewedCredential<T>,
  make: (value: T) => AuthOutcome,
): AuthOutcome | Promise<AuthOutcome> {
  const found = credential.get();
  return found instanceof Promise ? found.then(make, unavailable) : make(found);
}

function unavailable(error: unknown): AuthOutcome {
  if (error instanceof CredentialUnavailableError) return { kind: 'unavailable', message: error.message };
  throw error;
}
