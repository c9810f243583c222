// Envoy and our External Processor, with what the control plane makes of a small configuration.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { objects } from './objects.mjs';
import { freePort, listening, start } from './processes.mjs';

/** Starts the processor of a build (`main`) behind an Envoy with one worker. */
export async function startGateway({ main, envoyPath, directory, providerPort }) {
  mkdirSync(directory);
  const port = await freePort();
  const plainPort = await freePort();
  const socket = join(directory, 'extproc.sock');
  const configPath = join(directory, 'filter-config.yaml');
  const envoyConfigPath = join(directory, 'envoy.json');
  const { xds, filterConfig } = await plan(main, directory, socket, objects(port, providerPort));
  writeFileSync(configPath, filterConfig);
  writeFileSync(envoyConfigPath, bootstrap(xds, plainPort, providerPort));
  const flags = [
    `-extProcAddr=unix://${socket}`,
    `-configPath=${configPath}`,
    '-adminPort=0',
    '-logLevel=warn',
    '-shutdownDelay=0s',
  ];
  const extproc = start(process.execPath, [main, 'extproc', ...flags], join(directory, 'extproc.log'), {
    AIGW_EXIT_ON_STDIN_CLOSE: '1',
  });
  await listening(extproc, socket, 'the External Processor');
  const args = ['-c', envoyConfigPath, '--concurrency', '1', '--use-dynamic-base-id', '-l', 'error'];
  const envoy = start(envoyPath, args, join(directory, 'envoy.log'));
  await listening(envoy, port, 'Envoy');
  return { extproc, envoy, port, plainPort };
}

/** The pipeline of `aigw run`, out of the build under test. */
async function plan(main, directory, socketPath, resources) {
  const load = (path) => import(pathToFileURL(join(dirname(main), path)).href);
  const [{ ConfigSource }, { xdsToJson }, { serializeFilterConfig }] = await Promise.all([
    load('modules/standalone/reload/config-source.js'),
    load('shared/xds-json.js'),
    load('shared/filter-config/serialize.js'),
  ]);
  const text = resources.map((one) => JSON.stringify(one)).join('\n---\n');
  const settings = { version: 'bench', xdsDirectory: directory, socketPath, logHeaderAttributes: new Map() };
  const source = new ConfigSource({ origin: { kind: 'generated', text }, env: {}, isLenient: false, plan: settings });
  const { plan: planned, problems } = await source.read();
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (!planned || errors.length > 0) throw new Error(`no plan: ${JSON.stringify(errors)}`);
  return { xds: xdsToJson(planned.xds), filterConfig: serializeFilterConfig({ ...planned.filterConfig, version: '' }) };
}

const type = (name) => `type.googleapis.com/envoy.extensions.filters.${name}`;
const loopback = (port) => ({ socket_address: { address: '127.0.0.1', port_value: port } });

/** All of it static, with a listener that knows no processor besides; no access logs, which would be measured too. */
function bootstrap({ listeners, routes, clusters }, plainPort, providerPort) {
  const tables = new Map(routes.map((table) => [table.name, table]));
  const adapt = (key, value) => {
    if (key === 'access_log' || key === 'upstream_log') return undefined;
    if (value === '0.0.0.0') return '127.0.0.1';
    if (typeof value !== 'object' || value === null || !('rds' in value)) return value;
    const { rds, ...manager } = value;
    return { ...manager, route_config: tables.get(rds.route_config_name) };
  };
  const plainRoute = { match: { prefix: '/' }, route: { cluster: 'plain' } };
  const manager = {
    '@type': type('network.http_connection_manager.v3.HttpConnectionManager'),
    stat_prefix: 'plain',
    route_config: { virtual_hosts: [{ name: 'all', domains: ['*'], routes: [plainRoute] }] },
    http_filters: [{ name: 'envoy.filters.http.router', typed_config: { '@type': type('http.router.v3.Router') } }],
  };
  const buffer = { per_connection_buffer_limit_bytes: 52_428_800 };
  const filters = [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager }];
  const plainListener = { name: 'plain', address: loopback(plainPort), ...buffer, filter_chains: [{ filters }] };
  const endpoints = [{ lb_endpoints: [{ endpoint: { address: loopback(providerPort) } }] }];
  const plainCluster = {
    name: 'plain',
    type: 'STATIC',
    ...buffer,
    load_assignment: { cluster_name: 'plain', endpoints },
  };
  const resources = { listeners: [...listeners, plainListener], clusters: [...clusters, plainCluster] };
  return JSON.stringify({ static_resources: resources }, adapt);
}
