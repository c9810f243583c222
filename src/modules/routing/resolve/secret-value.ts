import type { BackendSecurityPolicy, SecretObjectReference } from '../../../shared/api/ai-gateway.js';
import { kinds } from '../../../shared/api/kinds.js';
import { displayName, type KubeObject } from '../../../shared/api/kube-object.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import { Redacted } from '../../../shared/secret.js';
import { error, type Resolved } from './faults.js';
import { isPermitted, notPermittedMessage } from './reference-grants.js';

interface Secret extends KubeObject {
  /** Base64. */
  readonly data?: Readonly<Record<string, string>>;
  /** Plain, wins over `data`; the API server never shows it, files do. */
  readonly stringData?: Readonly<Record<string, string>>;
}

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
  const fail = (at: string, reason: Parameters<typeof error>[2], message: string) => ({
    faults: [error(policy, `${path}${at}`, reason, message)],
  });
  if ((reference.group ?? '') !== '' || (reference.kind ?? 'Secret') !== 'Secret') {
    const found = `group "${reference.group ?? ''}", kind "${reference.kind ?? 'Secret'}"`;
    return fail('.kind', 'InvalidKind', `${found} is not supported: expected group "", kind "Secret"`);
  }
  const from = { type: kinds.backendSecurityPolicy, namespace: policy.metadata.namespace ?? '' };
  const to = { type: kinds.secret, namespace: reference.namespace || from.namespace, name: reference.name };
  if (!isPermitted(world, from, to)) return fail('.namespace', 'RefNotPermitted', notPermittedMessage(from, to));
  const secret = world.get<Secret>(kinds.secret, to.namespace, to.name);
  if (!secret)
    return fail('', 'SecretNotFound', `Secret ${to.namespace}/${to.name} does not exist: create it with key "${key}"`);
  const value = secretText(secret, key);
  if (value === undefined) {
    return fail('', 'SecretKeyNotFound', `${displayName(secret)} has no key "${key}": add it`);
  }
  if (value.trim() === '') return fail('', 'InvalidSecret', `key "${key}" of ${displayName(secret)} is empty`);
  return { value: new Redacted(value), faults: [] };
}

function secretText(secret: Secret, key: string): string | undefined {
  const plain = secret.stringData?.[key];
  if (plain !== undefined) return plain;
  const encoded = secret.data?.[key];
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString('utf8');
}
