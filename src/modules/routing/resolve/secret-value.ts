import type { BackendSecurityPolicy, SecretObjectReference } from '../../../shared/api/ai-gateway.js';
import type { Secret } from '../../../shared/api/gateway-api.js';
import { kinds } from '../../../shared/api/kinds.js';
import { displayName, objectKey, type ObjectKey } from '../../../shared/api/kube-object.js';
import { secretText } from '../../../shared/api/secret-text.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import { Redacted } from '../../../shared/secret.js';
import type { FaultReason } from './fault-reasons.js';
import { error, type Resolved } from './faults.js';
import { notWatchedMessage } from './not-watched.js';
import { isPermitted, notPermittedMessage } from '../../../shared/api/reference-grants.js';

/**
 * One key of the Secret that `reference` (at `path` of the policy) names. A namespace other than the policy's needs a
 * ReferenceGrant. @see spec controller.md sections 9.2 and 19 (row 7)
 */
export function resolveSecretValue(
  world: Snapshot,
  policy: BackendSecurityPolicy,
  reference: SecretObjectReference,
  path: string,
  key: string,
): Resolved<Redacted<string>> {
  const fail = (at: string, reason: FaultReason, message: string, missing?: ObjectKey) => ({
    faults: [error(policy, `${path}${at}`, reason, message, missing)],
  });
  if ((reference.group ?? '') !== '' || (reference.kind ?? 'Secret') !== 'Secret') {
    const found = `group "${reference.group ?? ''}", kind "${reference.kind ?? 'Secret'}"`;
    return fail('.kind', 'InvalidKind', `${found} is not supported: expected group "", kind "Secret"`);
  }
  const from = { type: kinds.backendSecurityPolicy, namespace: policy.metadata.namespace ?? '' };
  const to = { type: kinds.secret, namespace: reference.namespace || from.namespace, name: reference.name };
  if (!world.isWatched(to.namespace)) return fail('.namespace', 'NamespaceNotWatched', notWatchedMessage(to));
  if (!isPermitted(world, from, to)) return fail('.namespace', 'RefNotPermitted', notPermittedMessage(from, to));
  const secret = world.get<Secret>(kinds.secret, to.namespace, to.name);
  if (!secret) {
    const message = `Secret ${to.namespace}/${to.name} does not exist: create it with key "${key}", or correct the name`;
    return fail('', 'SecretNotFound', message, objectKey(kinds.secret, to.namespace, to.name));
  }
  const value = secretText(secret, key);
  if (value === undefined) {
    return fail('', 'SecretKeyNotFound', `${displayName(secret)} has no key "${key}": add it`);
  }
  if (value.trim() === '') return fail('', 'InvalidSecret', `key "${key}" of ${displayName(secret)} is empty`);
  return { value: new Redacted(value), faults: [] };
}
