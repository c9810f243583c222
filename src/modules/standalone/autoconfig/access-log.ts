import { isIP } from 'node:net';
import { UserFacingError } from '../../../shared/errors.js';
import type { Environment } from '../environment.js';
import { BUILT_IN_ACCESS_LOG, metadataOperator } from '../gateway-translator/built-in-access-log.js';
import { addressFault, backendEndpoint, splitUrl } from './base-url.js';

/** The access log that the OTEL_* variables ask for. @see spec ops.md A3 "OTLP access logs", observability.md 7.4 */
export interface AccessLogChoice {
  /** `spec.telemetry.accessLog` of the EnvoyProxy. */
  readonly accessLog: object;
  /** The Backend of the collector, when there is one. */
  readonly collector?: { readonly name: string; readonly spec: object };
}

const COSTS = ['llm_input_token', 'llm_output_token', 'llm_reasoning_token'];
/** Body of a record; the fields are its attributes. */
const BODY = [
  '[%START_TIME%] %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% model=%REQ(X-AI-EG-MODEL)% %RESPONSE_CODE%',
  ...COSTS.map((cost) => `${cost}=${metadataOperator(cost)}`),
  '%DURATION%ms',
].join(' ');

/** Empty counts as unset. Throws UserFacingError. */
export function chooseAccessLog(env: Environment): AccessLogChoice {
  const endpointVariable = ['OTEL_EXPORTER_OTLP_LOGS_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'].find((name) =>
    env[name]?.trim(),
  );
  const asked = word(env['OTEL_LOGS_EXPORTER']);
  switch (asked || (endpointVariable === undefined ? 'console' : 'otlp')) {
    case 'none':
      return { accessLog: { disable: true } };
    case 'console':
      return {
        accessLog: { settings: [{ ...BUILT_IN_ACCESS_LOG, sinks: [{ type: 'File', file: { path: '/dev/stdout' } }] }] },
      };
    case 'otlp':
      return collectorLog(env, endpointVariable);
    default:
      throw new UserFacingError(`unsupported OTEL_LOGS_EXPORTER value "${asked}" (allowed: otlp, console, none)`);
  }
}

const word = (text = ''): string => text.trim().toLowerCase();

const INSTEAD = 'set OTEL_LOGS_EXPORTER to console or none to have no OTLP access log';

function collectorLog(env: Environment, endpointVariable: string | undefined): AccessLogChoice {
  const protocol = word(env['OTEL_EXPORTER_OTLP_LOGS_PROTOCOL']) || word(env['OTEL_EXPORTER_OTLP_PROTOCOL']) || 'grpc';
  if (protocol !== 'grpc') {
    throw new UserFacingError(
      `OTEL logs support gRPC protocol only, got "${protocol}": set OTEL_EXPORTER_OTLP_LOGS_PROTOCOL to grpc, or ${INSTEAD}`,
    );
  }
  if (endpointVariable === undefined) {
    throw new UserFacingError(`invalid OTLP endpoint: empty: set OTEL_EXPORTER_OTLP_LOGS_ENDPOINT, or ${INSTEAD}`);
  }
  const target = parseCollector(endpointVariable, env[endpointVariable]!.trim());
  const name = endpointVariable.includes('LOGS') ? 'otel-logs' : 'otel';
  const headers = parseHeaders(env);
  const resources = parseResources(env);
  const { matches, format } = BUILT_IN_ACCESS_LOG;
  const openTelemetry = {
    backendRefs: [{ group: 'gateway.envoyproxy.io', kind: 'Backend', name }],
    ...(headers.length > 0 ? { headers } : {}),
    ...(Object.keys(resources).length > 0 ? { resources } : {}),
  };
  return {
    accessLog: {
      settings: [
        { matches, format: { text: BODY, json: format.json }, sinks: [{ type: 'OpenTelemetry', openTelemetry }] },
      ],
    },
    collector: {
      name,
      spec: {
        endpoints: [backendEndpoint(target)],
        ...(target.isTls
          ? {
              tls: {
                wellKnownCACertificates: 'System',
                // A certificate is asked for by name; an address is compared with the certificate as it is.
                ...(isIP(target.hostname) === 0 ? { sni: target.hostname } : {}),
              },
            }
          : {}),
      },
    },
  };
}

/** Host and port; the path does not count. Never repeats the URL: it may hold a credential. */
function parseCollector(variable: string, text: string): { hostname: string; port: number; isTls: boolean } {
  const parts = splitUrl(text.includes('://') ? text : `http://${text}`);
  const isTls = parts?.scheme === 'https';
  const port = parts?.port ?? (isTls ? 443 : 80);
  const fault = parts ? addressFault({ hostname: parts.hostname, port }) : 'missing hostname';
  if (!parts || fault !== undefined) {
    throw new UserFacingError(
      `invalid OTLP endpoint: ${fault}: set ${variable} to an address such as http://localhost:4317, or ${INSTEAD}`,
    );
  }
  return { hostname: parts.hostname, port, isTls };
}

/** `name=value,…`; pairs without `=` or name are left out, values are not decoded. */
function parseHeaders(env: Environment): { name: string; value: string }[] {
  const text = env['OTEL_EXPORTER_OTLP_LOGS_HEADERS'] || env['OTEL_EXPORTER_OTLP_HEADERS'] || '';
  return pairs(text).map(([name, value]) => {
    if (/^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/.test(name)) return { name, value };
    throw new UserFacingError(`OTEL_EXPORTER_OTLP_HEADERS has a header name that is none: expected name=value,…`);
  });
}

/** Sorted by key; values are percent-decoded, one that cannot be decoded is taken as it is. */
function parseResources(env: Environment): Record<string, string> {
  const resources = new Map(pairs(env['OTEL_RESOURCE_ATTRIBUTES'] ?? '').map(([key, value]) => [key, decode(value)]));
  const service = env['OTEL_SERVICE_NAME'];
  if (service) resources.set('service.name', service);
  return Object.fromEntries([...resources].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const pairs = (text: string): [string, string][] =>
  text.split(',').flatMap((pair): [string, string][] => {
    const cut = pair.indexOf('=');
    const key = pair.slice(0, Math.max(0, cut)).trim();
    return key === '' ? [] : [[key, pair.slice(cut + 1).trim()]];
  });

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
