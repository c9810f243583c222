import { describe, expect, it } from '@jest/globals';
import { groupOf, keyOf, type KubeObject, type ObjectMeta } from '../../../shared/api/kube-object.js';
import { gatewayHash } from '../../../shared/extproc-pod/names.js';
import type { Change } from '../../crd/controller.js';
import { AffectedRoots } from './affected-roots.js';

const API_VERSIONS: Readonly<Record<string, string>> = {
  Gateway: 'gateway.networking.k8s.io/v1',
  GatewayClass: 'gateway.networking.k8s.io/v1',
  HTTPRoute: 'gateway.networking.k8s.io/v1',
  ReferenceGrant: 'gateway.networking.k8s.io/v1beta1',
  Backend: 'gateway.envoyproxy.io/v1alpha1',
  HTTPRouteFilter: 'gateway.envoyproxy.io/v1alpha1',
  InferencePool: 'inference.networking.k8s.io/v1',
  Deployment: 'apps/v1',
  Secret: 'v1',
  ConfigMap: 'v1',
  Pod: 'v1',
};

const object = (kind: string, name: string, more: object = {}, metadata: Partial<ObjectMeta> = {}): KubeObject => ({
  apiVersion: API_VERSIONS[kind] ?? 'aigateway.envoyproxy.io/v1beta1',
  kind,
  metadata: { name, namespace: 'default', ...metadata },
  ...more,
});

const backendRef = (name: string, namespace?: string) => ({ name, ...(namespace !== undefined && { namespace }) });
const route = (name: string, parents: readonly string[], refs: readonly object[], annotations = {}): KubeObject =>
  object(
    'AIGatewayRoute',
    name,
    { spec: { parentRefs: parents.map((parent) => ({ name: parent })), rules: [{ backendRefs: refs }] } },
    { annotations },
  );
const backend = (name: string, envoyGatewayBackend: string): KubeObject =>
  object('AIServiceBackend', name, {
    spec: { schema: { name: 'OpenAI' }, backendRef: { kind: 'Backend', name: envoyGatewayBackend } },
  });
const policy = (name: string, targets: readonly string[], secret: string): KubeObject =>
  object('BackendSecurityPolicy', name, {
    spec: {
      type: 'APIKey',
      targetRefs: targets.map((target) => ({
        group: 'aigateway.envoyproxy.io',
        kind: 'AIServiceBackend',
        name: target,
      })),
      apiKey: { secretRef: { name: secret } },
    },
  });
const gateway = (name: string, config?: string, gatewayClassName = 'eg'): KubeObject =>
  object(
    'Gateway',
    name,
    { spec: { gatewayClassName } },
    { annotations: config === undefined ? {} : { 'aigateway.envoyproxy.io/gateway-config': config } },
  );
const proxyLabels = (name: string) => ({
  'gateway.envoyproxy.io/owning-gateway-name': name,
  'gateway.envoyproxy.io/owning-gateway-namespace': 'default',
});
const owned = (kind: string, name: string, owner: string, controller = true): KubeObject =>
  object(
    kind,
    name,
    {},
    {
      ownerReferences: [
        { apiVersion: 'aigateway.envoyproxy.io/v1beta1', kind: 'AIGatewayRoute', name: owner, uid: 'u', controller },
      ],
    },
  );
const grant = (from: string): KubeObject =>
  object('ReferenceGrant', 'g', {
    spec: { from: [{ group: 'aigateway.envoyproxy.io', kind: 'AIGatewayRoute', namespace: from }], to: [] },
  });

const ROUTE = route('llm', ['edge'], [backendRef('openai')]);
const BACKEND = backend('openai', 'api');
const POLICY = policy('key', ['openai'], 'sk');
const WORLD = [
  gateway('edge', 'tuned'),
  gateway('other'),
  ROUTE,
  route('neighbour', ['edge'], [backendRef('else')]),
  BACKEND,
  POLICY,
];

const change = (before: KubeObject | undefined, after: KubeObject | undefined): Change => {
  const { apiVersion, kind } = (after ?? before)!;
  return { type: { group: groupOf(apiVersion), kind }, ...(before && { before }), ...(after && { after }) };
};

/** Short names of the keys that a change gives after the world was shown. */
function rootsOf(before: KubeObject | undefined, after: KubeObject | undefined, world = WORLD): readonly string[] {
  const affected = new AffectedRoots();
  for (const one of world) affected.of(change(undefined, one));
  return [...affected.of(change(before, after))].map((key) => key.split('/').slice(1).join('/')).sort();
}

const [EDGE, OTHER] = ['Gateway/default/edge', 'Gateway/default/other'];
const [LLM, NEIGHBOUR] = ['AIGatewayRoute/default/llm', 'AIGatewayRoute/default/neighbour'];
const [OPENAI, ELSE] = ['AIServiceBackend/default/openai', 'AIServiceBackend/default/else'];
const KEY = 'BackendSecurityPolicy/default/key';
const secret = object('Secret', 'sk');
const configSecret = object(
  'Secret',
  'x',
  {},
  {
    namespace: 'envoy-gateway-system',
    labels: { 'aigateway.envoyproxy.io/gateway-hash': gatewayHash('default', 'edge') },
    annotations: { 'aigateway.envoyproxy.io/gateway': 'default/edge' },
  },
);
const bare = ({ metadata: { name, namespace }, ...rest }: KubeObject): KubeObject => ({
  ...rest,
  metadata: { name, ...(namespace !== undefined && { namespace }) },
});
const pod = (labels: Readonly<Record<string, string>>) => object('Pod', 'p', {}, { labels });

describe('AffectedRoots', () => {
  it.each<[string, KubeObject | undefined, KubeObject | undefined, readonly string[]]>([
    ['a route changes', ROUTE, route('llm', ['edge'], [backendRef('openai')], { a: 'b' }), [LLM, OPENAI, EDGE]],
    ['a route leaves a Gateway', ROUTE, route('llm', ['other'], [backendRef('openai')]), [LLM, OPENAI, EDGE, OTHER]],
    ['a route leaves a backend', ROUTE, route('llm', ['edge'], [backendRef('else')]), [LLM, ELSE, OPENAI, EDGE]],
    ['a route is deleted', ROUTE, undefined, [LLM, OPENAI, EDGE]],
    ['a backend changes', BACKEND, backend('openai', 'other'), [LLM, OPENAI, EDGE]],
    ['a backend is deleted', BACKEND, undefined, [LLM, OPENAI, KEY, EDGE]],
    ['the Backend of a backend changes', undefined, object('Backend', 'api'), [LLM, OPENAI, EDGE]],
    ['the Backend of a backend is deleted', object('Backend', 'api'), undefined, [LLM, OPENAI, EDGE]],
    ['a Backend that nobody uses changes', undefined, object('Backend', 'x'), []],
    ['a policy changes', POLICY, policy('key', ['openai'], 'other'), [LLM, OPENAI, KEY, EDGE]],
    ['a policy leaves its target', POLICY, policy('key', [], 'sk'), [LLM, OPENAI, KEY, EDGE]],
    ['a policy is deleted', POLICY, undefined, [LLM, OPENAI, KEY, EDGE]],
    ['the Secret of a policy changes', secret, secret, [LLM, OPENAI, KEY, EDGE]],
    ['the Secret of a policy is deleted', secret, undefined, [LLM, OPENAI, KEY, EDGE]],
    ['the exchanged token of a policy comes', undefined, object('Secret', 'ai-eg-bsp-key'), [LLM, OPENAI, KEY, EDGE]],
    ['a Secret that nobody uses changes', undefined, object('Secret', 'x'), []],
    ['a filter config was edited', undefined, configSecret, [EDGE]],
    ['a filter config was deleted', configSecret, undefined, [EDGE]],
    ['a filter config lost its marks', configSecret, bare(configSecret), [EDGE]],
    ['a Gateway gets an annotation', gateway('edge'), gateway('edge', 'tuned'), [LLM, NEIGHBOUR, EDGE]],
    ['a Gateway is deleted', gateway('edge', 'tuned'), undefined, [LLM, NEIGHBOUR, EDGE]],
    [
      'a GatewayConfig changes',
      undefined,
      object('GatewayConfig', 'tuned'),
      [LLM, NEIGHBOUR, EDGE, 'GatewayConfig/default/tuned'],
    ],
    [
      'a GatewayConfig goes',
      object('GatewayConfig', 'tuned'),
      undefined,
      [LLM, NEIGHBOUR, EDGE, 'GatewayConfig/default/tuned'],
    ],
    [
      'a GatewayClass changes',
      undefined,
      object('GatewayClass', 'eg', {}, { namespace: '' }),
      [EDGE, OTHER, LLM, NEIGHBOUR],
    ],
    ['a grant comes', undefined, grant('default'), [LLM, NEIGHBOUR, OPENAI, KEY, EDGE]],
    ['a grant is deleted', grant('default'), undefined, [LLM, NEIGHBOUR, OPENAI, KEY, EDGE]],
    ['a grant turns to others', grant('default'), grant('x'), [LLM, NEIGHBOUR, OPENAI, KEY, EDGE]],
    ['a grant is for others', undefined, grant('x'), []],
    ['an HTTPRoute of ours is deleted', owned('HTTPRoute', 'llm', 'llm'), undefined, [LLM]],
    ['a part of a route is edited', undefined, owned('HTTPRoute', 'llm-part-1-rule-9', 'llm'), [LLM]],
    ['an HTTPRoute takes the name of a route', undefined, object('HTTPRoute', 'llm'), [LLM]],
    ['an HTTPRoute refers to a route without being its child', undefined, owned('HTTPRoute', 'x', 'llm', false), []],
    ['a filter of ours is edited', undefined, owned('HTTPRouteFilter', 'ai-eg-host-rewrite-llm', 'llm'), [LLM]],
    ['a filter takes a name', undefined, object('HTTPRouteFilter', 'ai-eg-route-not-found-response-llm'), [LLM]],
    ['an HTTPRoute of a user changes', undefined, object('HTTPRoute', 'plain'), []],
    ['a proxy comes', undefined, pod(proxyLabels('edge')), [LLM, NEIGHBOUR, EDGE]],
    ['a proxy goes', pod(proxyLabels('edge')), undefined, [LLM, NEIGHBOUR, EDGE]],
    ['a pod is no proxy', undefined, pod({}), []],
  ])('names whom it concerns when %s', (_, before, after, expected) => {
    expect(rootsOf(before, after)).toEqual([...expected].sort());
  });

  it('wakes the routes of a Gateway when its translation is recorded', () => {
    const record = object('ConfigMap', 'ai-gateway-translations', { data: { h: 'default/edge' } });
    expect(rootsOf(undefined, record)).toEqual([LLM, NEIGHBOUR].sort());
    expect(rootsOf(undefined, object('ConfigMap', 'another', { data: { h: 'default/edge' } }))).toEqual([]);
  });

  it('wakes the routes of a pool, with their Gateways, when the pool or its policy changes', () => {
    const poolRef = { group: 'inference.networking.k8s.io', kind: 'InferencePool', name: 'llama' };
    const pools = [gateway('edge'), route('llm', ['edge'], [poolRef])];
    const ofPool = object('BackendSecurityPolicy', 'p', { spec: { type: 'APIKey', targetRefs: [poolRef] } });
    const pool = 'InferencePool/default/llama';
    expect(rootsOf(undefined, object('InferencePool', 'llama'), pools)).toEqual([LLM, EDGE, pool].sort());
    expect(rootsOf(undefined, ofPool, pools)).toEqual([LLM, EDGE, pool, 'BackendSecurityPolicy/default/p'].sort());
  });

  it('wakes every Gateway that names a GatewayConfig, and no other', () => {
    const many = [gateway('edge', 'tuned'), gateway('other', 'tuned'), gateway('plain'), gateway('else', 'another')];
    const expected = [EDGE, OTHER, 'GatewayConfig/default/tuned'].sort();
    expect(rootsOf(undefined, object('GatewayConfig', 'tuned'), many)).toEqual(expected);
  });

  it('no longer wakes whom an object has left', () => {
    const moved = route('llm', ['other'], [backendRef('else')]);
    const affected = new AffectedRoots();
    for (const one of WORLD) affected.of(change(undefined, one));
    affected.of(change(ROUTE, moved));
    expect([...affected.of(change(BACKEND, BACKEND))]).toEqual([keyOf(BACKEND)]);
  });

  it('wakes all Gateways of a class when they share a proxy, and only then', () => {
    const shared = object(
      'Deployment',
      'envoy-eg',
      {},
      {
        labels: { 'gateway.envoyproxy.io/owning-gatewayclass': 'eg' },
      },
    );
    expect(rootsOf(ROUTE, ROUTE, [...WORLD, shared])).toEqual([LLM, OPENAI, EDGE, OTHER].sort());
    expect(rootsOf(undefined, shared)).toEqual([LLM, NEIGHBOUR, EDGE, OTHER].sort());
    const left = gateway('edge', 'tuned', 'another');
    expect(rootsOf(gateway('edge', 'tuned'), left, [...WORLD, shared])).toContain(OTHER);
  });

  it('gives the same set to everybody who asks about one change', () => {
    const affected = new AffectedRoots();
    const one = change(undefined, ROUTE);
    expect(affected.of(one)).toBe(affected.of(one));
  });
});
