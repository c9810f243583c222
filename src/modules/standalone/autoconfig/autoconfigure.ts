import { stringify } from 'yaml';
import { UserFacingError } from '../../../shared/errors.js';
import { chooseProvider, type Environment, type Provider } from './provider.js';

/** @see spec ops.md A1, "Usage error of run" */
export const NOTHING_TO_RUN =
  'you must supply at least OPENAI_API_KEY, AZURE_OPENAI_API_KEY, ANTHROPIC_API_KEY, or a config file path';

const AI = 'aigateway.envoyproxy.io/v1beta1';
const EG = 'gateway.envoyproxy.io/v1alpha1';
const GW = 'gateway.networking.k8s.io/v1';
const NAME = 'aigw-run';
const PROXY = 'envoy-ai-gateway';

const meta = (name: string) => ({ name, namespace: 'default' });
/** The generated text runs through variable substitution like any other: a dollar sign of a value is doubled. */
const literal = (value: string): string => value.replaceAll('$', '$$$$');

/**
 * The configuration for the provider that the environment names, as multi-document YAML of user-facing kinds. Holds no
 * key: the Secret names the variable. Throws UserFacingError. @see spec ops.md A3
 */
export function autoconfigure(env: Environment): string {
  const provider = chooseProvider(env);
  if (!provider) throw new UserFacingError(NOTHING_TO_RUN);
  return [...gatewayObjects(env), ...providerObjects(provider)]
    .map((object) => stringify(object, { lineWidth: 0 }))
    .join('---\n');
}

function gatewayObjects(env: Environment): object[] {
  const parametersRef = { group: 'gateway.envoyproxy.io', kind: 'EnvoyProxy', name: PROXY };
  return [
    {
      apiVersion: GW,
      kind: 'GatewayClass',
      metadata: { name: NAME },
      spec: { controllerName: 'gateway.envoyproxy.io/gatewayclass-controller' },
    },
    {
      apiVersion: GW,
      kind: 'Gateway',
      metadata: meta(NAME),
      spec: {
        gatewayClassName: NAME,
        listeners: [{ name: 'http', protocol: 'HTTP', port: 1975 }],
        infrastructure: { parametersRef },
      },
    },
    {
      apiVersion: EG,
      kind: 'EnvoyProxy',
      metadata: meta(PROXY),
      spec: {
        ...(env['ENVOY_VERSION']
          ? { provider: { type: 'Host', host: { envoyVersion: literal(env['ENVOY_VERSION']) } } }
          : {}),
        ...(writesAccessLog(env) ? {} : { telemetry: { accessLog: { disable: true } } }),
      },
    },
  ];
}

/** Without a word of ours Envoy writes the built-in access log. @see spec observability.md 7.4 */
function writesAccessLog(env: Environment): boolean {
  const exporter = (env['OTEL_LOGS_EXPORTER'] ?? '').trim().toLowerCase();
  switch (exporter) {
    case '':
    case 'console':
      return true;
    case 'none':
      return false;
    case 'otlp':
      throw new UserFacingError('OTEL_LOGS_EXPORTER value "otlp" is not supported yet: use console or none');
    default:
      throw new UserFacingError(`unsupported OTEL_LOGS_EXPORTER value "${exporter}" (allowed: otlp, console, none)`);
  }
}

const clientBufferLimit = {
  apiVersion: EG,
  kind: 'ClientTrafficPolicy',
  metadata: meta('client-buffer-limit'),
  spec: {
    targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: NAME }],
    connection: { bufferLimit: '50Mi' },
  },
};

function providerObjects({ name, schema, target, policy, keyVariable, headers }: Provider): object[] {
  const hostname = literal(target.hostname);
  const keyName = `${name}-apikey`;
  return [
    {
      apiVersion: AI,
      kind: 'AIGatewayRoute',
      metadata: meta(NAME),
      spec: {
        parentRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: NAME }],
        rules: [
          {
            matches: [{ headers: [{ type: 'RegularExpression', name: 'x-ai-eg-model', value: '.*' }] }],
            backendRefs: [{ name, namespace: 'default' }],
            timeouts: { request: '120s' },
          },
        ],
        llmRequestCosts: [
          { metadataKey: 'llm_input_token', type: 'InputToken' },
          { metadataKey: 'llm_output_token', type: 'OutputToken' },
          { metadataKey: 'llm_reasoning_token', type: 'ReasoningToken' },
        ],
      },
    },
    {
      apiVersion: EG,
      kind: 'Backend',
      metadata: meta(name),
      spec: {
        endpoints: [
          target.isIp ? { ip: { address: hostname, port: target.port } } : { fqdn: { hostname, port: target.port } },
        ],
      },
    },
    {
      apiVersion: AI,
      kind: 'AIServiceBackend',
      metadata: meta(name),
      spec: {
        schema: Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, literal(value)])),
        backendRef: { group: 'gateway.envoyproxy.io', kind: 'Backend', name },
        ...(headers.length > 0
          ? { headerMutation: { set: headers.map((header) => ({ name: header.name, value: literal(header.value) })) } }
          : {}),
      },
    },
    ...(target.isTls
      ? [
          {
            apiVersion: 'gateway.networking.k8s.io/v1alpha3',
            kind: 'BackendTLSPolicy',
            metadata: meta(`${name}-tls`),
            spec: {
              targetRefs: [{ group: 'gateway.envoyproxy.io', kind: 'Backend', name }],
              validation: { wellKnownCACertificates: 'System', hostname },
            },
          },
        ]
      : []),
    clientBufferLimit,
    {
      apiVersion: 'v1',
      kind: 'Secret',
      // By annotation and not as `${VAR}` in the text, where a key with a YAML character would change the document.
      metadata: { ...meta(keyName), annotations: { 'substitution.aigw.run/env/apiKey': keyVariable } },
      type: 'Opaque',
      stringData: { apiKey: `set from ${keyVariable}` },
    },
    {
      apiVersion: AI,
      kind: 'BackendSecurityPolicy',
      metadata: meta(keyName),
      spec: {
        targetRefs: [{ group: 'aigateway.envoyproxy.io', kind: 'AIServiceBackend', name }],
        type: policy.type,
        [policy.member]: { secretRef: { name: keyName, namespace: 'default' } },
      },
    },
  ];
}
