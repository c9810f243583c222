import { isIPv6 } from 'node:net';
import { stringify } from 'yaml';
import { UserFacingError } from '../../../shared/errors.js';
import type { Environment } from '../environment.js';
import { PORT_VARIABLE, portFrom } from '../settings/port-variable.js';
import { chooseAccessLog, type AccessLogChoice } from './access-log.js';
import { backendEndpoint, type BaseUrl } from './base-url.js';
import { chooseProvider, type Provider } from './provider.js';

/** @see spec ops.md A1, "Usage error of run" */
export const NOTHING_TO_RUN =
  'you must supply at least OPENAI_API_KEY, AZURE_OPENAI_API_KEY, ANTHROPIC_API_KEY, or a config file path';

const AI = 'aigateway.envoyproxy.io/v1beta1';
const EG = 'gateway.envoyproxy.io/v1alpha1';
const GW = 'gateway.networking.k8s.io/v1';
const NAME = 'aigw-run';
const PROXY = 'envoy-ai-gateway';
/** @see spec ops.md A2, "Port" */
const PORT_DEFAULT = 1975;

const meta = (name: string) => ({ name, namespace: 'default' });

/**
 * The configuration for the provider that the environment names, as multi-document YAML of user-facing kinds. Holds no
 * key: the Secret names the variable. Throws UserFacingError. @see spec ops.md A3
 */
export function autoconfigure(env: Environment): string {
  const provider = chooseProvider(env);
  if (!provider) throw new UserFacingError(NOTHING_TO_RUN);
  const accessLog = chooseAccessLog(env);
  const objects = [
    ...gatewayObjects(portFrom(env, PORT_VARIABLE, PORT_DEFAULT), env['ENVOY_VERSION'], accessLog),
    routeTo(provider),
    backend(provider.name, providerBackend(provider.target)),
    ...(accessLog.collector ? [backend(accessLog.collector.name, accessLog.collector.spec)] : []),
    ...providerObjects(provider),
  ];
  return (
    objects
      .map((object) => stringify(object, { lineWidth: 0 }))
      .join('---\n')
      // The text runs through variable substitution like any other: what stands here is meant as it is.
      .replaceAll('$', '$$$$')
  );
}

function gatewayObjects(port: number, envoyVersion: string | undefined, { accessLog }: AccessLogChoice): object[] {
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
        listeners: [{ name: 'http', protocol: 'HTTP', port }],
        infrastructure: { parametersRef },
      },
    },
    {
      apiVersion: EG,
      kind: 'EnvoyProxy',
      metadata: meta(PROXY),
      spec: {
        ...(envoyVersion ? { provider: { type: 'Host', host: { envoyVersion } } } : {}),
        logging: { level: { default: 'error' } },
        telemetry: { accessLog },
      },
    },
  ];
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

const backend = (name: string, spec: object): object => ({
  apiVersion: EG,
  kind: 'Backend',
  metadata: meta(name),
  spec,
});

const routeTo = ({ name }: Provider): object => ({
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
});

/** A policy names its host, and cannot name an IPv6 address: there the Backend itself says that it speaks TLS. */
const hasTlsPolicy = ({ isTls, hostname }: BaseUrl): boolean => isTls && !isIPv6(hostname);

const providerBackend = (target: BaseUrl): object => ({
  endpoints: [backendEndpoint(target)],
  ...(target.isTls && !hasTlsPolicy(target) ? { tls: { wellKnownCACertificates: 'System' } } : {}),
});

function providerObjects({ name, schema, target, policy, keyVariable, headers }: Provider): object[] {
  const keyName = `${name}-apikey`;
  return [
    {
      apiVersion: AI,
      kind: 'AIServiceBackend',
      metadata: meta(name),
      spec: {
        schema,
        backendRef: { group: 'gateway.envoyproxy.io', kind: 'Backend', name },
        ...(headers.length > 0 ? { headerMutation: { set: headers } } : {}),
      },
    },
    ...(hasTlsPolicy(target)
      ? [
          {
            apiVersion: 'gateway.networking.k8s.io/v1alpha3',
            kind: 'BackendTLSPolicy',
            metadata: meta(`${name}-tls`),
            spec: {
              targetRefs: [{ group: 'gateway.envoyproxy.io', kind: 'Backend', name }],
              validation: { wellKnownCACertificates: 'System', hostname: target.hostname },
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
