import { create } from '@bufbuild/protobuf';
import {
  Cluster_DiscoveryType,
  Cluster_DnsLookupFamily,
  ClusterSchema,
  type Cluster,
} from '../../../gen/proto/envoy/config/cluster/v3/cluster_pb.js';
import type { Any } from '@bufbuild/protobuf/wkt';
import { HttpProtocolOptionsSchema } from '../../../gen/proto/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.js';
import type { BackendTrafficPolicy } from '../../../shared/api/envoy-gateway.js';
import type { ResolvedBackend, ResolvedBackendRef } from './backend-refs.js';
import { toDuration } from './duration.js';
import { localities } from './endpoints.js';
import { pack } from './extension.js';
import { tlsMatchName } from './names.js';
import { placeholderSocket, upstreamTlsSocket } from './tls.js';
import { clusterSettings, connectionLimits } from './traffic-policy.js';
import type { Translation } from './translate-options.js';

const PROTOCOL_OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
const DNS_REFRESH_MS = 30_000;
/** Envoy Gateway's windows, much smaller than Envoy's own. */
export const HTTP2_WINDOWS = { initialStreamWindowSize: 65_536, initialConnectionWindowSize: 1_048_576 } as const;

/**
 * The cluster of a rule: all its backends, one locality each, so that priorities make a fallback order. The endpoints
 * stand in the cluster itself; addresses are fixed or resolved by DNS. @see spec extension-server.md sections 4 and 19
 */
export function ruleCluster(
  translation: Translation,
  name: string,
  refs: readonly ResolvedBackendRef[],
  policy: BackendTrafficPolicy | undefined,
): Cluster {
  const backends = refs.flatMap(({ backend }) => backend ?? []);
  const usesDns = backends.some(({ endpoints }) => endpoints.some(({ fqdn }) => fqdn));
  const isAllTls = backends.every(({ tls }) => tls !== 'plain');
  const protocolOptions = httpProtocolOptions(translation, backends, isAllTls, policy);
  return create(ClusterSchema, {
    name,
    ...clusterSettings(translation, policy),
    ignoreHealthOnHostRemoval: true,
    clusterDiscoveryType: {
      case: 'type',
      value: usesDns ? Cluster_DiscoveryType.STRICT_DNS : Cluster_DiscoveryType.STATIC,
    },
    ...(usesDns
      ? {
          dnsLookupFamily: Cluster_DnsLookupFamily.V4_PREFERRED,
          dnsRefreshRate: toDuration(DNS_REFRESH_MS),
          respectDnsTtl: true,
        }
      : {}),
    loadAssignment: { clusterName: name, endpoints: localities(name, refs) },
    transportSocketMatches: refs.flatMap(({ backend }, position) => {
      if (!backend || backend.tls === 'plain') return [];
      const match = tlsMatchName(name, position);
      return [{ name: match, match: { name: match }, transportSocket: upstreamTlsSocket(backend.tls) }];
    }),
    ...(isAllTls ? { transportSocket: placeholderSocket() } : {}),
    ...(protocolOptions ? { typedExtensionProtocolOptions: { [PROTOCOL_OPTIONS]: protocolOptions } } : {}),
  });
}

/** HTTP version towards the backends: by ALPN when all speak TLS, HTTP/2 when all ask for it in plain, else HTTP/1.1. */
function httpProtocolOptions(
  translation: Translation,
  backends: readonly ResolvedBackend[],
  isAllTls: boolean,
  policy: BackendTrafficPolicy | undefined,
): Any | undefined {
  const limits = connectionLimits(translation, policy);
  const common = limits ? { commonHttpProtocolOptions: limits } : {};
  const h2c = backends.filter(({ protocol }) => protocol === 'h2c');
  if (h2c.length > 0 && h2c.length === backends.length && !isAllTls) {
    return pack(HttpProtocolOptionsSchema, {
      ...common,
      upstreamProtocolOptions: {
        case: 'explicitHttpConfig',
        value: { protocolConfig: { case: 'http2ProtocolOptions', value: HTTP2_WINDOWS } },
      },
    });
  }
  if (isAllTls && backends.every(({ protocol }) => protocol !== 'http1')) {
    return pack(HttpProtocolOptionsSchema, {
      ...common,
      upstreamProtocolOptions: {
        case: 'autoConfig',
        value: { httpProtocolOptions: {}, http2ProtocolOptions: HTTP2_WINDOWS },
      },
    });
  }
  for (const { object } of h2c) {
    translation.faults.warning(
      object,
      'spec.appProtocols',
      'UnsupportedProtocol',
      'used with HTTP/1.1 in a rule that also has backends of other kinds: give h2c backends a rule of their own',
    );
  }
  if (!limits) return undefined;
  return pack(HttpProtocolOptionsSchema, {
    ...common,
    upstreamProtocolOptions: {
      case: 'explicitHttpConfig',
      value: { protocolConfig: { case: 'httpProtocolOptions', value: {} } },
    },
  });
}
