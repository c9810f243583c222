import { describe, expect, it } from '@jest/globals';
import { parseServices, type ServiceUse } from '../../../shared/api/generated-http-route.js';
import type { HTTPRoute } from '../../../shared/api/http-route.js';
import type { KubeObject } from '../../../shared/api/kube-object.js';
import { objectKey } from '../../../shared/api/kube-object.js';
import { kinds } from '../../../shared/api/kinds.js';
import { snapshotOf } from '../../../shared/api/snapshot.js';
import type { Pod } from '../../../shared/api/workloads.js';
import { gatewayHash } from '../../../shared/extproc-pod/names.js';
import { FORMER_CONNECTIONS_MS, serviceUse, serviceUses, tellServices, type ServiceUseOptions } from './service-use.js';

const NOW = new Date('2026-01-01T00:01:00Z');
const LONG_AGO = '2026-01-01T00:00:00Z';
const JUST_NOW = '2026-01-01T00:00:55Z';
const EDGE = objectKey(kinds.gateway, 'default', 'edge');

interface PodPlan {
  readonly hasSidecar?: boolean;
  readonly readySince?: string;
  readonly isLeaving?: boolean;
}

const pod = ({ hasSidecar = false, readySince, isLeaving = false }: PodPlan): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    namespace: 'proxies',
    name: `p-${Math.random()}`,
    labels: {
      'gateway.envoyproxy.io/owning-gateway-name': 'edge',
      'gateway.envoyproxy.io/owning-gateway-namespace': 'default',
    },
    ...(isLeaving && { deletionTimestamp: LONG_AGO }),
  },
  spec: { containers: [{ name: 'envoy' }, ...(hasSidecar ? [{ name: 'ai-gateway-extproc' }] : [])] },
  status: {
    conditions: [
      { type: 'Ready', status: readySince ? 'True' : 'False', ...(readySince && { lastTransitionTime: readySince }) },
    ],
  },
});

const WITH: PodPlan = { hasSidecar: true, readySince: LONG_AGO };
const WITHOUT: PodPlan = { readySince: LONG_AGO };
const options = (
  extProcMode: ServiceUseOptions['extProcMode'],
  replicas = 1,
  tlsSecret?: string,
): ServiceUseOptions => ({
  extProcMode,
  envoyGatewayNamespace: 'proxies',
  deployment: { replicas, tlsSecret },
});

describe('serviceUse', () => {
  const READY = { readySince: LONG_AGO };
  it.each<{
    title: string;
    mode: 'sidecar' | 'deployment';
    told: ServiceUse;
    proxies: PodPlan[];
    processors: PodPlan[];
    use: ServiceUse;
  }>([
    { title: 'at once without proxies', mode: 'deployment', told: 'none', proxies: [], processors: [], use: 'used' },
    {
      title: 'at once without sidecars',
      mode: 'deployment',
      told: 'none',
      proxies: [WITHOUT],
      processors: [],
      use: 'used',
    },
    {
      title: 'first to be known, beside sidecars',
      mode: 'deployment',
      told: 'none',
      proxies: [WITH],
      processors: [READY, READY],
      use: 'announced',
    },
    {
      title: 'not before there is a replica',
      mode: 'deployment',
      told: 'announced',
      proxies: [WITH],
      processors: [],
      use: 'announced',
    },
    {
      title: 'not before all replicas are there',
      mode: 'deployment',
      told: 'announced',
      proxies: [WITH],
      processors: [READY],
      use: 'announced',
    },
    {
      title: 'not while a replica starts',
      mode: 'deployment',
      told: 'announced',
      proxies: [WITH],
      processors: [READY, {}],
      use: 'announced',
    },
    {
      title: 'not before Envoy has heard of a replica',
      mode: 'deployment',
      told: 'announced',
      proxies: [WITH],
      processors: [READY, { readySince: JUST_NOW }],
      use: 'announced',
    },
    {
      title: 'for new requests when all replicas are known',
      mode: 'deployment',
      told: 'announced',
      proxies: [WITH],
      processors: [READY, READY],
      use: 'crossing',
    },
    {
      title: 'while former connections live on',
      mode: 'deployment',
      told: 'crossing',
      proxies: [WITH],
      processors: [READY, READY],
      use: 'crossing',
    },
    {
      title: 'on while a proxy has no sidecar, also when the change was turned back',
      mode: 'sidecar',
      told: 'crossing',
      proxies: [WITH, WITHOUT],
      processors: [READY],
      use: 'used',
    },
    {
      title: 'on, when a replica goes',
      mode: 'deployment',
      told: 'used',
      proxies: [WITH, WITHOUT],
      processors: [],
      use: 'used',
    },
    {
      title: 'never when it was not told',
      mode: 'sidecar',
      told: 'none',
      proxies: [WITHOUT],
      processors: [READY],
      use: 'none',
    },
    {
      title: 'on while a proxy has no sidecar',
      mode: 'sidecar',
      told: 'used',
      proxies: [WITH, WITHOUT],
      processors: [READY],
      use: 'used',
    },
    {
      title: 'on while such a proxy is ending',
      mode: 'sidecar',
      told: 'used',
      proxies: [WITH, { isLeaving: true }],
      processors: [READY],
      use: 'used',
    },
    {
      title: 'on while a sidecar starts',
      mode: 'sidecar',
      told: 'used',
      proxies: [WITH, { hasSidecar: true }],
      processors: [READY],
      use: 'used',
    },
    {
      title: 'no more when all proxies have sidecars',
      mode: 'sidecar',
      told: 'used',
      proxies: [WITH, { hasSidecar: true, isLeaving: true }],
      processors: [READY],
      use: 'none',
    },
    {
      title: 'no more when no replica serves any more',
      mode: 'sidecar',
      told: 'used',
      proxies: [WITHOUT],
      processors: [{}],
      use: 'none',
    },
  ])('is $use $title (mode $mode)', ({ mode, told, proxies, processors, use }) => {
    const toldSinceMs = NOW.getTime() - FORMER_CONNECTIONS_MS + 1;
    const facts = { told, toldSinceMs, proxies: proxies.map(pod), processors: processors.map(pod), now: NOW };
    expect(serviceUse(options(mode, 2), facts)).toBe(use);
  });

  it('is used for all requests when former connections are gone', () => {
    const facts = { told: 'crossing', proxies: [pod(WITH)], processors: [pod(READY)], now: NOW } as const;
    const toldSinceMs = NOW.getTime() - FORMER_CONNECTIONS_MS;
    expect(serviceUse(options('deployment'), { ...facts, toldSinceMs })).toBe('used');
  });

  it('is used at once with TLS, for which a sidecar has no certificate', () => {
    const facts = {
      told: 'announced',
      toldSinceMs: 0,
      proxies: [pod(WITH)],
      processors: [pod(READY)],
      now: NOW,
    } as const;
    expect(serviceUse(options('deployment', 1, 'tls'), facts)).toBe('used');
  });
});

const httpRoute = (name: string, annotations: Readonly<Record<string, string>> = {}): HTTPRoute => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: {
    namespace: 'default',
    name,
    annotations: { 'gateway.envoyproxy.io/ai-gateway-generated': 'true', ...annotations },
  },
  spec: {},
});
const INPUTS = 'gateway.envoyproxy.io/ai-gateway-xds-inputs';
const gateway: KubeObject = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { namespace: 'default', name: 'edge' },
};

/** A replica of the Gateway's processor, as the controller's Deployment makes it. */
const processor = (): Pod => {
  const { metadata, ...rest } = pod({ hasSidecar: true, readySince: LONG_AGO });
  return {
    ...rest,
    metadata: {
      ...metadata,
      labels: { 'aigateway.envoyproxy.io/gateway-hash': gatewayHash('default', 'edge') },
      annotations: { 'aigateway.envoyproxy.io/gateway': 'default/edge' },
    },
  };
};

describe('tellServices', () => {
  const told = (mode: ServiceUseOptions['extProcMode'], world: readonly KubeObject[], route = httpRoute('llm')) =>
    tellServices([route], [EDGE, EDGE], serviceUses(snapshotOf(world), options(mode), NOW)).map(
      ({ metadata }) => metadata.annotations?.[INPUTS],
    );

  it('tells nothing while all processors are sidecars', () => {
    const routes = [httpRoute('llm')];
    expect(tellServices(routes, [EDGE], serviceUses(snapshotOf([gateway]), options('sidecar'), NOW))).toBe(routes);
  });

  it('names Gateways that use their Service after the hash of the other inputs', () => {
    expect(told('deployment', [gateway])).toEqual([';default/edge']);
    expect(told('deployment', [gateway], httpRoute('llm', { [INPUTS]: 'abc' }))).toEqual(['abc;default/edge']);
  });

  it('tells since when new requests go to the Service, and keeps that time', () => {
    const ready = processor();
    const world = [gateway, pod(WITH), ready];
    const before = [...world, httpRoute('llm', { [INPUTS]: ';default/edge=announced' })];
    expect(told('deployment', before)).toEqual([`;default/edge=crossing:${NOW.getTime() / 1_000}`]);
    const crossing = `;default/edge=crossing:${NOW.getTime() / 1_000 - 5}`;
    expect(told('deployment', [...world, httpRoute('llm', { [INPUTS]: crossing })])).toEqual([crossing]);
  });

  it('tells another text with TLS when the CA is another one', () => {
    const withCA = (ca: string) => {
      const data = { 'ca.crt': Buffer.from(ca).toString('base64') };
      const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { namespace: 'proxies', name: 'tls' }, data };
      const uses = serviceUses(snapshotOf([gateway, secret]), options('deployment', 1, 'tls'), NOW);
      return tellServices([httpRoute('llm')], [EDGE], uses)[0]?.metadata.annotations?.[INPUTS] ?? '';
    };
    expect(withCA('a')).toMatch(/^;default\/edge#[0-9a-f]{8}$/);
    expect(withCA('a')).not.toBe(withCA('b'));
    expect(parseServices(withCA('a'))).toEqual([{ gateway: 'default/edge', use: 'used' }]);
  });

  it('names those that are only to know it by another word, and goes by the most that any route tells', () => {
    const sidecar = pod(WITH);
    expect(told('deployment', [gateway, sidecar])).toEqual([';default/edge=announced']);
    const others = [
      httpRoute('a', { [INPUTS]: 'x;default/edge=announced' }),
      httpRoute('b', { [INPUTS]: 'y;default/edge' }),
    ];
    expect(told('deployment', [gateway, sidecar, ...others])).toEqual([';default/edge']);
  });
});
