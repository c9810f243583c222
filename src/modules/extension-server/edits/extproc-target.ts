import { EXT_PROC_CLUSTER, EXT_PROC_SERVICE_CLUSTER } from './xds-names.js';

/** Where Envoy finds the external processor beside it. A host must be an IP address: the cluster is STATIC. */
export type ExtProcAddress = { readonly udsPath: string } | { readonly host: string; readonly port: number };

/** External processors that run as a deployment of their own, any number of replicas. */
export interface ExtProcDeployment {
  /** Of a headless Service, `<service>.<ns>.svc`: each replica must be an address of its own, or streams of one request part. */
  readonly dnsName: string;
  readonly port: number;
  /** Absent: plain text. */
  readonly tls?: ExtProcTls;
}

export interface ExtProcTls {
  /** Bundle of CA certificates, PEM; empty while it is not known: the processor is then not reached at all. */
  readonly ca: string;
  /** Server name that is sent and expected in the certificate; default: the DNS name. */
  readonly serverName?: string;
}

export type ExtProcTarget = ExtProcAddress | ExtProcDeployment;

export const extProcClusterName = (target: ExtProcTarget | undefined): string =>
  target !== undefined && 'dnsName' in target ? EXT_PROC_SERVICE_CLUSTER : EXT_PROC_CLUSTER;
