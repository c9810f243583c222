import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { DescMessage, JsonValue, MessageShape } from '@bufbuild/protobuf';
import { ClusterSchema, type Cluster } from '../../../gen/proto/envoy/config/cluster/v3/cluster_pb.js';
import { ListenerSchema } from '../../../gen/proto/envoy/config/listener/v3/listener_pb.js';
import { RouteConfigurationSchema } from '../../../gen/proto/envoy/config/route/v3/route_pb.js';
import { SecretSchema } from '../../../gen/proto/envoy/extensions/transport_sockets/tls/v3/secret_pb.js';
import type { XdsResources } from '../../../shared/xds.js';
import { discoveryJson } from '../../../shared/xds-json.js';
import { fileSource, xdsPaths } from './bootstrap.js';

/** One file with a DiscoveryResponse and how to see in Envoy's stats that it was taken. */
export interface XdsFile {
  /** Relative to the directory of the xDS files. */
  readonly path: string;
  /** Of the content: equal content, equal version. */
  readonly version: string;
  readonly content: string;
  /** Names of the stats of its subscriptions without their last part; a route configuration may have none or several. */
  readonly statPrefix: RegExp;
}

export interface XdsFileSet {
  readonly secrets: readonly XdsFile[];
  readonly clusters: XdsFile;
  readonly routes: readonly XdsFile[];
  readonly listeners: XdsFile;
}

/** Matches every stat that a {@link XdsFile.statPrefix} can belong to. */
export const UPDATE_STATS =
  '(cluster_manager\\.cds|listener_manager\\.lds|\\.rds\\..*|\\.sds\\..*|^sds\\..*)\\.(version_text|update_success|update_rejected|update_failure)$';

/** The files of one configuration. Whatever names a route configuration or a secret gets its file as the source. */
export function xdsFiles(xds: XdsResources, xdsDirectory: string): XdsFileSet {
  return {
    secrets: xds.secrets.map((secret) =>
      xdsFile(secretPath(secret.name), SecretSchema, [secret], xdsDirectory, sdsPrefix(secret.name)),
    ),
    clusters: clustersFile(xds.clusters, xdsDirectory),
    routes: xds.routes.map((route) =>
      xdsFile(routePath(route.name), RouteConfigurationSchema, [route], xdsDirectory, rdsPrefix(route.name)),
    ),
    listeners: xdsFile(xdsPaths.listeners, ListenerSchema, xds.listeners, xdsDirectory, /^listener_manager\.lds$/),
  };
}

export const clustersFile = (clusters: readonly Cluster[], xdsDirectory: string): XdsFile =>
  xdsFile(xdsPaths.clusters, ClusterSchema, clusters, xdsDirectory, /^cluster_manager\.cds$/);

/** Names may be long and hold any character. */
export const routePath = (name: string): string => join(xdsPaths.routesDirectory, `${hash(name)}.json`);
const secretPath = (name: string): string => join(xdsPaths.secretsDirectory, `${hash(name)}.json`);

const statName = (name: string): string => name.replaceAll(':', '_').replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const rdsPrefix = (name: string): RegExp => new RegExp(`^http\\..+\\.rds\\.${statName(name)}$`);
const sdsPrefix = (name: string): RegExp => new RegExp(`(^|\\.)sds\\.${statName(name)}$`);

function xdsFile<Desc extends DescMessage>(
  path: string,
  schema: Desc,
  messages: readonly MessageShape<Desc>[],
  xdsDirectory: string,
  statPrefix: RegExp,
): XdsFile {
  const render = (version: string) =>
    `${JSON.stringify(withFileSources(discoveryJson(schema, messages, version), xdsDirectory), null, 1)}\n`;
  const version = hash(render(''));
  return { path, version, statPrefix, content: render(version) };
}

function withFileSources(value: JsonValue, xdsDirectory: string): JsonValue {
  if (Array.isArray(value)) return value.map((one) => withFileSources(one, xdsDirectory));
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, JsonValue> = {};
  for (const [key, member] of Object.entries(value)) copy[key] = withFileSources(member, xdsDirectory);
  const routeName = copy['route_config_name'];
  if (typeof routeName === 'string' && 'config_source' in copy) {
    copy['config_source'] = fileSource(xdsDirectory, routePath(routeName));
  }
  if (typeof copy['name'] === 'string' && 'sds_config' in copy) {
    copy['sds_config'] = fileSource(xdsDirectory, secretPath(copy['name']));
  }
  return copy;
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);
