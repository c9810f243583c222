import type { ClusterClient } from '../../modules/crd/connection/cluster-client.js';
import type { KubeObject } from '../../shared/api/kube-object.js';
import { kinds } from '../../shared/api/kinds.js';

/** Fixed by Envoy Gateway; in its own namespace. There is none while its `provider.kubernetes.leaderElection` is disabled. */
export const ENVOY_GATEWAY_LEASE = '5b9825d2.gateway.envoyproxy.io';

interface Lease extends KubeObject {
  readonly spec?: { readonly holderIdentity?: string; readonly renewTime?: string };
}

/** Changes whenever Envoy Gateway renews its Lease; undefined when there is none. Rejects when it cannot be read. */
export async function leaseOfEnvoyGateway(client: ClusterClient, namespace: string): Promise<string | undefined> {
  const found = await client.get({ type: kinds.lease, namespace, name: ENVOY_GATEWAY_LEASE });
  if (found === undefined) return undefined;
  const { holderIdentity = '', renewTime = '' } = (found.object as Lease).spec ?? {};
  return `${holderIdentity} ${renewTime}`;
}
