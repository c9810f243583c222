import type { ConfigMap, LocalObjectReference, Secret, SecretReference } from '../../../shared/api/gateway-api.js';
import { kinds } from '../../../shared/api/kinds.js';
import { groupOf, type KubeObject } from '../../../shared/api/kube-object.js';
import { isPermitted, notPermittedMessage } from '../../routing/resolve/reference-grants.js';
import type { Translation } from './translate-options.js';

/** Text values of a Secret, `stringData` first, sorted by key. */
export function secretEntries(secret: Secret): ReadonlyMap<string, string> {
  const entries = new Map<string, string>();
  for (const [key, encoded] of Object.entries(secret.data ?? {})) {
    entries.set(key, Buffer.from(encoded, 'base64').toString('utf8'));
  }
  for (const [key, text] of Object.entries(secret.stringData ?? {})) entries.set(key, text);
  return new Map([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The Secret that `owner` names at `path`; what is wrong with the reference is reported. */
export function findSecret(
  { world, faults }: Translation,
  owner: KubeObject,
  path: string,
  reference: SecretReference,
): Secret | undefined {
  if ((reference.group ?? '') !== '' || (reference.kind ?? 'Secret') !== 'Secret') {
    faults.error(owner, `${path}.kind`, 'InvalidKind', `"${reference.kind}" is not supported: name a core Secret`);
    return undefined;
  }
  const type = { group: groupOf(owner.apiVersion), kind: owner.kind };
  const from = { type, namespace: owner.metadata.namespace ?? '' };
  const to = { type: kinds.secret, namespace: reference.namespace ?? from.namespace, name: reference.name };
  if (!isPermitted(world, from, to)) {
    faults.error(owner, `${path}.namespace`, 'RefNotPermitted', notPermittedMessage(from, to));
    return undefined;
  }
  const secret = world.get<Secret>(kinds.secret, to.namespace, to.name);
  if (!secret) {
    faults.error(
      owner,
      `${path}.name`,
      'SecretNotFound',
      `Secret ${to.namespace}/${to.name} does not exist: create it or correct the name`,
    );
  }
  return secret;
}

/** Value of `key` in a ConfigMap (or Secret, where allowed) of the owner's namespace. Missing ones are reported. */
export function findLocalText(
  translation: Translation,
  owner: KubeObject,
  path: string,
  reference: LocalObjectReference,
  key: string,
  fallback: 'first-key' | 'none',
): string | undefined {
  if (reference.kind === 'Secret') {
    const secret = findSecret(translation, owner, path, reference);
    return secret && orMissing(translation, owner, path, reference, key, secretEntries(secret).get(key));
  }
  const { world, faults } = translation;
  if (reference.kind !== 'ConfigMap' || reference.group !== '') {
    faults.error(owner, `${path}.kind`, 'InvalidKind', `"${reference.kind}" is not supported: name a core ConfigMap`);
    return undefined;
  }
  const namespace = owner.metadata.namespace ?? '';
  const configMap = world.get<ConfigMap>(kinds.configMap, namespace, reference.name);
  if (!configMap) {
    faults.error(
      owner,
      `${path}.name`,
      'ConfigMapNotFound',
      `ConfigMap ${namespace}/${reference.name} does not exist: create it or correct the name`,
    );
    return undefined;
  }
  const data = configMap.data ?? {};
  const first = Object.keys(data).sort()[0];
  const found = data[key] ?? (fallback === 'first-key' && first !== undefined ? data[first] : undefined);
  return orMissing(translation, owner, path, reference, key, found);
}

function orMissing(
  { faults }: Translation,
  owner: KubeObject,
  path: string,
  reference: LocalObjectReference,
  key: string,
  value: string | undefined,
): string | undefined {
  if (value !== undefined && value.trim() !== '') return value;
  const name = `${reference.kind} ${owner.metadata.namespace ?? ''}/${reference.name}`;
  faults.error(owner, `${path}.name`, 'KeyNotFound', `${name} has no value under key "${key}": add it`);
  return undefined;
}
