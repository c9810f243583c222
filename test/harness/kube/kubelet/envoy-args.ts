import { parse } from 'yaml';

/** Where Envoy's bootstrap by Envoy Gateway listens. */
export const ENVOY_ADMIN_PORT = 19_000;
export const ENVOY_STATS_PORT = 19_001;
/** Answers the probes; it comes with the listeners, so that Envoys of one machine share it. */
export const ENVOY_READY_PORT = 19_003;

interface SocketAddress {
  readonly port_value?: number;
}

/**
 * Arguments of an Envoy container for an Envoy that shares the machine with others: other ports for what its bootstrap
 * opens (`ports`: old to new), one worker, and names resolved by the name server on the given UDP port of 127.0.0.1.
 */
export function envoyArgs(
  args: readonly string[],
  { ports, dnsPort }: { ports: ReadonlyMap<number, number>; dnsPort: number },
): readonly string[] {
  const at = args.indexOf('--config-yaml') + 1;
  if (at === 0) throw new Error(`no --config-yaml among the arguments of Envoy: ${args.join(' ')}`);
  const bootstrap = parse(args[at] ?? '') as object;
  const edited = { ...(withPorts(bootstrap, ports) as object), typed_dns_resolver_config: resolver(dnsPort) };
  return [
    ...args.slice(0, at),
    JSON.stringify(edited),
    ...args.slice(at + 1).filter((arg) => arg !== '--cpuset-threads'),
    '--concurrency',
    '1',
    '--use-dynamic-base-id',
  ];
}

function withPorts(value: unknown, ports: ReadonlyMap<number, number>): unknown {
  if (Array.isArray(value)) return value.map((item) => withPorts(item, ports));
  if (typeof value !== 'object' || value === null) return value;
  const { port_value: port } = value as SocketAddress;
  const entries = Object.entries(value).map(([key, member]) => [key, withPorts(member, ports)] as const);
  return {
    ...Object.fromEntries(entries),
    ...(port !== undefined && ports.has(port) ? { port_value: ports.get(port) } : {}),
  };
}

const resolver = (port: number) => ({
  name: 'envoy.network.dns_resolver.cares',
  typed_config: {
    '@type': 'type.googleapis.com/envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig',
    resolvers: [{ socket_address: { protocol: 'UDP', address: '127.0.0.1', port_value: port } }],
    dns_resolver_options: { no_default_search_domain: true },
  },
});
