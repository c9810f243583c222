import type { ClusterConnection } from './connection/cluster-connection.js';
import type { WatchScope } from './informers/watched-kinds.js';

/** How the control plane uses a cluster; plain data, from flags and environment. */
export interface ClusterSettings extends WatchScope {
  readonly connection: ClusterConnection;
  /** Of this process (`POD_NAMESPACE`): the Lease lives there. */
  readonly namespace: string;
  /** Of this process among its replicas, and another one after each start; in the Lease and in Events. */
  readonly identity: string;
  readonly cacheSyncTimeoutMs: number;
  /** False: this process leads as soon as it is synced, alone by agreement. */
  readonly usesLeaderElection: boolean;
  /** Whether the leader has objects stored anew that are stored in a former version; for that it must see all namespaces. */
  readonly migratesStorageVersions: boolean;
}
