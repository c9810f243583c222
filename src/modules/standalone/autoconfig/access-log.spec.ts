import { describe, expect, it } from '@jest/globals';
import { chooseAccessLog } from './access-log.js';

interface Chosen {
  readonly disable?: boolean;
  readonly settings?: readonly {
    readonly format: { readonly type?: string; readonly text?: string; readonly json: Record<string, string> };
    readonly sinks: readonly { readonly type: string; readonly openTelemetry?: Record<string, unknown> }[];
  }[];
}
const choose = (env: Record<string, string>) => chooseAccessLog(env).accessLog as Chosen;
const sinkOf = (env: Record<string, string>) => choose(env).settings?.[0]?.sinks[0];

const OTLP = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4317' };

describe('chooseAccessLog', () => {
  it.each([
    [{}, 'File'],
    [{ OTEL_LOGS_EXPORTER: '' }, 'File'],
    [{ OTEL_LOGS_EXPORTER: ' Console ' }, 'File'],
    [{ ...OTLP, OTEL_LOGS_EXPORTER: 'console', OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' }, 'File'],
    [OTLP, 'OpenTelemetry'],
    [{ OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'collector' }, 'OpenTelemetry'],
    [{ ...OTLP, OTEL_LOGS_EXPORTER: 'OTLP', OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: ' GRPC ' }, 'OpenTelemetry'],
    [
      { ...OTLP, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf', OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: 'grpc' },
      'OpenTelemetry',
    ],
  ])('writes for %j to a sink of type %s', (env, type) => {
    expect(sinkOf(env)?.type).toBe(type);
  });

  it('writes nothing when the exporter is none', () => {
    expect(chooseAccessLog({ ...OTLP, OTEL_LOGS_EXPORTER: 'none' })).toEqual({ accessLog: { disable: true } });
  });

  it.each([
    ['http://collector:4317/v1/logs', { fqdn: { hostname: 'collector', port: 4317 } }],
    ['collector:4317', { fqdn: { hostname: 'collector', port: 4317 } }],
    ['collector', { fqdn: { hostname: 'collector', port: 80 } }],
    ['grpc://Collector', { fqdn: { hostname: 'collector', port: 80 } }],
    ['http://[::1]:4317', { ip: { address: '::1', port: 4317 } }],
    ['http://user:pw@127.0.0.1:4317?x', { ip: { address: '127.0.0.1', port: 4317 } }],
  ])('reaches %s in plain', (endpoint, expected) => {
    expect(chooseAccessLog({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }).collector).toEqual({
      name: 'otel',
      spec: { endpoints: [expected] },
    });
  });

  it.each([
    ['https://collector.example.com', 443, { sni: 'collector.example.com' }],
    ['https://collector.example.com:80', 80, { sni: 'collector.example.com' }],
  ])('reaches %s over TLS', (endpoint, port, names) => {
    expect(chooseAccessLog({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }).collector?.spec).toEqual({
      endpoints: [{ fqdn: { hostname: 'collector.example.com', port } }],
      tls: { wellKnownCACertificates: 'System', ...names },
    });
  });

  it('asks for no server name when the collector is an address', () => {
    expect(chooseAccessLog({ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://10.0.0.1' }).collector?.spec).toEqual({
      endpoints: [{ ip: { address: '10.0.0.1', port: 443 } }],
      tls: { wellKnownCACertificates: 'System' },
    });
  });

  it('takes the endpoint and the headers of logs before the general ones', () => {
    const env = {
      ...OTLP,
      OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'http://logs:1',
      OTEL_EXPORTER_OTLP_HEADERS: 'x-general=1',
      OTEL_EXPORTER_OTLP_LOGS_HEADERS: ' x-key = a=b%20c , novalue, =noname ,x-other=',
    };
    expect(chooseAccessLog(env).collector?.name).toBe('otel-logs');
    expect(sinkOf(env)?.openTelemetry).toEqual({
      backendRefs: [{ group: 'gateway.envoyproxy.io', kind: 'Backend', name: 'otel-logs' }],
      headers: [
        { name: 'x-key', value: 'a=b%20c' },
        { name: 'x-other', value: '' },
      ],
    });
  });

  it('describes the resource, sorted and decoded, with the service name on top', () => {
    const env = {
      ...OTLP,
      OTEL_RESOURCE_ATTRIBUTES: 'service.name=lost,z=1,a=%C3%A4%20b,broken=%zz',
      OTEL_SERVICE_NAME: 'edge',
    };
    expect(sinkOf(env)?.openTelemetry?.['resources']).toEqual({
      a: 'ä b',
      broken: '%zz',
      'service.name': 'edge',
      z: '1',
    });
  });

  it('has the fields of the file as attributes, and a line for people as body', () => {
    const [otlp] = choose(OTLP).settings ?? [];
    const [file] = choose({}).settings ?? [];
    expect(otlp?.format).toEqual({
      json: file?.format.json,
      text: '[%START_TIME%] %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% model=%REQ(X-AI-EG-MODEL)% %RESPONSE_CODE% llm_input_token=%DYNAMIC_METADATA(io.envoy.ai_gateway:llm_input_token)% llm_output_token=%DYNAMIC_METADATA(io.envoy.ai_gateway:llm_output_token)% llm_reasoning_token=%DYNAMIC_METADATA(io.envoy.ai_gateway:llm_reasoning_token)% %DURATION%ms',
    });
  });

  const instead = 'set OTEL_LOGS_EXPORTER to console or none to have no OTLP access log';
  it.each<[Record<string, string>, string]>([
    [{ OTEL_LOGS_EXPORTER: 'X' }, 'unsupported OTEL_LOGS_EXPORTER value "x" (allowed: otlp, console, none)'],
    [
      { OTEL_LOGS_EXPORTER: 'otlp' },
      `invalid OTLP endpoint: empty: set OTEL_EXPORTER_OTLP_LOGS_ENDPOINT, or ${instead}`,
    ],
    [
      { ...OTLP, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' },
      `OTEL logs support gRPC protocol only, got "http/protobuf": set OTEL_EXPORTER_OTLP_LOGS_PROTOCOL to grpc, or ${instead}`,
    ],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://secret@' },
      `invalid OTLP endpoint: missing hostname: set OTEL_EXPORTER_OTLP_ENDPOINT to an address such as http://localhost:4317, or ${instead}`,
    ],
    [
      { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'collector:99999' },
      `invalid OTLP endpoint: port 99999 is not from 1 to 65535: set OTEL_EXPORTER_OTLP_LOGS_ENDPOINT to an address such as http://localhost:4317, or ${instead}`,
    ],
    [
      { ...OTLP, OTEL_EXPORTER_OTLP_HEADERS: 'a b=secret' },
      'OTEL_EXPORTER_OTLP_HEADERS has a header name that is none: expected name=value,…',
    ],
  ])('refuses %j', (env, message) => {
    expect(() => chooseAccessLog(env)).toThrow(new Error(message));
  });
});
