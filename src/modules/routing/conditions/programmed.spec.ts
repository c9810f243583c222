import { describe, expect, it } from '@jest/globals';
import type { AIGatewayRoute } from '../../../shared/api/ai-gateway.js';
import type { Condition } from '../../../shared/api/conditions.js';
import type { Gateway, GatewayClass } from '../../../shared/api/gateway-api.js';
import type { HTTPRoute, ParentReference } from '../../../shared/api/http-route.js';
import { kinds } from '../../../shared/api/kinds.js';
import { objectKey } from '../../../shared/api/kube-object.js';
import { snapshotOf } from '../../../shared/api/snapshot.js';
import type { Pod } from '../../../shared/api/workloads.js';
import type { RouteNode, RuleNode } from '../resolve/route-graph.js';
import { programmedAgainMs, programmedCondition, type GatewayFacts } from './programmed.js';

const NOW = new Date('2026-01-01T00:00:10Z');
const PARENT: ParentReference = { name: 'edge' };
const gateway = (name: string): Gateway => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name, namespace: 'default' },
  spec: {
    gatewayClassName: 'eg',
    listeners: ['a', 'b'].map((listener, index) => ({ name: listener, protocol: 'HTTP', port: 80 + index })),
  },
});

const gatewayClass = (controllerName = 'gateway.envoyproxy.io/gatewayclass-controller'): GatewayClass => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'GatewayClass',
  metadata: { name: 'eg' },
  spec: { controllerName },
});

const route: AIGatewayRoute = {
  apiVersion: 'aigateway.envoyproxy.io/v1beta1',
  kind: 'AIGatewayRoute',
  metadata: { name: 'llm', namespace: 'default', generation: 7 },
};

const node = (parentRefs: readonly ParentReference[], isRefused = false): RouteNode => ({
  route,
  namespace: 'default',
  parentRefs,
  rules: [],
  costs: [],
  translationPolicy: 'lenient',
  providerResources: 'refuse',
  listedModels: [],
  isRefused,
  faults: [],
});

interface Answer {
  readonly parentRef?: ParentReference;
  readonly controllerName?: string;
  readonly status?: 'True' | 'False';
  readonly observedGeneration?: number;
  readonly since?: string;
  /** Beside `Accepted`. */
  readonly more?: readonly Pick<Condition, 'type' | 'status' | 'message'>[];
}

const httpRoute = (name: string, ...answers: readonly Answer[]): HTTPRoute => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name, namespace: 'default', generation: 2 },
  spec: {},
  status: {
    parents: answers.map(
      ({
        parentRef = PARENT,
        controllerName = 'gateway.envoyproxy.io/gatewayclass-controller',
        status = 'True',
        observedGeneration = 2,
        since = '2026-01-01T00:00:00Z',
        more = [],
      }) => ({
        parentRef,
        controllerName,
        conditions: [{ type: 'Accepted', status, message: 'because' }, ...more].map((condition) => ({
          reason: 'X',
          observedGeneration,
          lastTransitionTime: since,
          ...condition,
        })),
      }),
    ),
  },
});

const pod = (isReady: boolean, withProcessor = true): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p' },
  spec: { containers: [{ name: 'envoy' }, ...(withProcessor ? [{ name: 'ai-gateway-extproc' }] : [])] },
  status: { conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }] },
});

const facts = (pods: readonly Pod[] = [pod(true)], more: Partial<GatewayFacts> = {}): GatewayFacts => ({
  proxies: { namespace: 'eg', pods, workloads: [], isShared: false },
  isTranslationSeen: true,
  translationFaults: [],
  processors: undefined,
  ...more,
});

const SERVED = httpRoute('llm', {});
const unusableRule: RuleNode = {
  index: 0,
  rule: {},
  matches: [],
  refs: [
    {
      index: 0,
      ref: { name: 'gone' },
      target: { type: kinds.aiServiceBackend, namespace: 'default', name: 'gone' },
      isUsable: false,
      faults: [],
    },
  ],
};
const GATEWAY_KEY = objectKey(kinds.gateway, 'default', 'edge');

describe('programmedCondition', () => {
  it.each<[string, RouteNode, readonly HTTPRoute[], GatewayFacts, string]>([
    ['is in force at its Gateway', node([PARENT]), [SERVED], facts(), 'Programmed'],
    ['names no parent', node([]), [SERVED], facts(), 'NoParents'],
    ['is refused, though an HTTPRoute of its name serves', node([PARENT], true), [SERVED], facts(), 'NameConflict'],
    ['names a Gateway that is missing', node([{ name: 'gone' }]), [SERVED], facts(), 'GatewayNotFound'],
    ['has no HTTPRoute yet', node([PARENT]), [], facts(), 'Pending'],
    ['has no answer of Envoy Gateway', node([PARENT]), [httpRoute('llm')], facts(), 'Pending'],
    [
      'has an answer to an older HTTPRoute',
      node([PARENT]),
      [httpRoute('llm', { observedGeneration: 1 })],
      facts(),
      'Pending',
    ],
    [
      'has an answer of another controller',
      node([PARENT]),
      [httpRoute('llm', { controllerName: 'x' })],
      facts(),
      'Pending',
    ],
    [
      'is refused by Envoy Gateway',
      node([PARENT]),
      [httpRoute('llm', { status: 'False' })],
      facts(),
      'NotAcceptedByGateway',
    ],
    [
      'is refused for one of two listeners',
      node([
        { name: 'edge', sectionName: 'a' },
        { name: 'edge', sectionName: 'b' },
      ]),
      [
        httpRoute(
          'llm',
          { parentRef: { name: 'edge', sectionName: 'a' } },
          { parentRef: { name: 'edge', sectionName: 'b' }, status: 'False' },
        ),
      ],
      facts(),
      'NotAcceptedByGateway',
    ],
    [
      'has a rule that Envoy Gateway dropped',
      node([PARENT]),
      [httpRoute('llm', { more: [{ type: 'PartiallyInvalid', status: 'True', message: 'Dropped Rule(s) [0]' }] })],
      facts(),
      'PartiallyInvalid',
    ],
    [
      'has a backend that Envoy Gateway does not find',
      node([PARENT]),
      [httpRoute('llm', { more: [{ type: 'ResolvedRefs', status: 'False', message: 'no pool' }] })],
      facts(),
      'RefsNotResolvedByGateway',
    ],
    [
      'has a backend that we do not find either',
      { ...node([PARENT]), rules: [unusableRule] },
      [httpRoute('llm', { more: [{ type: 'ResolvedRefs', status: 'False', message: 'no Backend' }] })],
      facts(),
      'Programmed',
    ],
    [
      'was taken a moment ago, and the hook is about to come',
      node([PARENT]),
      [httpRoute('llm', { since: '2026-01-01T00:00:06Z' })],
      facts([pod(true)], { isTranslationSeen: false }),
      'TranslationPending',
    ],
    [
      'was taken while ago, and no hook came',
      node([PARENT]),
      [httpRoute('llm', { since: '2026-01-01T00:00:05Z' })],
      facts([pod(true)], { isTranslationSeen: false }),
      'ExtensionServerNotCalled',
    ],
    [
      'was translated without us',
      node([PARENT]),
      [SERVED],
      facts([pod(true)], { isTranslationSeen: false }),
      'ExtensionServerNotCalled',
    ],
    [
      'has a Gateway whose xDS could not be finished',
      node([PARENT]),
      [SERVED],
      facts([pod(true)], { translationFaults: [{ object: GATEWAY_KEY, message: 'no place' }] }),
      'TranslationFault',
    ],
    [
      'shares its Gateway with a route, and a pool, that have faults',
      node([PARENT]),
      [SERVED],
      facts([pod(true)], {
        translationFaults: [
          { object: objectKey(kinds.aiGatewayRoute, 'default', 'other'), message: 'theirs' },
          { object: objectKey(kinds.inferencePool, 'default', 'pool'), message: 'theirs' },
        ],
      }),
      'Programmed',
    ],
    ['has no proxy', node([PARENT]), [SERVED], facts([]), 'NoProxies'],
    [
      'has a proxy without processor',
      node([PARENT]),
      [SERVED],
      facts([pod(true), pod(true, false)]),
      'ProcessorMissing',
    ],
    ['has no ready proxy', node([PARENT]), [SERVED], facts([pod(false)]), 'ProxiesNotReady'],
    ['has one ready proxy of two', node([PARENT]), [SERVED], facts([pod(false), pod(true)]), 'Programmed'],
    [
      'has a processor of its own',
      node([PARENT]),
      [SERVED],
      facts([pod(true, false)], { processors: [pod(true)] }),
      'Programmed',
    ],
    [
      'has no processor yet',
      node([PARENT]),
      [SERVED],
      facts([pod(true, false)], { processors: [] }),
      'ProcessorNotReady',
    ],
    [
      'has no ready processor',
      node([PARENT]),
      [SERVED],
      facts([pod(true, false)], { processors: [pod(false)] }),
      'ProcessorNotReady',
    ],
  ])('says the truth when the route %s', (_, routeNode, httpRoutes, known, reason) => {
    const world = snapshotOf([gatewayClass(), gateway('edge'), ...httpRoutes]);
    const condition = programmedCondition(world, { node: routeNode, httpRoutes: ['llm'] }, () => known, NOW);
    expect(condition).toMatchObject({
      type: 'Programmed',
      status: reason === 'Programmed' ? 'True' : 'False',
      reason,
      observedGeneration: 7,
    });
  });

  it.each<[string, readonly GatewayClass[], string, string]>([
    ['whose class is not there', [], 'GatewayClassNotFound', 'GatewayClass "eg", which does not exist'],
    [
      'of somebody else',
      [gatewayClass('example.com/other')],
      'GatewayOfAnotherController',
      'belongs to "example.com/other": name a Gateway whose class belongs to Envoy Gateway',
    ],
  ])('does not wait for an answer at a Gateway %s', (_, classes, reason, words) => {
    const world = snapshotOf([...classes, gateway('edge'), httpRoute('llm')]);
    const condition = programmedCondition(world, { node: node([PARENT]), httpRoutes: ['llm'] }, () => facts(), NOW);
    expect(condition).toMatchObject({ status: 'False', reason });
    expect(condition.message).toMatch(/^spec\.parentRefs\[0\]: Gateway default\/edge is of GatewayClass "eg"/);
    expect(condition.message).toContain(words);
  });

  it.each<[ParentReference, string]>([
    [{ name: 'edge', sectionName: 'https' }, 'name "https": it has a (port 80), b (port 81)'],
    [{ name: 'edge', port: 443 }, 'port 443: it has a (port 80), b (port 81)'],
    [{ name: 'edge', sectionName: 'a', port: 81 }, 'name "a" and port 81: it has a (port 80), b (port 81)'],
  ])('names the listeners that there are when %j is none of them', (ref, words) => {
    const world = snapshotOf([gatewayClass(), gateway('edge'), httpRoute('llm', { parentRef: ref })]);
    const condition = programmedCondition(world, { node: node([ref]), httpRoutes: ['llm'] }, () => facts(), NOW);
    expect(condition).toMatchObject({ status: 'False', reason: 'NotAcceptedByGateway' });
    expect(condition.message).toBe(`spec.parentRefs[0]: Gateway default/edge has no listener with ${words}`);
  });

  it('looks again when nothing else tells that the hook did not come', () => {
    const world = snapshotOf([gatewayClass(), gateway('edge'), httpRoute('llm', { since: '2026-01-01T00:00:09Z' })]);
    const known = () => facts([pod(true)], { isTranslationSeen: false });
    const pending = programmedCondition(world, { node: node([PARENT]), httpRoutes: ['llm'] }, known, NOW);
    const later = new Date(NOW.getTime() + (programmedAgainMs(pending) ?? 0));
    const told = programmedCondition(world, { node: node([PARENT]), httpRoutes: ['llm'] }, known, later);
    expect(told.reason).toBe('ExtensionServerNotCalled');
    expect(programmedAgainMs(told)).toBeUndefined();
  });

  it('names the object of a fault that is not the route', () => {
    const world = snapshotOf([gatewayClass(), gateway('edge'), SERVED]);
    const config = objectKey(kinds.gatewayConfig, 'default', 'proxied');
    const known = facts([pod(true)], { translationFaults: [{ object: config, message: '"proxy" is no address' }] });
    const { message } = programmedCondition(world, { node: node([PARENT]), httpRoutes: ['llm'] }, () => known, NOW);
    expect(message).toBe('spec.parentRefs[0]: GatewayConfig default/proxied: "proxy" is no address');
  });

  it('keeps within the limit of a message, whatever Envoy Gateway says', () => {
    const message = 'x'.repeat(32_768);
    const dropped = httpRoute('llm', { more: [{ type: 'PartiallyInvalid', status: 'True', message }] });
    const world = snapshotOf([gatewayClass(), gateway('edge'), dropped]);
    const condition = programmedCondition(world, { node: node([PARENT]), httpRoutes: ['llm'] }, () => facts(), NOW);
    expect(condition.message).toHaveLength(32_768);
  });

  it('names the parent and what to do when the hooks were not called', () => {
    const two = [PARENT, { name: 'other' }];
    const world = snapshotOf([
      gatewayClass(),
      gateway('edge'),
      gateway('other'),
      httpRoute('llm', {}, { parentRef: two[1]! }),
    ]);
    const factsOf = ({ metadata }: Gateway) => facts([pod(true)], { isTranslationSeen: metadata.name === 'edge' });
    const { message } = programmedCondition(world, { node: node(two), httpRoutes: ['llm'] }, factsOf, NOW);
    expect(message).toMatch(/^spec\.parentRefs\[1\]: .*Gateway default\/other.*extensionManager/);
  });

  it('trusts no answer while the HTTPRoutes are being changed', () => {
    const world = snapshotOf([gatewayClass(), gateway('edge'), SERVED]);
    const changing = { node: node([PARENT]), httpRoutes: ['llm'], isBeingWritten: true };
    const condition = programmedCondition(world, changing, () => facts(), NOW);
    expect(condition).toMatchObject({ status: 'False', reason: 'Pending' });
    expect(programmedAgainMs(condition)).toBe(1_000);
  });

  it('wants every part to be taken when a route is split', () => {
    const world = snapshotOf([gatewayClass(), gateway('edge'), SERVED, httpRoute('llm-part-1-rule-9')]);
    const split = { node: node([PARENT]), httpRoutes: ['llm', 'llm-part-1-rule-9'] };
    expect(programmedCondition(world, split, () => facts(), NOW).reason).toBe('Pending');
  });

  describe('with a processor that has been ready for a while', () => {
    const world = snapshotOf([gatewayClass(), gateway('edge'), SERVED]);
    const readySince = (time: string): Pod => ({
      ...pod(true),
      status: { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: time }] },
    });
    const reasonOf = (since: string, routeNode = node([PARENT])) =>
      programmedCondition(
        world,
        { node: routeNode, httpRoutes: ['llm'] },
        () => facts([pod(true, false)], { processors: [readySince(since)] }),
        NOW,
      ).reason;

    it.each([
      ['2026-01-01T00:00:03Z', 'Programmed'],
      ['2026-01-01T00:00:04Z', 'ProcessorNotReady'],
    ])('waits until Envoy has found it: ready since %s', (since, reason) => {
      expect(reasonOf(since)).toBe(reason);
    });

    it('does not wait for the next one', () => {
      const conditions = [
        { type: 'Programmed', status: 'True' as const, reason: 'Programmed', message: '', lastTransitionTime: '' },
      ];
      const programmed = { ...node([PARENT]), route: { ...route, status: { conditions } } };
      expect(reasonOf('2026-01-01T00:00:09Z', programmed)).toBe('Programmed');
    });
  });
});
