import type { Cluster } from '../../../gen/proto/envoy/config/cluster/v3/cluster_pb.js';
import { OpenTelemetryAccessLogConfigSchema } from '../../../gen/proto/envoy/extensions/access_loggers/open_telemetry/v3/logs_service_pb.js';
import type { KeyValueListSchema } from '../../../gen/proto/opentelemetry/proto/common/v1/common_pb.js';
import type { AccessLogSetting, EnvoyProxy, OpenTelemetrySink } from '../../../shared/api/envoy-gateway.js';
import { resolveBackend } from './backend-refs.js';
import { ruleCluster } from './clusters.js';
import { extension, type Init } from './extension.js';
import type { Translation } from './translate-options.js';

const LOG_NAME = 'otel_envoy_accesslog';
/** Envoy's own line, for a setting without a format: a record without body and attributes says nothing. */
const DEFAULT_BODY =
  '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% ' +
  '%BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" ' +
  '"%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%"';

export interface OpenTelemetryLog {
  readonly logger: ReturnType<typeof extension>;
  /** Where the collector is reached. */
  readonly cluster: Cluster;
}

/**
 * The logger of a sink: fields of the format as attributes, its text as body. Undefined, and reported, when its backend
 * cannot be used. `name` is that of the cluster.
 */
export function openTelemetryLog(
  translation: Translation,
  proxy: EnvoyProxy,
  path: string,
  name: string,
  { backendRefs, headers = [], resources = {} }: OpenTelemetrySink,
  { format }: AccessLogSetting,
): OpenTelemetryLog | undefined {
  const refs = backendRefs.flatMap((ref, index) => {
    const backend = resolveBackend(translation, proxy, `${path}.backendRefs[${index}]`, ref);
    // gRPC needs HTTP/2, also towards a collector whose Backend does not say so.
    return backend ? [{ index, weight: 1, backend: { ...backend, protocol: 'h2c' as const } }] : [];
  });
  if (refs.length === 0) return undefined;
  const body = format?.text ?? (format?.json ? undefined : DEFAULT_BODY);
  return {
    cluster: ruleCluster(translation, name, refs, undefined),
    logger: extension('envoy.access_loggers.open_telemetry', OpenTelemetryAccessLogConfigSchema, {
      logName: LOG_NAME,
      grpcService: {
        envoyGrpc: { clusterName: name },
        initialMetadata: headers.map((header) => ({ key: header.name.toLowerCase(), value: header.value })),
      },
      resourceAttributes: keyValues(resources),
      attributes: keyValues(format?.json ?? {}),
      ...(body === undefined ? {} : { body: stringValue(body) }),
    }),
  };
}

const stringValue = (text: string) => ({ value: { case: 'stringValue' as const, value: text } });

const keyValues = (entries: Readonly<Record<string, string>>): Init<typeof KeyValueListSchema> => ({
  values: Object.entries(entries).map(([key, value]) => ({ key, value: stringValue(value) })),
});
