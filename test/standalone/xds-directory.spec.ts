import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { EnvoyAdmin } from '../../src/modules/standalone/envoy/envoy-admin.js';
import { envoyBootstrap } from '../../src/modules/standalone/envoy/bootstrap.js';
import { EnvoyProcess } from '../../src/modules/standalone/envoy/envoy-process.js';
import { ConfigRefused, XdsDirectory } from '../../src/modules/standalone/envoy/xds-directory.js';
import { routePath } from '../../src/modules/standalone/envoy/xds-files.js';
import { runPaths } from '../../src/modules/standalone/settings/run-settings.js';
import type { XdsResources } from '../../src/shared/xds.js';
import { xdsFromJson } from '../../src/shared/xds-json.js';
import { freePort } from '../harness/free-port.js';
import { TemporaryDirectory } from '../harness/temporary-directory.js';

const home = new TemporaryDirectory();
const paths = runPaths({
  runId: 'x',
  directories: { configHome: '', dataHome: '', stateHome: home.path, runtimeDirectory: home.file('run') },
});
const admin = new EnvoyAdmin(paths.adminAddress);
const envoy = new EnvoyProcess({
  binary: process.env['ENVOY_PATH'] ?? 'envoy',
  paths,
  admin,
  concurrency: 1,
  isDebug: false,
  env: process.env,
  report: () => undefined,
  showLine: () => undefined,
});
const xds = new XdsDirectory({ directory: paths.xds, admin, takeRefusal: () => envoy.takeRefusal(), lingerMs: 60_000 });
let port: number;

interface Parts {
  readonly answer?: string;
  readonly domains?: readonly string[];
  readonly statPrefix?: string;
  readonly connectTimeout?: string;
}

/** One listener whose only route answers by itself, and a cluster that nobody uses. */
const resourcesWith = ({
  answer = 'one',
  domains = ['*'],
  statPrefix = 'http',
  connectTimeout = '1s',
}: Parts): XdsResources =>
  xdsFromJson({
    listeners: [
      {
        name: 'listener',
        address: { socket_address: { address: '127.0.0.1', port_value: port } },
        filter_chains: [
          {
            filters: [
              {
                name: 'http',
                typed_config: {
                  '@type':
                    'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
                  stat_prefix: statPrefix,
                  rds: {
                    route_config_name: 'a/b:c',
                    config_source: {
                      resource_api_version: 'V3',
                      path_config_source: { path: `${paths.xds}/${routePath('a/b:c')}` },
                    },
                  },
                  http_filters: [
                    {
                      name: 'router',
                      typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
                    },
                  ],
                },
              },
            ],
          },
        ],
      },
    ],
    routes: [
      {
        name: 'a/b:c',
        virtual_hosts: [
          {
            name: 'all',
            domains: [...domains],
            routes: [{ match: { prefix: '/' }, direct_response: { status: 200, body: { inline_string: answer } } }],
          },
        ],
      },
    ],
    clusters: [{ name: 'unused', type: 'STATIC', connect_timeout: connectTimeout }],
  });

const ask = async (): Promise<string> => (await fetch(`http://127.0.0.1:${port}/`)).text();

beforeAll(async () => {
  port = await freePort();
  for (const path of [paths.state, paths.runtime]) mkdirSync(path, { recursive: true });
  await xds.writeFirst(resourcesWith({}));
  writeFileSync(paths.bootstrap, JSON.stringify(envoyBootstrap({ gateway: 'a/b', xdsDirectory: paths.xds })));
  await envoy.process.start();
  await xds.confirm();
});
afterAll(async () => {
  xds.close();
  await envoy.process.stop(5_000);
  home.remove();
});

describe('XdsDirectory', () => {
  it('has served the first configuration when it is confirmed', async () => {
    expect(await ask()).toBe('one');
  });

  it('serves a change when it resolves', async () => {
    await xds.replace(resourcesWith({ answer: 'two' }));
    expect(await ask()).toBe('two');
  });

  it.each<[string, Parts, string]>([
    ['routes', { domains: ['*', '*'] }, 'Only a single wildcard domain is permitted in route a/b:c'],
    [
      'listeners',
      { statPrefix: '' },
      'HttpConnectionManagerValidationError.StatPrefix: value length must be at least 1 characters',
    ],
    ['clusters', { connectTimeout: '0s' }, 'ClusterValidationError.ConnectTimeout: value must be greater than 0s'],
  ])('rejects with the reason of Envoy when %s are refused, and puts the files back', async (_, parts, reason) => {
    const listeners = () => readFileSync(`${paths.xds}/listeners/listeners.json`, 'utf8');
    const before = listeners();
    const refused = xds.replace(resourcesWith({ answer: 'three', ...parts })).then(
      () => undefined,
      (error: unknown) => error as Error,
    );
    expect(await refused).toBeInstanceOf(ConfigRefused);
    const { message } = (await refused)!;
    expect(message).toMatch(/^Envoy refused \w+\/\w+\.json: /);
    expect(message).toContain(reason);
    expect(message).not.toContain('three');
    expect(listeners()).toBe(before);
    await xds.replace(resourcesWith({ answer: `after ${reason}` }));
    expect(await ask()).toBe(`after ${reason}`);
  });
});
