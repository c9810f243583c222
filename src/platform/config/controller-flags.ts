import { booleanFlag, durationFlag, integerFlag, optionalTextFlag, textFlag } from './flags.js';

const MAPPING = 'header:attribute,…';
const MCP = 'MCP proxy, not supported by this build:';
const QUOTA = 'QuotaPolicy, not supported by this build:';

/** Every flag of the `controller` mode. @see spec controller.md section 2 */
export const CONTROLLER_FLAGS = {
  envoyGatewayNamespace: textFlag(
    'envoy-gateway-system',
    'namespace of Envoy Gateway, where it runs proxies by default',
  ),
  watchNamespaces: textFlag('', 'comma list of namespaces whose objects count; empty means all'),
  azureAmbientNamespaces: textFlag(
    '',
    'comma list of namespaces whose policies may use the Azure identity of the controller; * means all, empty means none',
  ),
  cacheSyncTimeout: durationFlag(120_000, 'how long the first listing of all watched kinds may take'),
  enableLeaderElection: booleanFlag('let only the holder of the Lease write; all replicas serve hooks', true),
  migrateStorageVersions: booleanFlag(
    'the leader has objects stored anew that are stored in a former API version; not with -watchNamespaces',
    true,
  ),

  extProcMode: textFlag('sidecar', 'sidecar: in each proxy pod; deployment: a Deployment for each Gateway'),
  extProcReplicas: integerFlag(1, 'replicas of each Deployment in mode deployment'),
  extProcImage: textFlag('docker.io/envoyproxy/ai-gateway-extproc:latest', 'image of the External Processor'),
  extProcImagePullPolicy: textFlag('IfNotPresent', 'Always, Never or IfNotPresent'),
  extProcImagePullSecrets: textFlag('', 'names of Secrets, separated by semicolons'),
  extProcLogLevel: textFlag('info', 'lowest level that the External Processor logs: debug, info, warn or error'),
  extProcLogFormat: textFlag('text', 'text or json'),
  extProcEnableRedaction: booleanFlag('replace the texts of bodies in debug logs of the External Processor'),
  extProcExtraEnvVars: textFlag(
    '',
    'environment of the External Processor: NAME=value;NAME=value, or a JSON list of EnvVar objects',
  ),
  extProcMaxRecvMsgSize: integerFlag(536_870_912, 'largest gRPC message that Envoy may send to it, in bytes'),
  extProcTLSSecret: textFlag(
    '',
    'mode deployment: Secret with tls.crt, tls.key and ca.crt beside each Deployment; empty means plain text',
  ),
  requestHeaderAttributes: optionalTextFlag(`${MAPPING} that is the base of the three mappings below`),
  spanRequestHeaderAttributes: optionalTextFlag(
    `${MAPPING} for spans; unset means agent-session-id:session.id, empty means the base only`,
  ),
  metricsRequestHeaderAttributes: optionalTextFlag(`${MAPPING} for metrics; each value makes further series`),
  logRequestHeaderAttributes: optionalTextFlag(
    `${MAPPING} for access logs; unset means agent-session-id:session.id, empty means the base only`,
  ),
  endpointPrefixes: textFlag('', 'key:prefix,… with the keys openai (/), cohere (/cohere) and anthropic (/anthropic)'),
  rootPrefix: textFlag('/', 'path in front of every endpoint, and of every generated rule'),
  legacyConfigSecret: booleanFlag('also write the filter config as the one Secret that older processors read'),

  failClosedUntilHookSeen: booleanFlag(
    'AI routes answer 503 until Envoy Gateway has asked the extension server to finish each of their Gateways',
  ),

  separateAuthentication: booleanFlag(
    'refuse requests (403) whose model leads to a route with other authentication than the one that was applied',
  ),
  filtersBeforeExtProc: textFlag(
    '',
    'comma list of exact names of HTTP filters of Envoy that run before the External Processor',
  ),
  metadataForwardingNamespaces: textFlag(
    '',
    'comma list of namespaces of dynamic metadata that the External Processor gets for every attempt at a backend',
  ),

  port: textFlag(':1063', 'where Envoy Gateway reaches the extension server: host:port or :port'),
  maxRecvMsgSize: integerFlag(268_435_456, 'largest gRPC message that Envoy Gateway may send, in bytes'),
  webhookPort: integerFlag(9443, 'HTTPS port of the admission webhooks'),
  tlsCertDir: textFlag('/certs', 'directory with the serving certificate of the webhooks, if one is mounted'),
  caBundleName: textFlag('ca.crt', 'file with the CA certificate in it'),
  tlsCertName: textFlag('tls.crt', 'file with the serving certificate in it'),
  tlsKeyName: textFlag('tls.key', 'file with the private key in it'),
  webhookCertSecret: textFlag(
    'ai-gateway-webhook-cert',
    'Secret in which the controller keeps a certificate of its own when none is mounted',
  ),
  serviceName: textFlag('ai-gateway-controller', 'Service of the controller, for the names in its own certificate'),
  healthPort: integerFlag(8080, 'HTTP port of /metrics, /healthz and /readyz'),
  logLevel: textFlag('info', 'lowest level that is logged: debug, info, warn, error, dpanic, panic or fatal'),
  logFormat: textFlag('text', 'text or json'),

  mcpSessionEncryptionSeed: textFlag('default-insecure-seed', `${MCP} seed of the session key`),
  mcpSessionEncryptionIterations: integerFlag(100_000, `${MCP} iterations of the key derivation`),
  mcpFallbackSessionEncryptionSeed: textFlag('', `${MCP} seed of the former session key`),
  mcpFallbackSessionEncryptionIterations: integerFlag(100_000, `${MCP} iterations for the former key`),
  quotaRateLimitServiceAddr: textFlag(
    'envoy-ai-gateway-ratelimit.envoy-gateway-system',
    `${QUOTA} address of the rate limit service`,
  ),
  quotaRateLimitTimeout: integerFlag(5, `${QUOTA} its timeout in seconds`),
  quotaRateLimitFailureModeDeny: booleanFlag(`${QUOTA} refuse requests when it does not answer`),
};
