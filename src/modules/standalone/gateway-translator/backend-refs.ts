import type { Backend, BackendEndpoint } from '../../../shared/api/envoy-gateway.js';
import type { HTTPBackendRef, HTTPRoute, HTTPRouteRule } from '../../../shared/api/http-route.js';
import { kinds } from '../../../shared/api/kinds.js';
import { displayName, type KubeObject } from '../../../shared/api/kube-object.js';
import { resolveBackendTls } from './backend-tls.js';
import { followReference } from './follow-reference.js';
import type { UpstreamTls } from './tls.js';
import type { Translation } from './translate-options.js';

/** One backendRef of weight above 0. */
export interface ResolvedBackendRef {
  /** Position in `backendRefs`, those of weight 0 counted. */
  readonly index: number;
  readonly weight: number;
  /** Absent: the reference is faulty. */
  readonly backend?: ResolvedBackend;
}

export interface ResolvedBackend {
  readonly object: Backend;
  /** May be empty. */
  readonly endpoints: readonly BackendEndpoint[];
  readonly tls: UpstreamTls | 'plain';
  readonly protocol: 'http1' | 'h2c' | 'any';
}

/** The refs of a rule that may get traffic, in their order. What is wrong with them is reported. */
export function resolveBackendRefs(
  translation: Translation,
  route: HTTPRoute,
  ruleIndex: number,
  rule: HTTPRouteRule,
): readonly ResolvedBackendRef[] {
  const refs: ResolvedBackendRef[] = [];
  for (const [index, ref] of (rule.backendRefs ?? []).entries()) {
    const weight = ref.weight ?? 1;
    if (weight === 0) continue;
    const path = `spec.rules[${ruleIndex}].backendRefs[${index}]`;
    const backend = resolveBackend(translation, route, path, ref);
    refs.push({ index, weight, ...(backend ? { backend } : {}) });
  }
  return separatePipes(translation, route, ruleIndex, refs);
}

/** The Backend that `owner` names at `path`; undefined, and reported, when it cannot be used. */
export function resolveBackend(
  translation: Translation,
  owner: KubeObject,
  path: string,
  ref: HTTPBackendRef,
): ResolvedBackend | undefined {
  const { faults } = translation;
  if (ref.group !== kinds.backend.group || ref.kind !== kinds.backend.kind) {
    faults.error(
      owner,
      `${path}.kind`,
      'InvalidKind',
      `${ref.group ?? ''}/${ref.kind ?? 'Service'} is not supported outside Kubernetes: ` +
        `use group "${kinds.backend.group}", kind "Backend"`,
    );
    return undefined;
  }
  const namespace = ref.namespace ?? owner.metadata.namespace ?? '';
  const object = followReference<Backend>(translation, owner, path, { type: kinds.backend, namespace, name: ref.name });
  if (!object) return undefined;
  const backendType = object.spec.type ?? 'Endpoints';
  if (backendType !== 'Endpoints') {
    faults.error(object, 'spec.type', 'UnsupportedValue', `"${backendType}" is not supported: use Endpoints`);
    return undefined;
  }
  const endpoints = object.spec.endpoints ?? [];
  if (endpoints.length === 0) {
    faults.error(object, 'spec.endpoints', 'Invalid', `${displayName(object)} has no endpoints: add one`);
  }
  const tls = resolveBackendTls(translation, object);
  return tls === undefined ? undefined : { object, endpoints, tls, protocol: protocolOf(object) };
}

function protocolOf({ spec }: Backend): ResolvedBackend['protocol'] {
  const protocols = spec.appProtocols ?? [];
  if (protocols.includes('gateway.envoyproxy.io/h2c')) return 'h2c';
  // WebSocket upgrades exist in HTTP/1.1 only.
  return protocols.some((protocol) => /\/wss?$/.test(protocol)) ? 'http1' : 'any';
}

/** Envoy cannot have Unix sockets in a cluster that resolves names, and fallback needs one cluster for all refs. */
function separatePipes(
  { faults }: Translation,
  route: HTTPRoute,
  ruleIndex: number,
  refs: readonly ResolvedBackendRef[],
): readonly ResolvedBackendRef[] {
  const endpoints = refs.flatMap(({ backend }) => backend?.endpoints ?? []);
  if (!endpoints.some(({ unix }) => unix) || !endpoints.some(({ fqdn }) => fqdn)) return refs;
  return refs.map((ref) => {
    if (!ref.backend?.endpoints.some(({ unix }) => unix)) return ref;
    faults.error(
      route,
      `spec.rules[${ruleIndex}].backendRefs[${ref.index}]`,
      'UnsupportedValue',
      'Unix sockets cannot stand in one rule with host names: use ip endpoints or a rule of its own',
    );
    return { ...ref, backend: { ...ref.backend, endpoints: ref.backend.endpoints.filter(({ unix }) => !unix) } };
  });
}
