// The configuration under load: a Gateway, a provider of each schema with a key, and a cost that needs each answer's usage.
import { randomBytes } from 'node:crypto';
import { MODELS } from './cases.mjs';

const AI = 'aigateway.envoyproxy.io';
const secret = () => randomBytes(20).toString('hex');
const secretRef = (name) => ({ secretRef: { name } });
const secretOf = (name, stringData) => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData });

/** Schema, upstream model, the `spec` of the security policy without its target, and Secrets, by name as in `MODELS`. */
const providers = () => ({
  openai: {
    schema: 'OpenAI',
    policy: { type: 'APIKey', apiKey: secretRef('openai') },
    secrets: [secretOf('openai', { apiKey: secret() })],
  },
  bedrock: {
    schema: 'AWSBedrock',
    upstreamModel: 'anthropic.claude-sonnet-4-5',
    policy: {
      type: 'AWSCredentials',
      awsCredentials: { region: 'us-east-1', credentialsFile: secretRef('bedrock') },
    },
    secrets: [
      secretOf('bedrock', {
        credentials: `[default]\naws_access_key_id = ${secret()}\naws_secret_access_key = ${secret()}\n`,
      }),
    ],
  },
  gemini: {
    schema: 'GCPVertexAI',
    upstreamModel: 'gemini-2.5-flash',
    policy: {
      type: 'GCPCredentials',
      gcpCredentials: { projectName: 'bench', region: 'us-central1', credentialsFile: secretRef('gemini') },
    },
    // The token that such a file would be exchanged for: nothing here may call Google.
    secrets: [secretOf('ai-eg-bsp-gemini', { gcpAccessToken: secret() })],
  },
  anthropic: {
    schema: 'Anthropic',
    upstreamModel: 'claude-sonnet-4-5',
    policy: { type: 'AnthropicAPIKey', anthropicAPIKey: secretRef('anthropic') },
    secrets: [secretOf('anthropic', { apiKey: secret() })],
  },
});

/** Kubernetes objects: clients come to `gatewayPort`, all providers are at `providerPort`. */
export function objects(gatewayPort, providerPort) {
  const all = Object.entries(providers());
  return [
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'GatewayClass',
      metadata: { name: 'bench' },
      spec: { controllerName: 'gateway.envoyproxy.io/gatewayclass-controller' },
    },
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: { name: 'bench' },
      spec: { gatewayClassName: 'bench', listeners: [{ name: 'http', protocol: 'HTTP', port: gatewayPort }] },
    },
    {
      apiVersion: `${AI}/v1beta1`,
      kind: 'AIGatewayRoute',
      metadata: { name: 'bench' },
      spec: {
        parentRefs: [{ name: 'bench', kind: 'Gateway', group: 'gateway.networking.k8s.io' }],
        rules: all.map(([name, { upstreamModel }]) => ({
          matches: [{ headers: [{ name: 'x-ai-eg-model', value: MODELS[name] }] }],
          backendRefs: [{ name, ...(upstreamModel && { modelNameOverride: upstreamModel }) }],
        })),
        llmRequestCosts: [{ metadataKey: 'total', type: 'TotalToken' }],
      },
    },
    ...all.flatMap(([name, provider]) => providerObjects(name, provider, providerPort)),
  ];
}

const providerObjects = (name, { schema, policy, secrets }, port) => [
  {
    apiVersion: `${AI}/v1beta1`,
    kind: 'AIServiceBackend',
    metadata: { name },
    spec: { schema: { name: schema }, backendRef: { group: 'gateway.envoyproxy.io', kind: 'Backend', name } },
  },
  {
    apiVersion: 'gateway.envoyproxy.io/v1alpha1',
    kind: 'Backend',
    metadata: { name },
    spec: { endpoints: [{ ip: { address: '127.0.0.1', port } }] },
  },
  {
    apiVersion: `${AI}/v1beta1`,
    kind: 'BackendSecurityPolicy',
    metadata: { name },
    spec: { targetRefs: [{ group: AI, kind: 'AIServiceBackend', name }], ...policy },
  },
  ...secrets,
];
