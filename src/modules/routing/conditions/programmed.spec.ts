import { describe, expect, it } from '@jest/globals';
import type { AIGatewayRoute } from '../../../shared/api/ai-gateway.js';
import type { Gateway } from '../../../shared/api/gateway-api.js';
import type { HTTPRoute, ParentReference } from '../../../shared/api/http-route.js';
import { kinds } from '../../../shared/api/kinds.js';
import { objectKey } from '../../../shared/api/kube-object.js';
import { snapshotOf } from '../../../shared/api/snapshot.js';
import type { Pod } from '../../../shared/api/workloads.js';
import type { RouteNode } from '../resolve/route-graph.js';
import { programmedCondition, type GatewayFacts } from './programmed.js';

const NOW = new Date('2026-01-01T00:00:10Z');
const PARENT: ParentReference = { name: 'edge' };
const gateway = (name: string): Gateway => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name, namespace: 'default' },
  spec: { gatewayClassName: 'eg', listeners: [] },
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
  isRefused,
  faults: [],
});

interface Answer {
  readonly parentRef?: ParentReference;
  readonly controllerName?: string;
  readonly status?: 'True' | 'False';
  readonly observedGeneration?: number;
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
      }) => ({
        parentRef,
        controllerName,
        conditions: [
          {
            type: 'Accepted',
            status,
            reason: 'X',
            message: 'because',
            observedGeneration,
            lastTransitionTime: '2026-01-01T00:00:00Z',
          },
        ],
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
    const world = snapshotOf([gateway('edge'), ...httpRoutes]);
    const condition = programmedCondition(world, { node: routeNode, httpRoutes: ['llm'] }, () => known, NOW);
    expect(condition).toMatchObject({
      type: 'Programmed',
      status: reason === 'Programmed' ? 'True' : 'False',
      reason,
      observedGeneration: 7,
    });
  });

  it('names the parent and what to do when the hooks were not called', () => {
    const two = [PARENT, { name: 'other' }];
    const world = snapshotOf([gateway('edge'), gateway('other'), httpRoute('llm', {}, { parentRef: two[1]! })]);
    const factsOf = ({ metadata }: Gateway) => facts([pod(true)], { isTranslationSeen: metadata.name === 'edge' });
    const { message } = programmedCondition(world, { node: node(two), httpRoutes: ['llm'] }, factsOf, NOW);
    expect(message).toMatch(/^spec\.parentRefs\[1\]: .*Gateway default\/other.*extensionManager/);
  });

  it('wants every part to be taken when a route is split', () => {
    const world = snapshotOf([gateway('edge'), SERVED, httpRoute('llm-part-1-rule-9')]);
    const split = { node: node([PARENT]), httpRoutes: ['llm', 'llm-part-1-rule-9'] };
    expect(programmedCondition(world, split, () => facts(), NOW).reason).toBe('Pending');
  });

  describe('with a processor that has been ready for a while', () => {
    const world = snapshotOf([gateway('edge'), SERVED]);
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
