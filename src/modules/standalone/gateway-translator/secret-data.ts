import type { ConfigMap, LocalObjectReference, Secret, SecretReference } from '../../../shared/api/gateway-api.js';
import { kinds } from '../../../shared/api/kinds.js';
import type { KubeObject } from '../../../shared/api/kube-object.js';
import { secretText } from '../../../shared/api/secret-text.js';
import { followReference } from './follow-reference.js';
import type { Translation } from './translate-options.js';

/** The Secret that `owner` names at `path`; what is wrong with the reference is reported. */
export function findSecret(
  translation: Translation,
  owner: KubeObject,
  path: string,
  reference: SecretReference,
): Secret | undefined {
  if ((reference.group ?? '') !== '' || (reference.kind ?? 'Secret') !== 'Secret') {
    const message = `"${reference.kind}" is not supported: name a core Secret`;
    translation.faults.error(owner, `${path}.kind`, 'InvalidKind', message);
    return undefined;
  }
  const namespace = reference.namespace ?? owner.metadata.namespace ?? '';
  return followReference<Secret>(translation, owner, path, { type: kinds.secret, namespace, name: reference.name });
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
    return secret && orMissing(translation, owner, path, reference, key, secretText(secret, key));
  }
  if (reference.kind !== 'ConfigMap' || reference.group !== '') {
    const message = `"${reference.kind}" is not supported: name a core ConfigMap`;
    translation.faults.error(owner, `${path}.kind`, 'InvalidKind', message);
    return undefined;
  }
  const target = { type: kinds.configMap, namespace: owner.metadata.namespace ?? '', name: reference.name };
  const configMap = followReference<ConfigMap>(translation, owner, path, target);
  if (!configMap) return undefined;
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
