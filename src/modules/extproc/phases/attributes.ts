import { attributes } from '../../../shared/headers.js';
import type { StructObject } from '../wire/struct.js';

/** Name of the chosen backend: that of the endpoint, else that of the cluster. An empty name counts as found. */
export function backendNameOf(found: StructObject): string | undefined {
  return textOf(found, attributes.hostBackendName) ?? textOf(found, attributes.clusterBackendName);
}

/** `<ns>/<name>` of the AIGatewayRoute that Envoy matched. */
export const routeNameOf = (found: StructObject | undefined): string | undefined =>
  textOf(found, attributes.routeName) || undefined;

/** Fingerprint of the authentication filters that Envoy found on a route. */
export const authDomainOf = (found: StructObject | undefined): string | undefined =>
  textOf(found, attributes.authDomain) || undefined;

/** Host that AWS signatures name. */
export const upstreamHostOf = (found: StructObject): string | undefined =>
  textOf(found, attributes.hostUpstreamHost) || undefined;

function textOf(found: StructObject | undefined, name: string): string | undefined {
  const value = found?.[name];
  return typeof value === 'string' ? value : undefined;
}
