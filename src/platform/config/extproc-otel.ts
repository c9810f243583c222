import { UserFacingError } from '../../shared/errors.js';

export type OtlpProtocol = 'http/protobuf' | 'grpc';

export const PROPAGATOR_NAMES = ['tracecontext', 'baggage', 'b3', 'b3multi'] as const;
export type PropagatorName = (typeof PROPAGATOR_NAMES)[number];

export interface SamplerSettings {
  /** Decides on traces that begin here, or on all of them when no parent is asked. */
  readonly root: 'always_on' | 'always_off' | 'traceidratio';
  /** From 0 to 1, for `traceidratio`. */
  readonly ratio: number;
  readonly asksParent: boolean;
}

/** Undefined members: the default of the SDK. `Infinity`: no limit. */
export interface SpanLimitSettings {
  readonly attributeCount: number | undefined;
  readonly attributeValueLength: number | undefined;
  readonly eventCount: number | undefined;
  readonly linkCount: number | undefined;
  readonly attributePerEventCount: number | undefined;
  readonly attributePerLinkCount: number | undefined;
}

export interface BatchSettings {
  readonly delayMs: number;
  readonly timeoutMs: number;
  readonly queueMax: number;
  readonly batchMax: number;
}

/** Where spans go and which are made. Endpoint, headers, certificates of OTLP are read by its exporters. */
export interface TracingSettings {
  readonly exporter: { readonly kind: 'console' } | { readonly kind: 'otlp'; readonly protocol: OtlpProtocol };
  readonly convention: 'openinference' | 'gen_ai';
  readonly propagators: readonly PropagatorName[];
  readonly sampler: SamplerSettings;
  readonly limits: SpanLimitSettings;
  readonly batch: BatchSettings;
  /** Variables that are ignored, and why. */
  readonly warnings: readonly string[];
}

/** Where metrics go besides the Prometheus page. */
export interface MetricsExportSettings {
  readonly exporter:
    | { readonly kind: 'console'; readonly temporality: 'cumulative' | 'delta' }
    | { readonly kind: 'otlp'; readonly protocol: OtlpProtocol };
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly warnings: readonly string[];
}

type Env = Readonly<Record<string, string | undefined>>;
type Attempt = <T>(name: string, parse: () => T) => T;

/**
 * Undefined: no span is made and no header touched.
 * @param attempt Gathers problems: it returns a placeholder for a variable that cannot be used.
 * @see spec observability.md sections 2.1 and 2.2
 */
export function tracingSettings(env: Env, attempt: Attempt): TracingSettings | undefined {
  if (isDisabled(env)) return undefined;
  const exporter = attempt('OTEL_TRACES_EXPORTER', () => tracesExporter(env));
  if (exporter === undefined || exporter === 'none') return undefined;
  const reader = new VariableReader(env);
  const settings = {
    exporter:
      exporter === 'console'
        ? ({ kind: 'console' } as const)
        : ({ kind: 'otlp', protocol: protocolOf(env, 'TRACES', attempt) } as const),
    convention: attempt('AI_GATEWAY_TRACING_SEMCONV', () => conventionOf(env['AI_GATEWAY_TRACING_SEMCONV'])),
    propagators: propagatorsOf(reader),
    sampler: samplerOf(reader),
    limits: limitsOf(reader),
    batch: {
      delayMs: reader.integer('OTEL_BSP_SCHEDULE_DELAY', 5_000, 0),
      timeoutMs: reader.integer('OTEL_BSP_EXPORT_TIMEOUT', 30_000, 1),
      queueMax: reader.integer('OTEL_BSP_MAX_QUEUE_SIZE', 2_048, 1),
      batchMax: reader.integer('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 512, 1),
    },
  };
  return { ...settings, warnings: reader.warnings };
}

/** Undefined: metrics are on the Prometheus page only. */
export function metricsExportSettings(env: Env, attempt: Attempt): MetricsExportSettings | undefined {
  if (isDisabled(env)) return undefined;
  const kind = attempt('OTEL_METRICS_EXPORTER', () => metricsExporter(env));
  if (kind === undefined || kind === 'none') return undefined;
  const reader = new VariableReader(env);
  const intervalMs = reader.integer('OTEL_METRIC_EXPORT_INTERVAL', 60_000, 1);
  const timeoutMs = Math.min(reader.integer('OTEL_METRIC_EXPORT_TIMEOUT', 30_000, 1), intervalMs);
  const exporter =
    kind === 'console'
      ? ({ kind, temporality: attempt(TEMPORALITY, () => consoleTemporality(env[TEMPORALITY])) } as const)
      : ({ kind, protocol: protocolOf(env, 'METRICS', attempt) } as const);
  return { exporter, intervalMs, timeoutMs, warnings: reader.warnings };
}

const TEMPORALITY = 'OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE';

const isDisabled = (env: Env) => env['OTEL_SDK_DISABLED'] === 'true';

/** The endpoint of the other signal does not count. */
const hasEndpoint = (env: Env, signal: 'TRACES' | 'METRICS') =>
  Boolean(env['OTEL_EXPORTER_OTLP_ENDPOINT'] || env[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`]);

function tracesExporter(env: Env): 'none' | 'console' | 'otlp' {
  const text = env['OTEL_TRACES_EXPORTER'] ?? '';
  if (text === '') return hasEndpoint(env, 'TRACES') ? 'otlp' : 'none';
  if (text === 'none' || text === 'console' || text === 'otlp') return text;
  throw new UserFacingError(`found "${text}"; expected otlp, console or none`);
}

function metricsExporter(env: Env): 'none' | 'console' | 'otlp' {
  const text = env['OTEL_METRICS_EXPORTER'] ?? '';
  if (text === 'console') return text;
  if (text === 'none' || text === 'prometheus' || !hasEndpoint(env, 'METRICS')) return 'none';
  if (text === '' || text === 'otlp') return 'otlp';
  throw new UserFacingError(`found "${text}"; expected otlp, console, prometheus or none`);
}

function protocolOf(env: Env, signal: 'TRACES' | 'METRICS', attempt: Attempt): OtlpProtocol {
  const own = `OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`;
  const name = env[own] ? own : 'OTEL_EXPORTER_OTLP_PROTOCOL';
  return attempt(name, () => {
    const text = env[name] || 'http/protobuf';
    if (text === 'http/protobuf' || text === 'grpc') return text;
    throw new UserFacingError(`found "${text}"; expected http/protobuf or grpc`);
  });
}

function conventionOf(text: string | undefined): 'openinference' | 'gen_ai' {
  if (!text) return 'openinference';
  if (text === 'openinference' || text === 'gen_ai') return text;
  throw new UserFacingError(`found "${text}"; expected openinference or gen_ai`);
}

function consoleTemporality(text: string | undefined): 'cumulative' | 'delta' {
  const preference = (text || 'cumulative').toLowerCase();
  if (preference === 'cumulative' || preference === 'delta') return preference;
  throw new UserFacingError(`found "${text}"; expected cumulative or delta with the console exporter`);
}

const isPropagatorName = (name: string): name is PropagatorName => PROPAGATOR_NAMES.some((known) => known === name);

function propagatorsOf(reader: VariableReader): readonly PropagatorName[] {
  const names = reader.text('OTEL_PROPAGATORS', 'tracecontext,baggage').split(',');
  const chosen = new Set<PropagatorName>();
  for (const name of names.map((item) => item.trim())) {
    if (name === 'none') return [];
    if (isPropagatorName(name)) chosen.add(name);
    else if (name !== '') reader.warn('OTEL_PROPAGATORS', name, `${PROPAGATOR_NAMES.join(', ')} or none`);
  }
  return [...chosen];
}

const SAMPLERS: Readonly<Record<string, Omit<SamplerSettings, 'ratio'>>> = {
  always_on: { root: 'always_on', asksParent: false },
  always_off: { root: 'always_off', asksParent: false },
  traceidratio: { root: 'traceidratio', asksParent: false },
  parentbased_always_on: { root: 'always_on', asksParent: true },
  parentbased_always_off: { root: 'always_off', asksParent: true },
  parentbased_traceidratio: { root: 'traceidratio', asksParent: true },
};

function samplerOf(reader: VariableReader): SamplerSettings {
  const standard = 'parentbased_always_on';
  const name = reader.text('OTEL_TRACES_SAMPLER', standard);
  const isKnown = Object.hasOwn(SAMPLERS, name);
  if (!isKnown) reader.warn('OTEL_TRACES_SAMPLER', name, Object.keys(SAMPLERS).join(', '));
  const sampler = SAMPLERS[isKnown ? name : standard]!;
  if (sampler.root !== 'traceidratio') return { ...sampler, ratio: 1 };
  const argument = reader.text('OTEL_TRACES_SAMPLER_ARG', '1');
  const ratio = Number(argument);
  if (ratio >= 0 && ratio <= 1) return { ...sampler, ratio };
  reader.warn('OTEL_TRACES_SAMPLER_ARG', argument, 'a number from 0 to 1');
  return { ...sampler, ratio: 1 };
}

function limitsOf(reader: VariableReader): SpanLimitSettings {
  return {
    attributeCount: reader.limit('OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT') ?? reader.limit('OTEL_ATTRIBUTE_COUNT_LIMIT'),
    attributeValueLength:
      reader.limit('OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT') ?? reader.limit('OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT'),
    eventCount: reader.limit('OTEL_SPAN_EVENT_COUNT_LIMIT'),
    linkCount: reader.limit('OTEL_SPAN_LINK_COUNT_LIMIT'),
    attributePerEventCount: reader.limit('OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT'),
    attributePerLinkCount: reader.limit('OTEL_LINK_ATTRIBUTE_COUNT_LIMIT'),
  };
}

/**
 * Variables of the SDK. An empty one counts as unset, a wrong one is told and ignored.
 * @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
class VariableReader {
  readonly warnings: string[] = [];

  constructor(private readonly env: Env) {}

  text(name: string, standard: string): string {
    return this.env[name]?.trim() || standard;
  }

  integer(name: string, standard: number, min: number): number {
    const text = this.text(name, String(standard));
    const value = Number(text);
    if (Number.isSafeInteger(value) && value >= min && value <= INTEGER_MAX) return value;
    this.warn(name, text, `a whole number from ${min} to ${INTEGER_MAX}`);
    return standard;
  }

  /** A negative one means none, as in the reference's SDK. */
  limit(name: string): number | undefined {
    const text = this.text(name, '');
    if (text === '') return undefined;
    const value = Number(text);
    if (Number.isSafeInteger(value)) return value < 0 ? Infinity : value;
    this.warn(name, text, 'a whole number');
    return undefined;
  }

  warn(name: string, found: string, expected: string): void {
    this.warnings.push(`${name}: found "${found}", which is ignored; expected ${expected}`);
  }
}

/** Longest delay of a timer. */
const INTEGER_MAX = 2 ** 31 - 1;
