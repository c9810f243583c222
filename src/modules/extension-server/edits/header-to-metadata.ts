import { create } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import {
  ConfigSchema,
  Config_RuleSchema,
  Config_ValueType,
  type Config_Rule,
} from '../../../gen/proto/envoy/extensions/filters/http/header_to_metadata/v3/header_to_metadata_pb.js';
import {
  HttpFilterSchema,
  type HttpConnectionManager,
} from '../../../gen/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { METADATA_NAMESPACE } from '../../../shared/headers.js';
import { unpack } from './packed.js';
import { ROUTER_FILTER } from './xds-names.js';

const HEADER_TO_METADATA = 'envoy.filters.http.header_to_metadata';

/**
 * The manager with request headers copied into dynamic metadata, where access logs find them. Rules that exist for a
 * header win over ours.
 * @returns undefined when the chain has no router, or a filter of this name that cannot be decoded
 * @see spec extension-server.md section 16
 */
export function withHeaderToMetadata(
  manager: HttpConnectionManager,
  keysByHeader: ReadonlyMap<string, string>,
): HttpConnectionManager | undefined {
  if (keysByHeader.size === 0) return manager;
  const existing = manager.httpFilters.findIndex((filter) => filter.name === HEADER_TO_METADATA);
  return existing === -1
    ? insertBeforeRouter(manager, rulesOf(keysByHeader))
    : mergeInto(manager, existing, rulesOf(keysByHeader));
}

/** One rule per header, by header name, so that the order of the mapping does not change the listener. */
const rulesOf = (keysByHeader: ReadonlyMap<string, string>): Config_Rule[] =>
  [...keysByHeader].sort(byHeader).map(([header, key]) =>
    create(Config_RuleSchema, {
      header,
      onHeaderPresent: { metadataNamespace: METADATA_NAMESPACE, key, type: Config_ValueType.STRING },
    }),
  );

const byHeader = ([left]: [string, string], [right]: [string, string]): number => (left < right ? -1 : 1);

function insertBeforeRouter(manager: HttpConnectionManager, requestRules: Config_Rule[]) {
  const router = manager.httpFilters.findIndex((filter) => filter.name === ROUTER_FILTER);
  if (router === -1) return undefined;
  const filter = create(HttpFilterSchema, {
    name: HEADER_TO_METADATA,
    typedConfig: anyPack(ConfigSchema, create(ConfigSchema, { requestRules })),
  });
  return { ...manager, httpFilters: manager.httpFilters.toSpliced(router, 0, filter) };
}

function mergeInto(manager: HttpConnectionManager, index: number, rules: readonly Config_Rule[]) {
  const filter = manager.httpFilters[index];

  const config = unpack(filter?.typedConfig, ConfigSchema);
  if (filter === undefined || config === undefined) return undefined;
  const covered = new Set(config.requestRules.map((rule) => rule.header.toLowerCase()));
  const missing = rules.filter((rule) => !covered.has(rule.header.toLowerCase()));
  if (missing.length === 0) return manager;
  const merged = anyPack(ConfigSchema, { ...config, requestRules: [...config.requestRules, ...missing] });
  return { ...manager, httpFilters: manager.httpFilters.with(index, { ...filter, typedConfig: merged }) };
}
