import type { ApiCredentials } from './api-credentials.js';

/** Where the API server is and how this process shows who it is. */
export interface ClusterConnection {
  readonly server: URL;
  /** Of the kubeconfig context or the pod. */
  readonly namespace: string | undefined;
  readonly tls: {
    readonly rejectUnauthorized: boolean;
    /** Name that the certificate must carry instead of the host. */
    readonly servername?: string;
  };
  readonly credentials: ApiCredentials;
}
