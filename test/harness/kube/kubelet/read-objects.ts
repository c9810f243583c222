import type { ConfigMap, Secret } from '../../../../src/shared/api/gateway-api.js';
import type { KubeApi } from '../api.js';
import type { ReadObject } from './volume-files.js';

/** Reads Secrets and ConfigMaps of a namespace from the cluster. */
export const readObjects =
  (api: KubeApi, namespace: string): ReadObject =>
  async (kind, name) => {
    const object = await api.get<Secret | ConfigMap>({ apiVersion: 'v1', kind, namespace, name });
    if (!object) return undefined;
    const texts = object.kind === 'ConfigMap' ? object.data : {};
    const bytes = object.kind === 'ConfigMap' ? object.binaryData : object.data;
    return new Map([
      ...Object.entries(texts ?? {}).map(([key, text]) => [key, Buffer.from(text)] as const),
      ...Object.entries(bytes ?? {}).map(([key, base64]) => [key, Buffer.from(base64, 'base64')] as const),
    ]);
  };
