import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { ClusterSchema, type Cluster } from '../../../gen/proto/envoy/config/cluster/v3/cluster_pb.js';
import { ListenerSchema } from '../../../gen/proto/envoy/config/listener/v3/listener_pb.js';
import { RouteConfigurationSchema } from '../../../gen/proto/envoy/config/route/v3/route_pb.js';
import type { XdsResources } from '../../../shared/xds.js';
import { discoveryJson } from '../../../shared/xds-json.js';
import { xdsPaths } from './bootstrap.js';

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
  readonly clusters: XdsFile;
  readonly routes: readonly XdsFile[];
  readonly listeners: XdsFile;
}

/** Matches every stat that a {@link XdsFile.statPrefix} can belong to. */
export const UPDATE_STATS =
  '(cluster_manager\\.cds|listener_manager\\.lds|\\.rds\\..*)\\.(version_text|update_success|update_rejected|update_failure)$';

/** The files of one configuration; secrets stand in the resources that use them. */
export const xdsFiles = (xds: XdsResources): XdsFileSet => ({
  clusters: clustersFile(xds.clusters),
  routes: xds.routes.map((route) =>
    xdsFile(routePath(route.name), RouteConfigurationSchema, [route], rdsPrefix(route.name)),
  ),
  listeners: xdsFile(xdsPaths.listeners, ListenerSchema, xds.listeners, /^listener_manager\.lds$/),
});

export const clustersFile = (clusters: readonly Cluster[]): XdsFile =>
  xdsFile(xdsPaths.clusters, ClusterSchema, clusters, /^cluster_manager\.cds$/);

/** One file per route configuration: Envoy takes no more from one. Names may be long and hold any character. */
export const routePath = (name: string): string => join(xdsPaths.routesDirectory, `${hash(name)}.json`);

const statName = (name: string): string => name.replaceAll(':', '_').replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const rdsPrefix = (name: string): RegExp => new RegExp(`^http\\..+\\.rds\\.${statName(name)}$`);

function xdsFile<Desc extends DescMessage>(
  path: string,
  schema: Desc,
  messages: readonly MessageShape<Desc>[],
  statPrefix: RegExp,
): XdsFile {
  const render = (version: string) => `${JSON.stringify(discoveryJson(schema, messages, version), null, 1)}\n`;
  const version = hash(render(''));
  return { path, version, statPrefix, content: render(version) };
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);
