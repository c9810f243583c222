import type {
  AccessLogFilterSchema,
  AccessLogSchema,
} from '../../../gen/proto/envoy/config/accesslog/v3/accesslog_pb.js';
import type { SubstitutionFormatStringSchema } from '../../../gen/proto/envoy/config/core/v3/substitution_format_string_pb.js';
import { FileAccessLogSchema } from '../../../gen/proto/envoy/extensions/access_loggers/file/v3/file_pb.js';
import { ExpressionFilterSchema } from '../../../gen/proto/envoy/extensions/access_loggers/filters/cel/v3/cel_pb.js';
import {
  StderrAccessLogSchema,
  StdoutAccessLogSchema,
} from '../../../gen/proto/envoy/extensions/access_loggers/stream/v3/stream_pb.js';
import type { AccessLogSetting, AccessLogSink, EnvoyProxy } from '../../../shared/api/envoy-gateway.js';
import type { Cluster } from '../../../gen/proto/envoy/config/cluster/v3/cluster_pb.js';
import { BUILT_IN_ACCESS_LOG } from './built-in-access-log.js';
import { extension, pack, type Init } from './extension.js';
import { openTelemetryLog } from './open-telemetry-log.js';
import type { Translation } from './translate-options.js';

type AccessLogInit = Init<typeof AccessLogSchema>;
type FormatInit = Init<typeof SubstitutionFormatStringSchema>;

/** Access logs by the part of Envoy that writes them. */
export interface AccessLogs {
  readonly listener: readonly AccessLogInit[];
  readonly route: readonly AccessLogInit[];
  readonly upstream: readonly AccessLogInit[];
  /** Collectors that some of them need. */
  readonly clusters: readonly Cluster[];
}

type Place = 'listener' | 'route' | 'upstream';

/** The logs that the EnvoyProxy asks for; without one, or when it says nothing of logs, the built-in lines. */
export function accessLogs(translation: Translation, proxy: EnvoyProxy | undefined): AccessLogs {
  const asked = proxy?.spec?.telemetry?.accessLog;
  const logs: Record<Place, AccessLogInit[]> = { listener: [], route: [], upstream: [] };
  const clusters: Cluster[] = [];
  if (asked?.disable === true) return { ...logs, clusters };
  if (!proxy || !asked?.settings) {
    const built = fileLogs(BUILT_IN_ACCESS_LOG, translation.options.accessLogPath);
    return { ...logs, route: built.map((log) => withFilter(log, BUILT_IN_ACCESS_LOG)), clusters };
  }
  for (const [index, setting] of asked.settings.entries()) {
    const path = `spec.telemetry.accessLog.settings[${index}]`;
    const place = PLACES[setting.type ?? 'Route'];
    if (!place) {
      const message = `"${setting.type}" is not supported: use Listener, Route or Upstream`;
      translation.faults.error(proxy, `${path}.type`, 'UnsupportedValue', message);
    }
    for (const [position, sink] of setting.sinks.entries()) {
      const log = sinkLogs(translation, proxy, `${path}.sinks[${position}]`, `${index}_${position}`, sink, setting);
      if (!place) continue;
      logs[place].push(...log.loggers.map((logger) => withFilter(logger, setting)));
      clusters.push(...log.clusters);
    }
  }
  return { ...logs, clusters };
}

const PLACES: Readonly<Record<string, Place>> = { Listener: 'listener', Route: 'route', Upstream: 'upstream' };

interface SinkLogs {
  readonly loggers: readonly AccessLogInit[];
  readonly clusters: readonly Cluster[];
}

function sinkLogs(
  translation: Translation,
  proxy: EnvoyProxy,
  path: string,
  id: string,
  { type, file, openTelemetry }: AccessLogSink,
  setting: AccessLogSetting,
): SinkLogs {
  if (type === 'File') return { loggers: fileLogs(setting, file?.path ?? '/dev/stdout'), clusters: [] };
  if (type === 'OpenTelemetry' && openTelemetry) {
    const at = `${path}.openTelemetry`;
    const log = openTelemetryLog(translation, proxy, at, `accesslog_otel_${id}`, openTelemetry, setting);
    return log ? { loggers: [log.logger], clusters: [log.cluster] } : { loggers: [], clusters: [] };
  }
  const message = `sink "${type}" is not supported: use File or OpenTelemetry`;
  translation.faults.error(proxy, `${path}.type`, 'UnsupportedValue', message);
  return { loggers: [], clusters: [] };
}

const fileLogs = (setting: Omit<AccessLogSetting, 'sinks'>, path: string): AccessLogInit[] =>
  formats(setting).map((logFormat) => fileLogger(path, logFormat ? { logFormat } : {}));

function withFilter(log: AccessLogInit, { matches = [] }: Omit<AccessLogSetting, 'sinks'>): AccessLogInit {
  const filter = matchFilter(matches);
  return filter ? { ...log, filter } : log;
}

/** The two streams by themselves and not as files, because a stream that is a socket or a pipe has no file to open. */
function fileLogger(path: string, format: { readonly logFormat?: FormatInit }) {
  if (path === '/dev/stdout') return extension('envoy.access_loggers.stdout', StdoutAccessLogSchema, format);
  if (path === '/dev/stderr') return extension('envoy.access_loggers.stderr', StderrAccessLogSchema, format);
  return extension('envoy.access_loggers.file', FileAccessLogSchema, { path, ...format });
}

/** One for each member that is present, unless `type` names one; undefined is Envoy's own text line. */
function formats({ format }: Omit<AccessLogSetting, 'sinks'>): readonly (FormatInit | undefined)[] {
  const found: FormatInit[] = [];
  if (format?.text !== undefined && format.type !== 'JSON') {
    const value = format.text.endsWith('\n') ? format.text : `${format.text}\n`;
    found.push({ format: { case: 'textFormatSource', value: { specifier: { case: 'inlineString', value } } } });
  }
  if (format?.json !== undefined && format.type !== 'Text') {
    found.push({ format: { case: 'jsonFormat', value: { ...format.json } } });
  }
  return found.length > 0 ? found : [undefined];
}

/** A line is written when any one of the expressions holds. */
function matchFilter(matches: readonly string[]): Init<typeof AccessLogFilterSchema> | undefined {
  const filters = matches.map((expression): Init<typeof AccessLogFilterSchema> => ({
    filterSpecifier: {
      case: 'extensionFilter',
      value: {
        name: 'envoy.access_loggers.extension_filters.cel',
        typedConfig: pack(ExpressionFilterSchema, { expression }),
      },
    },
  }));
  return filters.length < 2 ? filters[0] : { filterSpecifier: { case: 'orFilter', value: { filters } } };
}
