import { describe, expect, it } from '@jest/globals';
import { UserFacingError } from '../../shared/errors.js';
import { metricsExportSettings, tracingSettings } from './extproc-otel.js';

type Env = Record<string, string>;
const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' };

/** What is read, and what is wrong. */
function read<T>(of: (env: Env, attempt: <V>(name: string, parse: () => V) => V) => T, env: Env) {
  const problems: string[] = [];
  const attempt = <V>(name: string, parse: () => V): V => {
    try {
      return parse();
    } catch (error) {
      if (!(error instanceof UserFacingError)) throw error;
      problems.push(`${name}: ${error.message}`);
      return undefined as V;
    }
  };
  return { settings: of(env, attempt), problems };
}
const traces = (env: Env) => read(tracingSettings, env).settings;
const metrics = (env: Env) => read(metricsExportSettings, env).settings;

describe('tracingSettings', () => {
  it.each<[Env]>([
    [{}],
    [{ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://c' }],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }],
    [{ ...ENDPOINT, OTEL_TRACES_EXPORTER: 'none' }],
    [{ ...ENDPOINT, OTEL_SDK_DISABLED: 'true' }],
    [{ ...ENDPOINT, OTEL_SDK_DISABLED: 'true', OTEL_TRACES_EXPORTER: 'jaeger' }],
    [{ OTEL_TRACES_EXPORTER: 'none', AI_GATEWAY_TRACING_SEMCONV: 'other' }],
  ])('is off with %j', (env) => {
    expect(read(tracingSettings, env)).toEqual({ settings: undefined, problems: [] });
  });

  it.each<[Env, object]>([
    [ENDPOINT, { kind: 'otlp', protocol: 'http/protobuf' }],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c' }, { kind: 'otlp', protocol: 'http/protobuf' }],
    [{ OTEL_TRACES_EXPORTER: 'otlp' }, { kind: 'otlp', protocol: 'http/protobuf' }],
    [
      { ...ENDPOINT, OTEL_SDK_DISABLED: 'TRUE' },
      { kind: 'otlp', protocol: 'http/protobuf' },
    ],
    [
      { ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
      { kind: 'otlp', protocol: 'grpc' },
    ],
    [
      { ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: 'x', OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc' },
      { kind: 'otlp', protocol: 'grpc' },
    ],
    [{ OTEL_TRACES_EXPORTER: 'console', OTEL_EXPORTER_OTLP_PROTOCOL: 'x' }, { kind: 'console' }],
  ])('exports with %j', (env, exporter) => {
    const { settings, problems } = read(tracingSettings, env);
    expect([settings?.exporter, problems]).toEqual([exporter, []]);
  });

  it('has the defaults of the SDK', () => {
    expect(traces(ENDPOINT)).toMatchObject({
      convention: 'openinference',
      propagators: ['tracecontext', 'baggage'],
      sampler: { root: 'always_on', ratio: 1, asksParent: true },
      batch: { delayMs: 5000, timeoutMs: 30_000, queueMax: 2048, batchMax: 512 },
      warnings: [],
    });
    expect(Object.values(traces(ENDPOINT)!.limits)).toEqual(Array(6).fill(undefined));
  });

  it.each<[Env, object]>([
    [{ AI_GATEWAY_TRACING_SEMCONV: 'gen_ai' }, { convention: 'gen_ai' }],
    [{ OTEL_PROPAGATORS: 'b3 , tracecontext,b3' }, { propagators: ['b3', 'tracecontext'] }],
    [{ OTEL_PROPAGATORS: 'none' }, { propagators: [] }],
    [
      { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.25' },
      { sampler: { root: 'traceidratio', ratio: 0.25, asksParent: false } },
    ],
    [
      { OTEL_TRACES_SAMPLER: 'parentbased_always_off' },
      { sampler: { root: 'always_off', ratio: 1, asksParent: true } },
    ],
    [
      { OTEL_BSP_MAX_QUEUE_SIZE: '10', OTEL_BSP_SCHEDULE_DELAY: '0' },
      { batch: { delayMs: 0, timeoutMs: 30_000, queueMax: 10, batchMax: 512 } },
    ],
    [
      { OTEL_ATTRIBUTE_COUNT_LIMIT: '5', OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: '-1' },
      { limits: { attributeCount: 5, attributeValueLength: Infinity } },
    ],
    [{ OTEL_ATTRIBUTE_COUNT_LIMIT: '5', OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: '0' }, { limits: { attributeCount: 0 } }],
  ])('reads %j', (env, expected) => {
    expect(traces({ ...ENDPOINT, ...env })).toMatchObject({ ...expected, warnings: [] });
  });

  it.each<[Env, string]>([
    [
      { OTEL_PROPAGATORS: 'tracecontext,jaeger' },
      'OTEL_PROPAGATORS: found "jaeger", which is ignored; expected tracecontext, baggage, b3, b3multi or none',
    ],
    [
      { OTEL_TRACES_SAMPLER: 'jaeger_remote' },
      'OTEL_TRACES_SAMPLER: found "jaeger_remote", which is ignored; expected always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off, parentbased_traceidratio',
    ],
    [
      { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '2' },
      'OTEL_TRACES_SAMPLER_ARG: found "2", which is ignored; expected a number from 0 to 1',
    ],
    [
      { OTEL_BSP_MAX_QUEUE_SIZE: '0' },
      'OTEL_BSP_MAX_QUEUE_SIZE: found "0", which is ignored; expected a whole number from 1 to 2147483647',
    ],
    [
      { OTEL_SPAN_EVENT_COUNT_LIMIT: 'x' },
      'OTEL_SPAN_EVENT_COUNT_LIMIT: found "x", which is ignored; expected a whole number',
    ],
  ])('warns of %j and ignores it', (env, warning) => {
    const standard = traces(ENDPOINT)!;
    const { warnings, ...settings } = traces({ ...ENDPOINT, ...env })!;
    expect(warnings).toEqual([warning]);
    expect(settings.batch).toEqual(standard.batch);
    expect(settings.limits).toEqual(standard.limits);
    expect(settings.sampler.ratio).toBe(1);
  });

  it.each<[Env, string]>([
    [{ OTEL_TRACES_EXPORTER: 'jaeger' }, 'OTEL_TRACES_EXPORTER: found "jaeger"; expected otlp, console or none'],
    [
      { ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' },
      'OTEL_EXPORTER_OTLP_PROTOCOL: found "http/json"; expected http/protobuf or grpc',
    ],
    [
      { ...ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'x' },
      'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: found "x"; expected http/protobuf or grpc',
    ],
    [
      { ...ENDPOINT, AI_GATEWAY_TRACING_SEMCONV: 'GEN_AI' },
      'AI_GATEWAY_TRACING_SEMCONV: found "GEN_AI"; expected openinference or gen_ai',
    ],
  ])('refuses %j', (env, problem) => {
    expect(read(tracingSettings, env).problems).toEqual([problem]);
  });
});

describe('metricsExportSettings', () => {
  it.each<[Env]>([
    [{}],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c' }],
    [{ OTEL_METRICS_EXPORTER: 'otlp' }],
    [{ OTEL_METRICS_EXPORTER: 'other' }],
    [{ ...ENDPOINT, OTEL_METRICS_EXPORTER: 'none' }],
    [{ ...ENDPOINT, OTEL_METRICS_EXPORTER: 'prometheus' }],
    [{ ...ENDPOINT, OTEL_SDK_DISABLED: 'true' }],
  ])('is off with %j', (env) => {
    expect(read(metricsExportSettings, env)).toEqual({ settings: undefined, problems: [] });
  });

  it.each<[Env, object]>([
    [ENDPOINT, { exporter: { kind: 'otlp', protocol: 'http/protobuf' }, intervalMs: 60_000, timeoutMs: 30_000 }],
    [
      { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'x', OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'grpc' },
      { exporter: { kind: 'otlp', protocol: 'grpc' } },
    ],
    [{ OTEL_METRICS_EXPORTER: 'console' }, { exporter: { kind: 'console', temporality: 'cumulative' } }],
    [
      { OTEL_METRICS_EXPORTER: 'console', OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'Delta' },
      { exporter: { kind: 'console', temporality: 'delta' } },
    ],
    [{ ...ENDPOINT, OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'lowmemory' }, { exporter: { kind: 'otlp' } }],
    [
      { ...ENDPOINT, OTEL_METRIC_EXPORT_INTERVAL: '1000' },
      { intervalMs: 1000, timeoutMs: 1000 },
    ],
  ])('exports with %j', (env, expected) => {
    expect(metrics(env)).toMatchObject(expected);
  });

  it.each<[Env, string]>([
    [
      { ...ENDPOINT, OTEL_METRICS_EXPORTER: 'other' },
      'OTEL_METRICS_EXPORTER: found "other"; expected otlp, console, prometheus or none',
    ],
    [
      { ...ENDPOINT, OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'x' },
      'OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: found "x"; expected http/protobuf or grpc',
    ],
    [
      { OTEL_METRICS_EXPORTER: 'console', OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'lowmemory' },
      'OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: found "lowmemory"; expected cumulative or delta with the console exporter',
    ],
  ])('refuses %j', (env, problem) => {
    expect(read(metricsExportSettings, env).problems).toEqual([problem]);
  });
});
