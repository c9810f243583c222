/**
 * Hostnames of listeners and routes. A hostname is exact, or `*.` and a domain, or `*` for every host.
 * @see Gateway API HTTPRoute `spec.hostnames`
 */
export const ANY_HOST = '*';

/** Whether every host that `inner` stands for is also one of `outer`. */
export function covers(outer: string, inner: string): boolean {
  if (outer === ANY_HOST || outer === inner) return true;
  return outer.startsWith('*.') && inner.endsWith(outer.slice(1)) && inner !== outer.slice(1);
}

/** The hosts of a route on a listener, sorted; empty when the two have none in common. */
export function intersectHostnames(listenerHost: string, routeHosts: readonly string[]): readonly string[] {
  if (routeHosts.length === 0) return [listenerHost];
  const hosts = routeHosts.flatMap((host) => {
    if (covers(listenerHost, host)) return [host];
    return covers(host, listenerHost) ? [listenerHost] : [];
  });
  return [...new Set(hosts)].sort();
}

/** How Envoy Gateway writes a host into the names of virtual hosts and routes. */
export const hostInName = (host: string): string => host.replaceAll('.', '_');
