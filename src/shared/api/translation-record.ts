import { gatewayHash } from '../extproc-pod/names.js';
import type { ConfigMap } from './gateway-api.js';
import { kinds } from './kinds.js';
import { objectKey, type KubeObject, type ObjectKey } from './kube-object.js';
import { nameOfKey, namespaceOfKey } from './object-key.js';
import type { Snapshot } from './snapshot.js';

/**
 * ConfigMap in the controller's namespace that says for which Gateways Envoy Gateway has called an extension server: any
 * replica may be called, and the leader has to know. Keys are hashes, because names of Gateways may be too long for keys.
 */
export const TRANSLATION_RECORD_NAME = 'ai-gateway-translations';

/** `data` of one Gateway. */
export const translationEntry = (gateway: ObjectKey): readonly [key: string, value: string] => {
  const namespace = namespaceOfKey(gateway);
  const name = nameOfKey(gateway);
  return [gatewayHash(namespace, name), `${namespace}/${name}`];
};

export function isTranslationRecorded(world: Snapshot, controllerNamespace: string, gateway: ObjectKey): boolean {
  const record = world.get<ConfigMap>(kinds.configMap, controllerNamespace, TRANSLATION_RECORD_NAME);
  const [key, value] = translationEntry(gateway);
  return record?.data?.[key] === value;
}

/** Gateways that a record names. */
export function recordedGateways(object: KubeObject | undefined): readonly ObjectKey[] {
  if (object?.metadata.name !== TRANSLATION_RECORD_NAME) return [];
  return Object.values((object as ConfigMap).data ?? {}).map((entry) => {
    const [namespace = '', name = ''] = entry.split('/');
    return objectKey(kinds.gateway, namespace, name);
  });
}
