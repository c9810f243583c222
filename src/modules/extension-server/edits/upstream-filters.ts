import { create } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import type { Cluster } from '../../../gen/proto/envoy/config/cluster/v3/cluster_pb.js';
import { HeaderMutationSchema as HeaderChangeSchema } from '../../../gen/proto/envoy/config/common/mutation_rules/v3/mutation_rules_pb.js';
import { HeaderValueOption_HeaderAppendAction } from '../../../gen/proto/envoy/config/core/v3/base_pb.js';
import { ExternalProcessorSchema } from '../../../gen/proto/envoy/extensions/filters/http/ext_proc/v3/ext_proc_pb.js';
import { HeaderMutationSchema } from '../../../gen/proto/envoy/extensions/filters/http/header_mutation/v3/header_mutation_pb.js';
import { UpstreamCodecSchema } from '../../../gen/proto/envoy/extensions/filters/http/upstream_codec/v3/upstream_codec_pb.js';
import {
  HttpFilterSchema,
  type HttpFilter,
} from '../../../gen/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import {
  HttpProtocolOptionsSchema,
  type HttpProtocolOptions,
} from '../../../gen/proto/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.js';
import { METADATA_NAMESPACE, metadataKeys } from '../../../shared/headers.js';
import { upstreamProcessor } from './ext-proc-filters.js';
import type { ExtProcTarget } from './extproc-target.js';
import { unpack } from './packed.js';
import { EXT_PROC_FILTER, HTTP_PROTOCOL_OPTIONS } from './xds-names.js';

/**
 * The cluster with the external processor in front of its codec. What Envoy Gateway set stays, filters included; a
 * cluster that has the processor comes back as it is.
 * @returns undefined when the existing options cannot be decoded; Envoy refuses such a cluster too.
 * @see spec extension-server.md section 9.2
 */
export type UpstreamFiltersEdit = (cluster: Cluster, forwardingNamespaces: readonly string[]) => Cluster | undefined;

/** The edit for the clusters of one translation, which are many and have few different filters: each is encoded once. */
export function upstreamFiltersEdit(target?: ExtProcTarget): UpstreamFiltersEdit {
  const processors = new Map<string, HttpFilter>();
  return (cluster, forwardingNamespaces) => {
    const key = forwardingNamespaces.join('\0');
    const processor = processors.get(key) ?? processorFilter(forwardingNamespaces, target);
    processors.set(key, processor);
    return withFilters(cluster, [processor, CONTENT_LENGTH_FILTER]);
  };
}

function withFilters(cluster: Cluster, added: readonly HttpFilter[]): Cluster | undefined {
  const packed = cluster.typedExtensionProtocolOptions[HTTP_PROTOCOL_OPTIONS];
  const options = packed === undefined ? http1Options() : unpack(packed, HttpProtocolOptionsSchema);
  if (options === undefined) return undefined;
  if (options.httpFilters.some((filter) => filter.name === EXT_PROC_FILTER)) return cluster;
  const httpFilters =
    options.httpFilters.length === 0
      ? [...added, CODEC_FILTER]
      : [...options.httpFilters.slice(0, -1), ...added, ...options.httpFilters.slice(-1)];
  return {
    ...cluster,
    typedExtensionProtocolOptions: {
      ...cluster.typedExtensionProtocolOptions,
      [HTTP_PROTOCOL_OPTIONS]: anyPack(HttpProtocolOptionsSchema, { ...options, httpFilters }),
    },
  };
}

const http1Options = (): HttpProtocolOptions =>
  create(HttpProtocolOptionsSchema, {
    upstreamProtocolOptions: {
      case: 'explicitHttpConfig',
      value: { protocolConfig: { case: 'httpProtocolOptions', value: {} } },
    },
  });

const processorFilter = (forwardingNamespaces: readonly string[], target: ExtProcTarget | undefined): HttpFilter =>
  create(HttpFilterSchema, {
    name: EXT_PROC_FILTER,
    typedConfig: anyPack(ExternalProcessorSchema, upstreamProcessor(forwardingNamespaces, target)),
  });

/** Envoy drops `content-length` when the processor replaces the body at header time; this puts it back. */
const APPEND_CONTENT_LENGTH = create(HeaderChangeSchema, {
  action: {
    case: 'append',
    value: {
      header: {
        key: 'content-length',
        value: `%DYNAMIC_METADATA(${METADATA_NAMESPACE}:${metadataKeys.contentLength})%`,
      },
      appendAction: HeaderValueOption_HeaderAppendAction.ADD_IF_ABSENT,
    },
  },
});
const CONTENT_LENGTH_FILTER = create(HttpFilterSchema, {
  name: 'envoy.filters.http.header_mutation',
  typedConfig: anyPack(
    HeaderMutationSchema,
    create(HeaderMutationSchema, { mutations: { requestMutations: [APPEND_CONTENT_LENGTH] } }),
  ),
});

/** Every upstream chain ends with the codec. */
const CODEC_FILTER = create(HttpFilterSchema, {
  name: 'envoy.filters.http.upstream_codec',
  typedConfig: anyPack(UpstreamCodecSchema, create(UpstreamCodecSchema)),
});
