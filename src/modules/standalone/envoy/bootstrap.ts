import { dirname, join } from 'node:path';

export interface BootstrapOptions {
  /** `<namespace>/<name>` of the Gateway. */
  readonly gateway: string;
  /** Directory of the xDS files. */
  readonly xdsDirectory: string;
}

/** Envoy Gateway's own bound on client connections of one proxy. */
const DOWNSTREAM_CONNECTIONS_MAX = 50_000;

/** Where each resource type lies; each in a directory of its own, which Envoy watches for renames. */
export const xdsPaths = {
  clusters: join('clusters', 'clusters.json'),
  listeners: join('listeners', 'listeners.json'),
  routesDirectory: 'routes',
} as const;

/** A config source that reads one file and reads it again when a file is renamed into its directory. */
const fileSource = (xdsDirectory: string, path: string) => ({
  resource_api_version: 'V3',
  path_config_source: {
    path: join(xdsDirectory, path),
    watched_directory: { path: dirname(join(xdsDirectory, path)) },
  },
});

/** Envoy's bootstrap as JSON. The admin listener gets a free port on loopback. @see envoy.config.bootstrap.v3.Bootstrap */
export const envoyBootstrap = ({ gateway, xdsDirectory }: BootstrapOptions): object => ({
  node: { id: `aigw/${gateway}`, cluster: gateway },
  admin: { address: { socket_address: { address: '127.0.0.1', port_value: 0 } } },
  dynamic_resources: {
    cds_config: fileSource(xdsDirectory, xdsPaths.clusters),
    lds_config: fileSource(xdsDirectory, xdsPaths.listeners),
  },
  layered_runtime: {
    layers: [
      {
        name: 'aigw',
        // Model names make long regular expressions; Envoy refuses programs above 100 by default.
        static_layer: { 're2.max_program_size.error_level': 4_294_967_295, 're2.max_program_size.warn_level': 1_000 },
      },
    ],
  },
  overload_manager: {
    resource_monitors: [
      {
        name: 'envoy.resource_monitors.global_downstream_max_connections',
        typed_config: {
          '@type':
            'type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig',
          max_active_downstream_connections: DOWNSTREAM_CONNECTIONS_MAX,
        },
      },
    ],
  },
});
