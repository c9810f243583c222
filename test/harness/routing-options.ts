import type { RoutingControllerOptions } from '../../src/modules/routing/controllers/routing-options.js';

/** Options of the reference's defaults, for specs. */
export const TEST_OPTIONS: RoutingControllerOptions = {
  version: 'test',
  rootPrefix: '/',
  envoyGatewayNamespace: 'envoy-gateway-system',
  extProcMode: 'sidecar',
  deployment: { replicas: 1, tlsSecret: undefined },
  writesLegacySecret: false,
  closesUntilHookSeen: false,
  isTranslationSeen: () => false,
  isTranslationCurrent: () => false,
  translationFaults: () => [],
  extProc: {
    image: 'docker.io/envoyproxy/ai-gateway-extproc:v1.1.0',
    imagePullPolicy: 'IfNotPresent',
    imagePullSecrets: [],
    logLevel: 'info',
    logFormat: 'text',
    enableRedaction: false,
    rootPrefix: '/',
    endpointPrefixes: '',
    maxRecvMsgSizeBytes: 536_870_912,
    headerAttributes: { all: undefined, span: undefined, metrics: undefined, log: undefined },
    extraEnvVars: [],
    mcp: {
      sessionEncryptionSeed: 'default-insecure-seed',
      sessionEncryptionIterations: 100_000,
      fallbackSessionEncryptionSeed: '',
      fallbackSessionEncryptionIterations: 100_000,
    },
  },
};
