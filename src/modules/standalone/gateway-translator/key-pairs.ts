import type { SecretReference } from '../../../shared/api/gateway-api.js';
import { displayName, type KubeObject } from '../../../shared/api/kube-object.js';
import { keyPairProblem, type KeyPair } from './certificates.js';
import { findSecret, secretEntries } from './secret-data.js';
import type { Translation } from './translate-options.js';

/** The pair in a Secret of type `kubernetes.io/tls` that `owner` names at `path`; a useless one is reported. */
export function findKeyPair(
  translation: Translation,
  owner: KubeObject,
  path: string,
  reference: SecretReference,
): KeyPair | undefined {
  const secret = findSecret(translation, owner, path, reference);
  if (!secret) return undefined;
  const entries = secretEntries(secret);
  const pair = { certificate: entries.get('tls.crt') ?? '', privateKey: entries.get('tls.key') ?? '' };
  const problem = keyPairProblem(pair);
  if (problem === undefined) return pair;
  translation.faults.error(
    owner,
    path,
    'InvalidCertificateRef',
    `${displayName(secret)} cannot be used for TLS: ${problem}`,
  );
  return undefined;
}
