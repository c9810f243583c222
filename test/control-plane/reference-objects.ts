import { createHash } from 'node:crypto';
import type { AIGatewayRoute, AIGatewayRouteBackendRef, AIServiceBackend } from '../../src/shared/api/ai-gateway.js';
import type { KubeObject } from '../../src/shared/api/kube-object.js';
import { ENVOY_GATEWAY_NAMESPACE } from './controller-world.js';

// What Envoy AI Gateway v1.1 makes, written from spec controller.md without a line of our generators, so that both can be compared.

export interface Content extends KubeObject {
  readonly spec?: object;
  readonly data?: Readonly<Record<string, string>>;
}

/** With the default of the flag `rootPrefix`. */
const ROOT_PATH = { value: '/' };
const BACKEND_KIND = { group: 'gateway.envoyproxy.io', kind: 'Backend' };

const filterNames = (route: string) => ({
  rewrite: `ai-eg-host-rewrite-${route}`,
  notFound: `ai-eg-route-not-found-response-${route}`,
});

/**
 * Created when they are absent, never written again. @see spec controller.md section 6
 *
 * @param words of the answer when no rule matches, which are no part of the contract
 */
export function referenceFilters(route: AIGatewayRoute, words = 'their words'): readonly Content[] {
  const { rewrite, notFound } = filterNames(route.metadata.name);
  const filter = (name: string, spec: object): Content => ({
    apiVersion: 'gateway.envoyproxy.io/v1alpha1',
    kind: 'HTTPRouteFilter',
    metadata: { name, namespace: route.metadata.namespace ?? '', ownerReferences: [ownerOf(route)] },
    spec,
  });
  return [
    filter(rewrite, { urlRewrite: { hostname: { type: 'Backend' } } }),
    filter(notFound, { directResponse: { statusCode: 404, body: { type: 'Inline', inline: words } } }),
  ];
}

/**
 * The one HTTPRoute of a route; undefined when the reference refuses the route because an AIServiceBackend is missing.
 *
 * @param backends all that there are
 */
export function referenceHTTPRoute(route: AIGatewayRoute, backends: readonly AIServiceBackend[]): Content | undefined {
  const { name, namespace = '', labels, annotations } = route.metadata;
  const { parentRefs, hostnames, rules = [] } = route.spec ?? {};
  const { rewrite, notFound } = filterNames(name);
  const refsOf = (refs: readonly AIGatewayRouteBackendRef[] = []) =>
    refs.map((ref) => referenceBackendRef(ref, namespace, backends));
  const known = rules.map(({ backendRefs }) => refsOf(backendRefs));
  if (known.flat().includes(undefined)) return undefined;
  const order = rules.flatMap(({ backendRefs = [] }, index) =>
    backendRefs.map((ref) => `${index}:${ref.name}:${ref.priority ?? 0}`),
  );
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: {
      name,
      namespace,
      ...(labels && { labels }),
      annotations: {
        ...annotations,
        'gateway.envoyproxy.io/ai-gateway-generated': 'true',
        'gateway.envoyproxy.io/backend-ref-priority': order.join(','),
      },
      ownerReferences: [ownerOf(route)],
    },
    spec: {
      ...(parentRefs && { parentRefs }),
      ...(hostnames && { hostnames }),
      rules: [
        ...rules.map((rule, index) => ({
          ...(rule.name !== undefined && { name: rule.name }),
          ...(rule.matches && { matches: rule.matches.map(({ headers }) => ({ headers, path: ROOT_PATH })) }),
          ...(rule.backendRefs && { backendRefs: known[index] }),
          filters: [extensionRef(rewrite)],
          timeouts: { request: '60s', ...rule.timeouts },
        })),
        { name: 'route-not-found', matches: [{ path: ROOT_PATH }], filters: [extensionRef(notFound)] },
      ],
    },
  };
}

function referenceBackendRef(
  ref: AIGatewayRouteBackendRef,
  routeNamespace: string,
  backends: readonly AIServiceBackend[],
): object | undefined {
  const { group, kind, name, namespace = routeNamespace, weight } = ref;
  if (kind === 'InferencePool') return { group, kind, name, namespace, weight };
  const found = backends.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
  if (found?.spec === undefined) return undefined;
  const { backendRef } = found.spec;
  const far = namespace === routeNamespace || backendRef.namespace !== undefined ? {} : { namespace };
  return { ...BACKEND_KIND, ...backendRef, ...far, weight };
}

const extensionRef = (name: string) => ({
  type: 'ExtensionRef',
  extensionRef: { group: 'gateway.envoyproxy.io', kind: 'HTTPRouteFilter', name },
});

const ownerOf = ({ apiVersion, kind, metadata }: KubeObject) => ({
  apiVersion,
  kind,
  name: metadata.name,
  uid: metadata.uid ?? '',
  controller: true,
  blockOwnerDeletion: true,
});

/** Each with its only key, in the order in which they are written; names are too short here to be cut. @see section 10.1 */
export function referenceSecrets(gateway: KubeObject, uuid: string): readonly Content[] {
  const { name, namespace = '' } = gateway.metadata;
  const base = `${name}-${namespace}`;
  const hashed = `${base}-${sha256(`${namespace}/${name}`).slice(0, 12)}`;
  const config = `version: v1.1.0\nuuid: ${uuid}\n`;
  const part = { name: `${hashed}-part-000`, path: 'parts/000', sizeBytes: config.length };
  const index = { version: 'v1.1.0', uuid, checksum: sha256(config), parts: [part] };
  const secret = (secretName: string, key: string, value: string): Content => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: secretName, namespace: ENVOY_GATEWAY_NAMESPACE },
    data: { [key]: Buffer.from(value).toString('base64') },
  });
  return [
    secret(part.name, 'chunk', config),
    // JSON is YAML.
    secret(hashed, 'index.yaml', JSON.stringify(index)),
    secret(base, 'filter-config.yaml', config),
  ];
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
