import { gatewayHash } from '../extproc-pod/names.js';
import type { ConfigMap } from './gateway-api.js';
import { kinds } from './kinds.js';
import { objectKey, type KubeObject, type ObjectKey } from './kube-object.js';
import { nameOfKey, namespaceOfKey } from './object-key.js';
import type { Snapshot } from './snapshot.js';

/**
 * ConfigMap in the controller's namespace that says for which Gateways Envoy Gateway has called an extension server, and what
 * was wrong then: any replica may be called, and the leader has to know. Keys are hashes, because names of Gateways may be too
 * long for keys.
 */
export const TRANSLATION_RECORD_NAME = 'ai-gateway-translations';

/** `data` of one Gateway. */
export const translationEntry = (gateway: ObjectKey): readonly [key: string, value: string] => {
  const namespace = namespaceOfKey(gateway);
  const name = nameOfKey(gateway);
  return [gatewayHash(namespace, name), `${namespace}/${name}`];
};

/** Key of what was wrong in the last translation of a Gateway, beside the key that names it. */
const faultsKey = (key: string): string => `${key}.faults`;

/** Key of the fingerprint of our HTTPRoutes in that translation. */
const routesKey = (key: string): string => `${key}.routes`;

/** Something that the extension server could not finish, of error severity. */
export interface TranslationFault {
  readonly object: ObjectKey;
  readonly message: string;
}

const FAULTS_MAX = 10;
const MESSAGE_LENGTH_MAX = 512;

/** What a translation told of a Gateway. */
export interface GatewayTranslation {
  readonly faults: readonly TranslationFault[];
  /** `routesFingerprint` of the HTTPRoutes of ours in it. */
  readonly fingerprint: string;
}

/** All that the record shall say of a Gateway; null takes an entry away. */
export function translationEntries(
  gateway: ObjectKey,
  { faults, fingerprint }: GatewayTranslation,
): Readonly<Record<string, string | null>> {
  const [key, value] = translationEntry(gateway);
  const kept = faults
    .slice(0, FAULTS_MAX)
    .map(({ object, message }) => ({ object, message: message.slice(0, MESSAGE_LENGTH_MAX) }));
  return {
    [key]: value,
    [faultsKey(key)]: kept.length === 0 ? null : JSON.stringify(kept),
    [routesKey(key)]: fingerprint,
  };
}

/** What takes a Gateway out of the record. */
export function forgottenEntries(gateway: ObjectKey): Readonly<Record<string, null>> {
  const [key] = translationEntry(gateway);
  return { [key]: null, [faultsKey(key)]: null, [routesKey(key)]: null };
}

const recordOf = (world: Snapshot, controllerNamespace: string): ConfigMap | undefined =>
  world.get<ConfigMap>(kinds.configMap, controllerNamespace, TRANSLATION_RECORD_NAME);

export function isTranslationRecorded(world: Snapshot, controllerNamespace: string, gateway: ObjectKey): boolean {
  const [key, value] = translationEntry(gateway);
  return recordOf(world, controllerNamespace)?.data?.[key] === value;
}

/** Fingerprint of our HTTPRoutes in the last translation of a Gateway that came by us. */
export function recordedFingerprint(
  world: Snapshot,
  controllerNamespace: string,
  gateway: ObjectKey,
): string | undefined {
  return recordOf(world, controllerNamespace)?.data?.[routesKey(translationEntry(gateway)[0])];
}

/** Whether the record says all of the entries already. */
export function areEntriesRecorded(
  world: Snapshot,
  controllerNamespace: string,
  entries: Readonly<Record<string, string | null>>,
): boolean {
  const { data = {} } = recordOf(world, controllerNamespace) ?? {};
  return Object.entries(entries).every(([key, value]) => (data[key] ?? null) === value);
}

export function recordedFaults(
  world: Snapshot,
  controllerNamespace: string,
  gateway: ObjectKey,
): readonly TranslationFault[] {
  const text = recordOf(world, controllerNamespace)?.data?.[faultsKey(translationEntry(gateway)[0])];
  if (text === undefined) return [];
  try {
    const faults: unknown = JSON.parse(text);
    return Array.isArray(faults) ? faults.filter(isFault) : [];
  } catch {
    // Somebody edited it; the next translation writes it anew.
    return [];
  }
}

const isFault = (value: unknown): value is TranslationFault =>
  typeof value === 'object' &&
  value !== null &&
  'object' in value &&
  typeof value.object === 'string' &&
  'message' in value &&
  typeof value.message === 'string';

/** Gateways that a record names. */
export const recordedGateways = (object: KubeObject | undefined): readonly ObjectKey[] =>
  namedEntries(object).map(([, gateway]) => gateway);

/** Gateways of which one version of the record tells other things to routes than the other; fingerprints do not count. */
export function gatewaysRecordedAnew(before: KubeObject | undefined, after: KubeObject | undefined): Set<ObjectKey> {
  const dataOf = (object: KubeObject | undefined) => (object as ConfigMap | undefined)?.data ?? {};
  const [former, latter] = [dataOf(before), dataOf(after)];
  const isSame = (key: string) =>
    [key, faultsKey(key)].every((each) => (former[each] ?? null) === (latter[each] ?? null));
  return new Set(
    [...namedEntries(before), ...namedEntries(after)].filter(([key]) => !isSame(key)).map(([, gateway]) => gateway),
  );
}

function namedEntries(object: KubeObject | undefined): readonly (readonly [key: string, gateway: ObjectKey])[] {
  if (object?.metadata.name !== TRANSLATION_RECORD_NAME) return [];
  return Object.entries((object as ConfigMap).data ?? {})
    .filter(([key]) => !key.includes('.'))
    .map(([key, entry]) => {
      const [namespace = '', name = ''] = entry.split('/');
      return [key, objectKey(kinds.gateway, namespace, name)];
    });
}
