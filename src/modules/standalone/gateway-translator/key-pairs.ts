import type { SecretReference } from '../../../shared/api/gateway-api.js';
import { displayName, type KubeObject } from '../../../shared/api/kube-object.js';
import { secretText } from '../../../shared/api/secret-text.js';
import { keyPairProblem, type KeyPair } from './certificates.js';
import { findSecret } from './secret-data.js';
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
  const pair = { certificate: secretText(secret, 'tls.crt') ?? '', privateKey: secretText(secret, 'tls.key') ?? '' };
  const absent = ['tls.crt', 'tls.key'].find((key) => secretText(secret, key) === undefined);
  const problem = absent === undefined ? keyPairProblem(pair) : `it has no key "${absent}": add it`;
  if (problem === undefined) return pair;
  translation.faults.error(
    owner,
    path,
    'InvalidCertificateRef',
    `${displayName(secret)} cannot be used for TLS: ${problem}`,
  );
  return undefined;
}
