import { isIpLiteral } from './ip-literal.js';

const EXPECTED = 'ip:port with a port from 1 to 65535, an IPv6 address in brackets';

export interface ProxyAddress {
  readonly host: string;
  readonly port: number;
}

/** The address in `spec.forwardProxy.address` of a GatewayConfig, or why Envoy cannot use it. */
export function usableProxyAddress(text: string): ProxyAddress | string {
  const address = parseProxyAddress(text);
  if (address === undefined) return `"${text}" is no proxy address; expected ${EXPECTED}`;
  if (isIpLiteral(address.host)) return address;
  // Envoy 1.38 refuses the whole cluster ("malformed IP address") and would keep the one it has, proxy or not.
  return `Envoy does not resolve the host name "${address.host}" of a proxy; expected ${EXPECTED}`;
}

/** `host:port` with a port from 1 to 65535; IPv6 in brackets. Undefined for anything else. */
export function parseProxyAddress(text: string): ProxyAddress | undefined {
  const match = /^(?:\[([^[\]]+)\]|([^:[\]\s/]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host !== undefined && port >= 1 && port <= 65_535 ? { host, port } : undefined;
}
