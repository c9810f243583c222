import { isIP } from 'node:net';
import type { ListenAddress } from '../../../platform/grpc/listen-address.js';
import { EXTPROC_PORT } from '../../../shared/extproc-pod/service.js';

/**
 * With several replicas, the streams of one request may meet different ones. Its id then names the replica that holds it:
 * `<id>@<ip>:<port>`. Clients cannot choose it, because the router phase overwrites the header.
 */
export const idAt = (id: string, address: string | undefined): string =>
  address === undefined ? id : `${id}@${address}`;

/**
 * The replica that holds the request of an id, as `<ip>:<port>`; undefined for ids without one, for our own, and for what no
 * replica can be: only addresses with the port of replicas are ever called. `own` is undefined beside Envoy, where ids of
 * replicas come while the mode of the processors is changed.
 */
export function peerOf(id: string | undefined, own: string | undefined): string | undefined {
  const at = id?.lastIndexOf('@') ?? -1;
  if (at < 0) return undefined;
  const address = id!.slice(at + 1);
  if (address === own) return undefined;
  const parsed = parsePeerAddress(address);
  const port = own === undefined ? EXTPROC_PORT : parsePeerAddress(own)?.port;
  return parsed !== undefined && parsed.port === port ? address : undefined;
}

/** `<ip>:<port>`, IPv6 in brackets or, as Kubernetes' `$(POD_IP):<port>` writes it, without. */
export function parsePeerAddress(text: string): (ListenAddress & { readonly kind: 'tcp' }) | undefined {
  const match = /^\[?(?<host>[0-9a-fA-F.:]+?)\]?:(?<port>\d{1,5})$/.exec(text);
  const host = match?.groups?.['host'] ?? '';
  const port = Number(match?.groups?.['port']);
  return isIP(host) !== 0 && port > 0 && port <= 65_535 ? { kind: 'tcp', host, port } : undefined;
}
