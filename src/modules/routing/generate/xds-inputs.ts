import { createHash } from 'node:crypto';
import type { GatewayConfig } from '../../../shared/api/ai-gateway.js';
import { generatedAnnotations } from '../../../shared/api/generated-http-route.js';
import { BUFFER_LIMIT_ANNOTATION } from '../../extension-server/edits/buffer-limits.js';
import type { RouteNode } from '../resolve/route-graph.js';

const HASH_LENGTH = 16;

/**
 * What the extension server reads for a route beside its HTTPRoute. Envoy Gateway translates again when something changes that
 * it can see, and it sees HTTPRoutes: a hash of the rest is written there, by a name that Envoy Gateway looks at. Routes
 * without such settings carry none, as those of the reference. @see spec extension-server.md sections 11, 13, 21.2 and 21.16
 */
export function xdsInputsAnnotation(
  node: RouteNode,
  gatewayConfigs: readonly GatewayConfig[],
): Readonly<Record<string, string>> {
  const inputs = {
    idleTimeouts: node.rules.map(({ rule }) => rule.streamIdleTimeout ?? ''),
    metadataNamespaces: node.rules.flatMap(({ refs }) =>
      refs.map(({ backend }) => backend?.auth?.credentialOverride?.dynamicMetadataNamespace ?? ''),
    ),
    proxies: gatewayConfigs.map(({ spec }) => spec?.forwardProxy?.address ?? ''),
    bufferLimits: gatewayConfigs.map(({ metadata }) => metadata.annotations?.[BUFFER_LIMIT_ANNOTATION] ?? ''),
  };
  if (Object.values(inputs).every((values) => values.every((value) => value === ''))) return {};
  return {
    [generatedAnnotations.xdsInputs]: createHash('sha256')
      .update(JSON.stringify(inputs))
      .digest('hex')
      .slice(0, HASH_LENGTH),
  };
}
