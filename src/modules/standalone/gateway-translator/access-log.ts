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
import type { AccessLogSetting, EnvoyProxy } from '../../../shared/api/envoy-gateway.js';
import { BUILT_IN_ACCESS_LOG } from './built-in-access-log.js';
import { extension, pack, type Init } from './extension.js';
import type { Translation } from './translate-options.js';

type AccessLogInit = Init<typeof AccessLogSchema>;
type FormatInit = Init<typeof SubstitutionFormatStringSchema>;

/** Access logs by the part of Envoy that writes them. */
export interface AccessLogs {
  readonly listener: readonly AccessLogInit[];
  readonly route: readonly AccessLogInit[];
  readonly upstream: readonly AccessLogInit[];
}

/** The logs that the EnvoyProxy asks for; without one, or when it says nothing of logs, the built-in lines. */
export function accessLogs(translation: Translation, proxy: EnvoyProxy | undefined): AccessLogs {
  const asked = proxy?.spec?.telemetry?.accessLog;
  const logs: Record<keyof AccessLogs, AccessLogInit[]> = { listener: [], route: [], upstream: [] };
  if (asked?.disable === true) return logs;
  if (!proxy || !asked?.settings) {
    const { accessLogPath } = translation.options;
    const setting = { ...BUILT_IN_ACCESS_LOG, sinks: [{ type: 'File', file: { path: accessLogPath } }] };
    return { ...logs, route: settingLogs(setting) };
  }
  for (const [index, setting] of asked.settings.entries()) {
    const path = `spec.telemetry.accessLog.settings[${index}]`;
    for (const [sink, { type }] of setting.sinks.entries()) {
      if (type === 'File') continue;
      const message = `sink "${type}" is not supported: use File`;
      translation.faults.error(proxy, `${path}.sinks[${sink}].type`, 'UnsupportedValue', message);
    }
    const place = PLACES[setting.type ?? 'Route'];
    if (place) logs[place].push(...settingLogs(setting));
    else {
      const message = `"${setting.type}" is not supported: use Listener, Route or Upstream`;
      translation.faults.error(proxy, `${path}.type`, 'UnsupportedValue', message);
    }
  }
  return logs;
}

const PLACES: Readonly<Record<string, keyof AccessLogs>> = {
  Listener: 'listener',
  Route: 'route',
  Upstream: 'upstream',
};

function settingLogs(setting: AccessLogSetting): AccessLogInit[] {
  const filter = matchFilter(setting.matches ?? []);
  return setting.sinks
    .filter(({ type }) => type === 'File')
    .flatMap(({ file }) =>
      formats(setting).map((logFormat): AccessLogInit => ({
        ...logger(file?.path ?? '/dev/stdout', logFormat ? { logFormat } : {}),
        ...(filter ? { filter } : {}),
      })),
    );
}

/** The two streams by themselves and not as files, because a stream that is a socket or a pipe has no file to open. */
function logger(path: string, format: { readonly logFormat?: FormatInit }) {
  if (path === '/dev/stdout') return extension('envoy.access_loggers.stdout', StdoutAccessLogSchema, format);
  if (path === '/dev/stderr') return extension('envoy.access_loggers.stderr', StderrAccessLogSchema, format);
  return extension('envoy.access_loggers.file', FileAccessLogSchema, { path, ...format });
}

/** One for each member that is present, unless `type` names one; undefined is Envoy's own text line. */
function formats({ format }: AccessLogSetting): readonly (FormatInit | undefined)[] {
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
