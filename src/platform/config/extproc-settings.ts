import { isIP } from 'node:net';
import { IsIn, IsInt, Max, Min, validateSync } from 'class-validator';
import { parseEndpointPrefixes, type EndpointPrefixes } from '../../shared/endpoint-prefixes.js';
import { UserFacingError } from '../../shared/errors.js';
import {
  mergeHeaderAttributes,
  parseHeaderAttributes,
  SESSION_HEADER_ATTRIBUTES,
  type HeaderAttributes,
} from '../../shared/header-attributes.js';
import type { TranslationOptions } from '../../shared/translation-options.js';
import { parseListenAddress, type ListenAddress } from '../grpc/listen-address.js';
import { EXTPROC_FLAGS } from './extproc-flags.js';
import {
  metricsExportSettings,
  tracingSettings,
  type MetricsExportSettings,
  type TracingSettings,
} from './extproc-otel.js';
import { parseFlags, type FlagValues } from './flags.js';
import { parseLogLevel, type LogLevel } from './log-level.js';
import { translationOptions } from './translation-options.js';
import { buildVersion } from './version.js';

export type LogFormat = 'text' | 'json';
export type ConfigSource = { readonly kind: 'file' | 'bundle'; readonly path: string };

/** Everything that the `extproc` mode is told from outside, validated. @see spec extproc.md sections 1.1 and 1.2 */
export class ExtprocSettings {
  /** See {@link buildVersion}. */
  readonly version!: string;

  readonly config!: ConfigSource;

  readonly address!: ListenAddress;

  /** Directory with the certificate for `address`; undefined: plain text. */
  readonly tlsDirectory!: string | undefined;

  /** `ip:port` by which other replicas reach this one; undefined: it is alone. */
  readonly peerAddress!: string | undefined;

  readonly logLevel!: LogLevel;

  @IsIn(['text', 'json'], { message: '-logFormat: unknown format "$value"; expected text or json' })
  readonly logFormat!: LogFormat;

  readonly enableRedaction!: boolean;

  /** 0: any free port. */
  @Min(0, { message: '-adminPort: $value is no port; expected 0 to 65535' })
  @Max(65_535, { message: '-adminPort: $value is no port; expected 0 to 65535' })
  readonly adminPort!: number;

  /** The base mapping is merged into all three. */
  readonly spanRequestHeaderAttributes!: HeaderAttributes;
  readonly metricsRequestHeaderAttributes!: HeaderAttributes;
  readonly logRequestHeaderAttributes!: HeaderAttributes;

  readonly rootPrefix!: string;

  readonly endpointPrefixes!: EndpointPrefixes;

  readonly stripInternalHeaders!: boolean;

  /** `Number.MAX_SAFE_INTEGER`: no limit. */
  @Min(1, { message: '-maxRecvMsgSize: $value leaves no room for a message; expected a number of bytes above 0' })
  readonly maxRecvMsgSizeBytes!: number;

  /** Time between the first signal and draining; 0 where something else already keeps new requests away. */
  @IsInt({ message: '-shutdownDelay: expected whole milliseconds' })
  @Min(0, { message: '-shutdownDelay: a negative duration cannot be waited for; expected 0s or more' })
  @Max(3_600_000, { message: '-shutdownDelay: longer than 1h; expected a duration within which a pod may end' })
  readonly shutdownDelayMs!: number;

  /** HTTP proxy for token calls to GCP. */
  readonly gcpAuthProxyUrl!: URL | undefined;

  readonly translation!: TranslationOptions;

  /** Undefined: tracing is off. */
  readonly tracing!: TracingSettings | undefined;

  /** Undefined: metrics are pulled only. */
  readonly metricsExport!: MetricsExportSettings | undefined;
}

/**
 * Settings of `extproc` from its command line (without the mode) and the environment.
 * @throws UserFacingError at once for what is no valid flag (see {@link parseFlags}), else one that lists everything wrong
 */
export function parseExtprocSettings(argv: readonly string[], env: NodeJS.ProcessEnv): ExtprocSettings {
  const flags = parseFlags(EXTPROC_FLAGS, argv);
  const problems: string[] = [];
  const settings = toSettings(flags, env, problems);
  for (const { constraints } of validateSync(settings)) problems.push(...Object.values(constraints ?? {}));
  if (problems.length > 0) {
    throw new UserFacingError(['cannot start with these settings:', ...problems].join('\n  '));
  }
  return settings;
}

/** The members for which a problem is reported are placeholders: the caller throws the object away. */
function toSettings(flags: FlagValues<typeof EXTPROC_FLAGS>, env: NodeJS.ProcessEnv, problems: string[]) {
  const attempt = <T>(name: string, parse: () => T, placeholder = undefined as T): T => {
    try {
      return parse();
    } catch (error) {
      if (!(error instanceof UserFacingError)) throw error;
      problems.push(`${name}: ${error.message}`);
      return placeholder;
    }
  };
  const mapping = (text: string | undefined) =>
    text === undefined ? SESSION_HEADER_ATTRIBUTES : parseHeaderAttributes(text);
  const base = attempt('-requestHeaderAttributes', () => mapping(flags.requestHeaderAttributes), new Map());
  const merged = (name: `${'span' | 'metrics' | 'log'}RequestHeaderAttributes`) =>
    attempt(`-${name}`, () => mergeHeaderAttributes(base, mapping(flags[name])));
  if (flags.mcpAddr !== '') {
    problems.push('-mcpAddr: the MCP proxy is not supported by this build; leave the flag out and detach MCPRoutes');
  }
  const values: ExtprocSettings = {
    version: buildVersion(env),
    config: attempt('-configPath, -configBundlePath', () => configSource(flags)),
    address: attempt('-extProcAddr', () => parseListenAddress(flags.extProcAddr)),
    tlsDirectory: flags.extProcTLSCertDir || undefined,
    peerAddress: attempt('-peerAddress', () => peerAddress(flags.peerAddress)),
    logLevel: attempt('-logLevel', () => logLevel(flags.logLevel)),
    logFormat: flags.logFormat as LogFormat, // Checked by its decorator.
    enableRedaction: flags.enableRedaction,
    adminPort: flags.adminPort,
    spanRequestHeaderAttributes: merged('spanRequestHeaderAttributes'),
    metricsRequestHeaderAttributes: merged('metricsRequestHeaderAttributes'),
    logRequestHeaderAttributes: merged('logRequestHeaderAttributes'),
    rootPrefix: flags.rootPrefix,
    endpointPrefixes: attempt('-endpointPrefixes', () => parseEndpointPrefixes(flags.endpointPrefixes)),
    stripInternalHeaders: flags.stripInternalHeaders,
    maxRecvMsgSizeBytes: flags.maxRecvMsgSize,
    shutdownDelayMs: Math.round(flags.shutdownDelay),
    gcpAuthProxyUrl: attempt('AI_GATEWAY_GCP_AUTH_PROXY_URL', () => proxyUrl(env['AI_GATEWAY_GCP_AUTH_PROXY_URL'])),
    translation: translationOptions(env, attempt),
    tracing: tracingSettings(env, attempt),
    metricsExport: metricsExportSettings(env, attempt),
  };
  return Object.assign(new ExtprocSettings(), values);
}

function configSource({
  configBundlePath,
  configPath,
}: {
  configBundlePath: string;
  configPath: string;
}): ConfigSource {
  if (configBundlePath !== '') return { kind: 'bundle', path: configBundlePath };
  if (configPath !== '') return { kind: 'file', path: configPath };
  throw new UserFacingError('neither is set; one must name the filter config');
}

function peerAddress(text: string): string | undefined {
  if (text === '') return undefined;
  if (isIP(text.slice(0, text.lastIndexOf(':')).replace(/^\[(.*)\]$/, '$1')) !== 0 && /:\d{1,5}$/.test(text))
    return text;
  throw new UserFacingError(`invalid address "${text}": expected ip:port`);
}

function logLevel(text: string): LogLevel {
  const level = parseLogLevel(text);
  if (level !== undefined) return level;
  throw new UserFacingError(`unknown level "${text}"; expected debug, info, warn or error`);
}

/** The value is not repeated in the error: a proxy URL may hold a password. */
function proxyUrl(text: string | undefined): URL | undefined {
  if (!text) return undefined;
  const url = URL.parse(text);
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw new UserFacingError('no valid http:// or https:// URL; correct it or leave it out');
}
