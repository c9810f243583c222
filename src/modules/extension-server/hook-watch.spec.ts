import { beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { MetricsRegistry } from '../../platform/metrics/metrics-registry.js';
import { GATEWAY_CONTROLLER_NAME, type ConfigMap } from '../../shared/api/gateway-api.js';
import { generatedAnnotations, routesFingerprint } from '../../shared/api/generated-http-route.js';
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
}

const route = (
  name: string,
  refs: string,
  { generation = 1, observed = generation, accepted = true, more }: RouteOptions = {},
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
    spec: { parentRefs: [{ name: 'edge' }], rules: [{ matches: [{}, {}] }, {}] },
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

/** What a hook tells of these routes: their names and annotations, and how many matches each has. */
const told = (...routes: readonly HTTPRoute[]): string =>
  routesFingerprint(
    routes.map(({ metadata: { name, annotations } }) => ({
      namespace: 'default',
      name,
      refs: annotations?.[generatedAnnotations.refs] ?? '',
      xdsInputs: '',
      matchCount: 3,
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
    watch = new HookWatch({
      namespace: NAMESPACE,
      world: () => snapshotOf([...gateways, ...routes, record()]),
      isLeader: () => isLeader,
      forget: async (keys) => {
        await Promise.resolve();
        forgotten.push(...keys);
      },
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
