import { beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { MetricsRegistry } from '../../platform/metrics/metrics-registry.js';
import { GATEWAY_CONTROLLER_NAME, type ConfigMap } from '../../shared/api/gateway-api.js';
import { generatedAnnotations, matchFact, routesFingerprint } from '../../shared/api/generated-http-route.js';
import type { HTTPRoute } from '../../shared/api/http-route.js';
import { kinds } from '../../shared/api/kinds.js';
import { objectKey, type KubeObject } from '../../shared/api/kube-object.js';
import { snapshotOf } from '../../shared/api/snapshot.js';
import { TRANSLATION_RECORD_NAME, translationEntries } from '../../shared/api/translation-record.js';
import { HOOK_OVERDUE_MS, HookWatch } from './hook-watch.js';

const NAMESPACE = 'system';
const EDGE = objectKey(kinds.gateway, 'default', 'edge');
const GATEWAY: KubeObject = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name: 'edge', namespace: 'default' },
};

interface RouteOptions {
  readonly generation?: number;
  readonly observed?: number;
  readonly accepted?: boolean;
  readonly more?: string;
  readonly model?: string;
}

const route = (
  name: string,
  refs: string,
  { generation = 1, observed = generation, accepted = true, more, model = 'm' }: RouteOptions = {},
): HTTPRoute => {
  const condition = (type: string, isTrue: boolean) => ({
    type,
    status: isTrue ? ('True' as const) : ('False' as const),
    reason: 'Test',
    message: '',
    observedGeneration: observed,
    lastTransitionTime: '2026-01-01T00:00:00Z',
  });
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: {
      name,
      namespace: 'default',
      generation,
      annotations: { [generatedAnnotations.generated]: 'true', [generatedAnnotations.refs]: refs },
    },
    spec: {
      parentRefs: [{ name: 'edge' }],
      rules: [{ matches: [{ headers: [{ name: 'x-ai-eg-model', value: model }] }, {}] }, {}],
    },
    status: {
      parents: [
        {
          parentRef: { name: 'edge' },
          controllerName: GATEWAY_CONTROLLER_NAME,
          conditions: [condition('Accepted', accepted), ...(more === undefined ? [] : [condition(more, true)])],
        },
      ],
    },
  };
};

/** What a hook tells of these routes: their names and annotations, and which matches each has. */
const told = (...routes: readonly HTTPRoute[]): string => toldOf('m', routes);
const toldOf = (model: string, routes: readonly HTTPRoute[]): string =>
  routesFingerprint(
    routes.map(({ metadata: { name, annotations } }) => ({
      namespace: 'default',
      name,
      refs: annotations?.[generatedAnnotations.refs] ?? '',
      xdsInputs: '',
      matches: [matchFact(0, model), matchFact(0, undefined), matchFact(1, undefined)],
    })),
  );

const LLM = route('llm', '0:a:0');
const CHANGED = route('llm', '0:b:0', { generation: 2 });

describe('HookWatch', () => {
  let nowMs: number;
  let routes: readonly HTTPRoute[];
  let hook: string | undefined;
  let gateways: readonly KubeObject[];
  let isLeader: boolean;
  let forgotten: string[];
  let metrics: MetricsRegistry;
  let watch: HookWatch;
  let lease: () => Promise<string | undefined>;

  const record = (): ConfigMap => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: TRANSLATION_RECORD_NAME, namespace: NAMESPACE },
    data:
      hook === undefined ? {} : (translationEntries(EDGE, { faults: [], fingerprint: hook }) as Record<string, string>),
  });

  beforeEach(() => {
    nowMs = 0;
    routes = [LLM];
    hook = told(LLM);
    gateways = [GATEWAY];
    isLeader = true;
    forgotten = [];
    metrics = new MetricsRegistry();
    lease = () => Promise.resolve(undefined);
    watch = new HookWatch({
      namespace: NAMESPACE,
      world: () => snapshotOf([...gateways, ...routes, record()]),
      isLeader: () => isLeader,
      forget: async (keys) => {
        await Promise.resolve();
        forgotten.push(...keys);
      },
      leaseOfEnvoyGateway: () => lease(),
      nowMs: () => nowMs,
      meter: metrics.meter,
      logger: pino({ level: 'silent' }),
    });
  });

  /** Checks now, and again when a hook would be overdue. */
  async function checkUntilOverdue(): Promise<void> {
    await watch.check();
    nowMs += HOOK_OVERDUE_MS - 1;
    await watch.check();
    expect(forgotten).toEqual([]);
    nowMs += 1;
    await watch.check();
  }

  it.each([
    ['is changed', () => [CHANGED]],
    ['is added', () => [LLM, route('more', '0:a:0')]],
    ['is deleted', () => []],
    ['has other matches', () => [{ ...LLM, spec: { ...LLM.spec, rules: [] } }]],
    ['is for another model', () => [route('llm', '0:a:0', { generation: 2, model: 'n' })]],
  ])('forgets a Gateway when a route of it %s and no hook tells so for a while', async (_, after) => {
    await watch.check();
    routes = after();
    // Without any HTTPRoute there is nothing that could pass.
    const expected = routes.length === 0 ? [] : [EDGE];
    await checkUntilOverdue();
    expect(forgotten).toEqual(expected);
  });

  it.each<[string, () => void]>([
    ['the hook tells of the change', () => (hook = told(CHANGED))],
    ['Envoy Gateway has not judged the change', () => (routes = [{ ...CHANGED, status: LLM.status! }])],
    ['Envoy Gateway has not judged a new route', () => (routes = [LLM, without(route('more', '0:a:0'))])],
    ['Envoy Gateway refuses a new route', () => (routes = [LLM, route('more', '0:a:0', { accepted: false })])],
    ['Envoy Gateway refuses all of its routes', () => (routes = [route('llm', '0:a:0', { accepted: false })])],
    ['it is deleted before its routes', () => (gateways = [])],
    ['Envoy Gateway takes a route in part', () => (routes = [route('llm', '0:b:0', { more: 'PartiallyInvalid' })])],
    ['another replica leads', () => (isLeader = false)],
    [
      'the hook tells of another model',
      () => {
        routes = [route('llm', '0:a:0', { generation: 2, model: 'n' })];
        hook = toldOf('n', routes);
      },
    ],
    ['an HTTPRoute of somebody else is new', () => (routes = [LLM, foreign(route('plain', ''))])],
  ])('keeps a Gateway when %s', async (_, happens) => {
    await watch.check();
    routes = [CHANGED];
    happens();
    await checkUntilOverdue();
    expect(forgotten).toEqual([]);
  });

  it('keeps a Gateway whose translations never told what its status tells', async () => {
    hook = 'something else';
    await checkUntilOverdue();
    expect(forgotten).toEqual([]);
  });

  it('counts anew when the hook came in between', async () => {
    await watch.check();
    routes = [CHANGED];
    await watch.check();
    nowMs += HOOK_OVERDUE_MS - 1;
    hook = told(CHANGED);
    await watch.check();
    routes = [LLM];
    await checkUntilOverdue();
    expect(forgotten).toEqual([EDGE]);
  });

  describe('when nothing says that Envoy Gateway has looked at a change', () => {
    const OTHER = route('other', '0:a:0');
    const renewed = () => Promise.resolve(String(nowMs));
    const abandoned = () => Promise.resolve('2026-01-01T00:00:00.000000Z');

    beforeEach(async () => {
      routes = [LLM, OTHER];
      hook = told(...routes);
      lease = renewed;
      await watch.check();
    });

    /** For so long that a hook would be overdue several times. */
    async function pass(checks = 20): Promise<void> {
      for (let count = 0; count < checks; count++) {
        await watch.check();
        nowMs += 5_000;
      }
    }

    it.each<[string, () => void]>([
      ['a route is deleted', () => (routes = [LLM])],
      ['a route changes annotations alone', () => (routes = [LLM, route('other', '0:a:1')])],
    ])('waits until it is back: %s', async (_, happens) => {
      happens();
      lease = abandoned;
      await pass();
      expect(forgotten).toEqual([]);
      // Back, and without its extension manager.
      lease = renewed;
      await pass();
      expect(forgotten[0]).toBe(EDGE);
    });

    it('keeps the Gateway when it comes back with a hook', async () => {
      routes = [LLM];
      lease = abandoned;
      await pass();
      lease = renewed;
      await watch.check();
      hook = told(LLM);
      await pass();
      expect(forgotten).toEqual([]);
    });

    it('does not wait when it judges another route: the Lease is one that it no longer uses', async () => {
      lease = abandoned;
      routes = [LLM];
      await pass(2);
      routes = [CHANGED];
      await pass();
      expect(forgotten[0]).toBe(EDGE);
    });

    it.each<[string, () => Promise<string | undefined>]>([
      ['has no Lease', () => Promise.resolve(undefined)],
      ['has one that cannot be read', () => Promise.reject(new Error('forbidden'))],
    ])('does not wait when it %s', async (_, of) => {
      lease = of;
      routes = [LLM];
      await pass();
      expect(forgotten[0]).toBe(EDGE);
    });

    it('does not take what it judged before its last hook for a sign of work', async () => {
      // Both between two checks: a change with its hook, and a deletion while it is away.
      routes = [CHANGED];
      hook = told(CHANGED, OTHER);
      lease = abandoned;
      await pass();
      expect(forgotten).toEqual([]);
    });
  });

  it('shows Gateways with accepted routes and without hooks in a metric, while they are there', async () => {
    const series = async () => (await metrics.text()).match(/^aigateway_controller_hook_missing\{.*$/gm) ?? [];
    expect(await series()).toEqual([]);
    hook = undefined;
    expect(await series()).toEqual([expect.stringMatching(/gateway="edge".*namespace="default".* 1$/)]);
    routes = [route('llm', '0:a:0', { accepted: false })];
    expect(await series()).toEqual([]);
    routes = [LLM];
    gateways = [];
    expect(await series()).toEqual([]);
  });
});

const without = (httpRoute: HTTPRoute): HTTPRoute => ({ ...httpRoute, status: { parents: [] } });
const foreign = (httpRoute: HTTPRoute): HTTPRoute => ({
  ...httpRoute,
  metadata: { ...httpRoute.metadata, annotations: {} },
});
