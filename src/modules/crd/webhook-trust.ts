import { kinds } from '../../shared/api/kinds.js';
import type { GroupKind, KubeObject } from '../../shared/api/kube-object.js';
import type { ClusterClient } from './connection/cluster-client.js';

interface WebhookConfiguration extends KubeObject {
  readonly webhooks?: readonly { readonly name: string; readonly clientConfig?: { readonly caBundle?: string } }[];
}

const TYPES: readonly GroupKind[] = [kinds.mutatingWebhookConfiguration, kinds.validatingWebhookConfiguration];

/**
 * Puts a CA bundle (PEM) into every entry of the webhook configurations of a name, where it differs. Gives the number of
 * configurations that exist.
 */
export async function trustWebhookCa(client: ClusterClient, name: string, ca: string): Promise<number> {
  const caBundle = Buffer.from(ca).toString('base64');
  const found = await Promise.all(
    TYPES.map(async (type) => {
      const read = await client.get({ type, namespace: '', name });
      if (!read) return 0;
      const { webhooks = [], metadata } = read.object as WebhookConfiguration;
      const patch = webhooks.flatMap(({ clientConfig }, index) =>
        clientConfig?.caBundle === caBundle
          ? []
          : [{ op: 'add', path: `/webhooks/${index}/clientConfig/caBundle`, value: caBundle }],
      );
      // Entries are patched by position: they must be those that were read.
      const unchanged = { op: 'test', path: '/metadata/resourceVersion', value: metadata.resourceVersion };
      if (patch.length > 0) await client.jsonPatch({ type, namespace: '', name }, [unchanged, ...patch]);
      return 1;
    }),
  );
  return found.reduce<number>((sum, count) => sum + count, 0);
}
