import type { ClusterClient } from '../../modules/crd/connection/cluster-client.js';
import { ApiError } from '../../modules/crd/connection/api-error.js';
import type { ConfigMap } from '../../shared/api/gateway-api.js';
import { kinds } from '../../shared/api/kinds.js';
import type { ObjectKey } from '../../shared/api/kube-object.js';
import { forgottenEntries, TRANSLATION_RECORD_NAME } from '../../shared/api/translation-record.js';

const NOT_FOUND = 404;

/** Merges entries into the ConfigMap, null removing one, and the labels of `record`; creates it when there is none. */
export async function mergeTranslationRecord(
  client: ClusterClient,
  record: ConfigMap,
  data: Readonly<Record<string, string | null>>,
): Promise<void> {
  const { name, namespace = '', labels } = record.metadata;
  try {
    await client.mergePatch({ type: kinds.configMap, namespace, name }, { metadata: { labels }, data });
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== NOT_FOUND) throw error;
    await client.create(record);
  }
}

/** Takes Gateways out of the ConfigMap. */
export async function forgetTranslations(
  client: ClusterClient,
  namespace: string,
  gateways: readonly ObjectKey[],
): Promise<void> {
  const data = Object.assign({}, ...gateways.map(forgottenEntries)) as Readonly<Record<string, null>>;
  await client.mergePatch({ type: kinds.configMap, namespace, name: TRANSLATION_RECORD_NAME }, { data });
}
