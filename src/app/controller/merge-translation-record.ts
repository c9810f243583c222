import type { ClusterClient } from '../../modules/crd/connection/cluster-client.js';
import { ApiError } from '../../modules/crd/connection/api-error.js';
import type { ConfigMap } from '../../shared/api/gateway-api.js';
import { kinds } from '../../shared/api/kinds.js';

const NOT_FOUND = 404;

/** Merges entries into the ConfigMap, null removing one; creates it when there is none. */
export async function mergeTranslationRecord(
  client: ClusterClient,
  record: ConfigMap,
  data: Readonly<Record<string, string | null>>,
): Promise<void> {
  const { name, namespace = '' } = record.metadata;
  try {
    await client.mergePatch({ type: kinds.configMap, namespace, name }, { data });
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== NOT_FOUND) throw error;
    await client.create(record);
  }
}
