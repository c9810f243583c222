import type { XdsJson } from '../../src/shared/xds-json.js';

/**
 * A bootstrap that holds the resources, as JSON text. Routing tables stand inside the listeners instead of behind RDS,
 * which validation does not follow. The admin listener is a socket at `adminPath`.
 */
export function staticBootstrap({ listeners, routes, clusters }: XdsJson, adminPath: string): string {
  const tables = new Map(routes.map((table) => [(table as { readonly name: string }).name, table]));
  const inline = (_key: string, value: unknown): unknown => {
    if (typeof value !== 'object' || value === null || !('rds' in value)) return value;
    const { rds, ...manager } = value as { readonly rds: { readonly route_config_name: string } };
    return { ...manager, route_config: tables.get(rds.route_config_name) };
  };
  const bootstrap = {
    admin: { address: { pipe: { path: adminPath } } },
    static_resources: { listeners, clusters },
    layered_runtime: { layers: [{ name: 'test', static_layer: { 're2.max_program_size.error_level': 1_000_000 } }] },
  };
  return JSON.stringify(bootstrap, inline);
}
