import { IsIn, IsNotEmpty, Max, Min, validateSync } from 'class-validator';
import { parseEndpointPrefixes } from '../../shared/endpoint-prefixes.js';
import { UserFacingError } from '../../shared/errors.js';
import type { EnvVar, ExtProcSettings } from '../../shared/extproc-pod/inputs.js';
import {
  mergeHeaderAttributes,
  parseHeaderAttributes,
  SESSION_HEADER_ATTRIBUTES,
  type HeaderAttributes,
} from '../../shared/header-attributes.js';
import { parseListenAddress, type ListenAddress } from '../grpc/listen-address.js';
import { CONTROLLER_FLAGS } from './controller-flags.js';
import { parseExtraEnvVars } from './extra-env-vars.js';
import type { LogFormat } from './extproc-settings.js';
import { parseFlags, type FlagValues } from './flags.js';
import { parseLogLevel, parseZapLevel, type LogLevel } from './log-level.js';
import { buildVersion } from './version.js';

const PULL_POLICIES = ['Always', 'Never', 'IfNotPresent'] as const;
const MODES = ['sidecar', 'deployment'] as const;

/** Everything that the `controller` mode is told from outside, validated. @see spec controller.md section 2 */
export class ControllerSettings {
  readonly version!: string;

  /** Of the controller's own pod; where its Lease, its certificate and its Service are. */
  @IsNotEmpty({ message: 'POD_NAMESPACE: not set; expected the namespace that the controller runs in' })
  readonly podNamespace!: string;

  /** `<pod>_<uid>` by which leases are held. */
  readonly identity!: string;

  @IsNotEmpty({ message: '-envoyGatewayNamespace: empty; expected a namespace' })
  readonly envoyGatewayNamespace!: string;

  /** Empty: all. */
  readonly watchNamespaces!: readonly string[];

  /** Namespaces whose policies may use the controller's own Azure identity; `*` among them: all. */
  readonly azureAmbientNamespaces!: readonly string[];

  @Min(1, { message: '-cacheSyncTimeout: expected a duration above 0' })
  readonly cacheSyncTimeoutMs!: number;

  readonly enableLeaderElection!: boolean;

  /** Never with `watchNamespaces`: which objects there are of a kind can only be said of all namespaces. */
  readonly migratesStorageVersions!: boolean;

  @IsIn(MODES, { message: '-extProcMode: unknown mode "$value"; expected sidecar or deployment' })
  readonly extProcMode!: (typeof MODES)[number];

  @Min(1, { message: '-extProcReplicas: $value; expected 1 or more' })
  readonly extProcReplicas!: number;

  /** Undefined: plain text between Envoy and the Deployments. */
  readonly extProcTLSSecret!: string | undefined;

  readonly extProc!: ExtProcSettings;

  /** Base and log mapping together, for access logs. */
  readonly logRequestHeaderAttributes!: HeaderAttributes;

  readonly writesLegacySecret!: boolean;

  /** AI routes answer 503 until Envoy Gateway was seen to have the xDS of their Gateways finished. */
  readonly failsClosedUntilHookSeen!: boolean;

  /** @see spec extension-server.md section 21.8 */
  readonly separatesAuthentication!: boolean;

  /** Exact names of HTTP filters. */
  readonly filtersBeforeExtProc!: readonly string[];

  /** Namespaces of dynamic metadata. */
  readonly metadataForwardingNamespaces!: readonly string[];

  readonly address!: ListenAddress;

  @Min(1, { message: '-maxRecvMsgSize: $value leaves no room for a message; expected a number of bytes above 0' })
  readonly maxRecvMsgSizeBytes!: number;

  /** 0: any free port. */
  @Min(0, { message: '-webhookPort: $value is no port; expected 0 to 65535' })
  @Max(65_535, { message: '-webhookPort: $value is no port; expected 0 to 65535' })
  readonly webhookPort!: number;

  readonly webhookTls!: WebhookTlsSettings;

  @Min(0, { message: '-healthPort: $value is no port; expected 0 to 65535' })
  @Max(65_535, { message: '-healthPort: $value is no port; expected 0 to 65535' })
  readonly healthPort!: number;

  readonly logLevel!: LogLevel;

  @IsIn(['text', 'json'], { message: '-logFormat: unknown format "$value"; expected text or json' })
  readonly logFormat!: LogFormat;
}

export interface WebhookTlsSettings {
  readonly directory: string;
  readonly caName: string;
  readonly certName: string;
  readonly keyName: string;
  /** Secret of the controller's own certificate. */
  readonly secretName: string;
  readonly serviceName: string;
}

/**
 * Settings of `controller` from its command line (without the mode) and the environment.
 * @throws UserFacingError at once for what is no valid flag (see {@link parseFlags}), else one that lists everything wrong
 */
export function parseControllerSettings(argv: readonly string[], env: NodeJS.ProcessEnv): ControllerSettings {
  const flags = parseFlags(CONTROLLER_FLAGS, argv);
  const problems: string[] = [];
  const settings = toSettings(flags, env, problems);
  for (const { constraints } of validateSync(settings)) problems.push(...Object.values(constraints ?? {}));
  if (problems.length > 0) throw new UserFacingError(['cannot start with these settings:', ...problems].join('\n  '));
  return settings;
}

type Flags = FlagValues<typeof CONTROLLER_FLAGS>;
type Attempt = <T>(name: string, parse: () => T, placeholder?: T) => T;

/** The members for which a problem is reported are placeholders: the caller throws the object away. */
function toSettings(flags: Flags, env: NodeJS.ProcessEnv, problems: string[]): ControllerSettings {
  const attempt: Attempt = <T>(name: string, parse: () => T, placeholder = undefined as T): T => {
    try {
      return parse();
    } catch (error) {
      if (!(error instanceof UserFacingError)) throw error;
      problems.push(`${name}: ${error.message}`);
      return placeholder;
    }
  };
  checkMcp(flags, problems);
  const base = attempt(
    '-requestHeaderAttributes',
    () => parseHeaderAttributes(flags.requestHeaderAttributes ?? ''),
    new Map(),
  );
  for (const name of ['spanRequestHeaderAttributes', 'metricsRequestHeaderAttributes'] as const)
    attempt(`-${name}`, () => parseHeaderAttributes(flags[name] ?? ''));
  const log = attempt('-logRequestHeaderAttributes', () =>
    flags.logRequestHeaderAttributes === undefined
      ? SESSION_HEADER_ATTRIBUTES
      : parseHeaderAttributes(flags.logRequestHeaderAttributes),
  );
  const podNamespace = env['POD_NAMESPACE'] ?? '';
  const values: ControllerSettings = {
    version: buildVersion(env),
    podNamespace,
    identity: `${env['POD_NAME'] ?? env['HOSTNAME'] ?? 'ai-gateway-controller'}_${process.pid}_${Date.now().toString(36)}`,
    envoyGatewayNamespace: flags.envoyGatewayNamespace,
    watchNamespaces: listOf(flags.watchNamespaces, ','),
    azureAmbientNamespaces: listOf(flags.azureAmbientNamespaces, ','),
    cacheSyncTimeoutMs: flags.cacheSyncTimeout,
    enableLeaderElection: flags.enableLeaderElection,
    migratesStorageVersions: flags.migrateStorageVersions && listOf(flags.watchNamespaces, ',').length === 0,
    extProcMode: flags.extProcMode as ControllerSettings['extProcMode'], // Checked by its decorator.
    extProcReplicas: flags.extProcReplicas,
    extProcTLSSecret: flags.extProcTLSSecret || undefined,
    extProc: extProcSettings(flags, attempt, problems),
    logRequestHeaderAttributes: mergeHeaderAttributes(base, log ?? new Map()),
    writesLegacySecret: flags.legacyConfigSecret,
    failsClosedUntilHookSeen: flags.failClosedUntilHookSeen,
    separatesAuthentication: flags.separateAuthentication,
    filtersBeforeExtProc: listOf(flags.filtersBeforeExtProc, ','),
    metadataForwardingNamespaces: listOf(flags.metadataForwardingNamespaces, ','),
    address: attempt('-port', () => parseListenAddress(flags.port)),
    maxRecvMsgSizeBytes: flags.maxRecvMsgSize,
    webhookPort: flags.webhookPort,
    webhookTls: {
      directory: flags.tlsCertDir,
      caName: flags.caBundleName,
      certName: flags.tlsCertName,
      keyName: flags.tlsKeyName,
      secretName: flags.webhookCertSecret,
      serviceName: flags.serviceName,
    },
    healthPort: flags.healthPort,
    logLevel: attempt('-logLevel', () => known(parseZapLevel(flags.logLevel), flags.logLevel, ZAP_LEVELS)),
    logFormat: flags.logFormat as LogFormat, // Checked by its decorator.
  };
  return Object.assign(new ControllerSettings(), values);
}

const ZAP_LEVELS = 'debug, info, warn, error, dpanic, panic or fatal';
const SLOG_LEVELS = 'debug, info, warn or error';

function extProcSettings(flags: Flags, attempt: Attempt, problems: string[]): ExtProcSettings {
  const policy = PULL_POLICIES.find((one) => one === flags.extProcImagePullPolicy);
  if (policy === undefined)
    problems.push(
      `-extProcImagePullPolicy: unknown policy "${flags.extProcImagePullPolicy}"; expected ${PULL_POLICIES.join(', ')}`,
    );
  if (flags.extProcLogFormat !== 'text' && flags.extProcLogFormat !== 'json')
    problems.push(`-extProcLogFormat: unknown format "${flags.extProcLogFormat}"; expected text or json`);
  if (flags.extProcMaxRecvMsgSize < 1) problems.push('-extProcMaxRecvMsgSize: expected a number of bytes above 0');
  attempt('-extProcLogLevel', () => known(parseLogLevel(flags.extProcLogLevel), flags.extProcLogLevel, SLOG_LEVELS));
  attempt('-endpointPrefixes', () => parseEndpointPrefixes(flags.endpointPrefixes));
  return {
    image: flags.extProcImage,
    imagePullPolicy: policy ?? 'IfNotPresent',
    imagePullSecrets: listOf(flags.extProcImagePullSecrets, ';'),
    logLevel: flags.extProcLogLevel,
    logFormat: flags.extProcLogFormat === 'json' ? 'json' : 'text',
    enableRedaction: flags.extProcEnableRedaction,
    rootPrefix: flags.rootPrefix,
    endpointPrefixes: flags.endpointPrefixes,
    maxRecvMsgSizeBytes: flags.extProcMaxRecvMsgSize,
    headerAttributes: {
      all: flags.requestHeaderAttributes,
      span: flags.spanRequestHeaderAttributes,
      metrics: flags.metricsRequestHeaderAttributes,
      log: flags.logRequestHeaderAttributes,
    },
    extraEnvVars: attempt<readonly EnvVar[]>(
      '-extProcExtraEnvVars',
      () => parseExtraEnvVars(flags.extProcExtraEnvVars),
      [],
    ),
    mcp: {
      sessionEncryptionSeed: flags.mcpSessionEncryptionSeed,
      sessionEncryptionIterations: flags.mcpSessionEncryptionIterations,
      fallbackSessionEncryptionSeed: flags.mcpFallbackSessionEncryptionSeed,
      fallbackSessionEncryptionIterations: flags.mcpFallbackSessionEncryptionIterations,
    },
  };
}

function checkMcp(flags: Flags, problems: string[]): void {
  if (flags.mcpSessionEncryptionIterations <= 0)
    problems.push('-mcpSessionEncryptionIterations: expected a number above 0');
  if (flags.mcpFallbackSessionEncryptionSeed !== '' && flags.mcpFallbackSessionEncryptionIterations <= 0)
    problems.push('-mcpFallbackSessionEncryptionIterations: expected a number above 0');
}

function known<T>(value: T | undefined, text: string, expected: string): T {
  if (value !== undefined) return value;
  throw new UserFacingError(`unknown level "${text}"; expected ${expected}`);
}

const listOf = (text: string, separator: string): readonly string[] =>
  text
    .split(separator)
    .map((part) => part.trim())
    .filter((part) => part !== '');
