import { booleanFlag, durationFlag, integerFlag, optionalTextFlag, textFlag } from './flags.js';

const MAPPING = 'header:attribute,…';
const MCP = 'MCP proxy, not supported by this build:';

/** Every flag of the `extproc` mode. @see spec extproc.md section 1.1, ops.md D4 */
export const EXTPROC_FLAGS = {
  configPath: textFlag('', 'filter config as one YAML file; one of configPath and configBundlePath is needed'),
  configBundlePath: textFlag('', 'filter config as a directory with index.yaml and its parts; wins over configPath'),
  extProcAddr: textFlag(':1063', 'where Envoy reaches the External Processor: host:port, :port or unix://<path>'),
  extProcTLSCertDir: textFlag('', 'directory with tls.crt, tls.key and ca.crt for extProcAddr; empty means plain text'),
  peerAddress: textFlag('', 'ip:port by which other replicas reach this one; needed when several serve one Envoy'),
  logLevel: textFlag('info', 'lowest level that is logged: debug, info, warn or error'),
  logFormat: textFlag('text', 'text or json'),
  enableRedaction: booleanFlag('replace the texts of bodies in debug logs by their length and hash'),
  adminPort: integerFlag(1064, 'HTTP port of /metrics and /health, on all interfaces'),
  requestHeaderAttributes: textFlag('', `${MAPPING} that is the base of the three mappings below`),
  spanRequestHeaderAttributes: optionalTextFlag(
    `${MAPPING} for spans; unset means agent-session-id:session.id, empty means the base only`,
  ),
  metricsRequestHeaderAttributes: textFlag('', `${MAPPING} for metrics; each value makes further series`),
  logRequestHeaderAttributes: optionalTextFlag(
    `${MAPPING} for access logs; unset means agent-session-id:session.id, empty means the base only`,
  ),
  rootPrefix: textFlag('/', 'path in front of every endpoint'),
  endpointPrefixes: textFlag('', 'key:prefix,… with the keys openai (/), cohere (/cohere) and anthropic (/anthropic)'),
  maxRecvMsgSize: integerFlag(Number.MAX_SAFE_INTEGER, 'largest gRPC message that Envoy may send, in bytes'),
  stripInternalHeaders: booleanFlag(
    'hide x-ai-eg-model and x-ai-eg-original-path from providers; access logs that print them lose them too',
  ),
  shutdownDelay: durationFlag(15_000, 'how long to go on serving after SIGINT or SIGTERM before draining'),
  mcpAddr: textFlag('', `${MCP} its address; must stay empty`),
  mcpSessionEncryptionSeed: textFlag('default-insecure-seed', `${MCP} seed of the session key`),
  mcpSessionEncryptionIterations: integerFlag(100_000, `${MCP} iterations of the key derivation`),
  mcpFallbackSessionEncryptionSeed: textFlag('', `${MCP} seed of the former session key`),
  mcpFallbackSessionEncryptionIterations: integerFlag(100_000, `${MCP} iterations for the former key`),
  mcpWriteTimeout: durationFlag(120_000, `${MCP} limit for writing a response`),
};
