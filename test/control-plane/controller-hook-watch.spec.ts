import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { ENVOY_GATEWAY_LEASE } from '../../src/app/controller/envoy-gateway-lease.js';
import { expectedRoutes } from '../../src/modules/extension-server/expected-routes.js';
import { HOOK_OVERDUE_MS } from '../../src/modules/extension-server/hook-watch.js';
import { GATEWAY_CONTROLLER_NAME, type ConfigMap } from '../../src/shared/api/gateway-api.js';
import type { HTTPRoute } from '../../src/shared/api/http-route.js';
import { kinds } from '../../src/shared/api/kinds.js';
import { objectKey } from '../../src/shared/api/kube-object.js';
import { snapshotOf } from '../../src/shared/api/snapshot.js';
import { TRANSLATION_RECORD_NAME, translationEntries } from '../../src/shared/api/translation-record.js';
import { eventually } from '../harness/eventually.js';
import type { ControllerProcess } from '../harness/kube/controller-process.js';
import { RELEASE_NAMESPACE } from '../harness/kube/release.js';
import {
  aiRef,
  backendYaml,
  ControllerWorld,
  ENVOY_GATEWAY_NAMESPACE,
  gatewayYaml,
  httpRouteRef,
  routeYaml,
} from './controller-world.js';

const EDGE = objectKey(kinds.gateway, 'default', 'edge');
const LEASE = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  namespace: ENVOY_GATEWAY_NAMESPACE,
  name: ENVOY_GATEWAY_LEASE,
};
const RECORD = { apiVersion: 'v1', kind: 'ConfigMap', namespace: RELEASE_NAMESPACE, name: TRANSLATION_RECORD_NAME };
/** A check each five seconds, the last of which may have come just before. */
const OVERDUE_MS = HOOK_OVERDUE_MS + 15_000;

/** The test plays Envoy Gateway: statuses, hooks and Lease. */
describe('an Envoy Gateway that owes a hook', () => {
  let world: ControllerWorld;
  let controller: ControllerProcess;
  let renewing: NodeJS.Timeout | undefined;

  beforeAll(async () => {
    world = await ControllerWorld.start();
    controller = await world.controller();
    await world.apply(gatewayYaml('edge'));
    await world.apply(backendYaml('openai', 'PLANTED-openai-key'));
    for (const name of ['llm', 'other', 'third']) {
      await world.apply(routeYaml(name, ['edge'], '{ name: openai }'));
      await judge(name);
    }
    await translate(['llm', 'other', 'third']);
    await renew();
    const agrees = () => controller.process.lines.some((line) => line.includes('for all AI routes of a Gateway'));
    await eventually('the controller to compare', agrees, 20_000);
  }, 120_000);

  afterEach(() => clearInterval(renewing));

  afterAll(async () => {
    await world.stop();
  }, 60_000);

  /** Accepts an HTTPRoute as it is. */
  async function judge(name: string): Promise<void> {
    const { metadata } = await world.cluster.api.exists<HTTPRoute>(httpRouteRef(name));
    const condition = {
      type: 'Accepted',
      status: 'True',
      reason: 'Accepted',
      message: '',
      lastTransitionTime: '2026-01-01T00:00:00Z',
      observedGeneration: metadata.generation,
    };
    const parentRef = { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'edge' };
    const parents = [{ parentRef, controllerName: GATEWAY_CONTROLLER_NAME, conditions: [condition] }];
    await world.cluster.api.patch(httpRouteRef(name), { status: { parents } }, 'status');
  }

  /** What the controller writes down when it is asked to finish these. */
  async function translate(names: readonly string[]): Promise<void> {
    const { api } = world.cluster;
    const routes = await Promise.all(names.map(async (name) => await api.exists<HTTPRoute>(httpRouteRef(name))));
    const fingerprint = expectedRoutes(snapshotOf(routes)).get(EDGE)?.fingerprint ?? '';
    const { apiVersion, kind, namespace, name } = RECORD;
    const labels = { 'app.kubernetes.io/managed-by': 'envoy-ai-gateway' };
    const entries = Object.entries(translationEntries(EDGE, { faults: [], fingerprint }));
    const data = Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== null));
    await api.apply({ apiVersion, kind, metadata: { namespace, name, labels }, data } as ConfigMap);
  }

  async function renew(): Promise<void> {
    const { apiVersion, kind, namespace, name } = LEASE;
    const spec = {
      holderIdentity: 'eg',
      leaseDurationSeconds: 15,
      renewTime: new Date().toISOString().replace('Z', '000Z'),
    };
    await world.cluster.api.apply({ apiVersion, kind, metadata: { namespace, name }, spec } as ConfigMap);
  }

  const isRecorded = async () => Object.keys((await world.cluster.api.get<ConfigMap>(RECORD))?.data ?? {}).length > 0;

  it('is waited for while it does not renew its Lease', async () => {
    await world.cluster.api.delete(aiRef('AIGatewayRoute', 'other'));
    await world.cluster.api.isGone(httpRouteRef('other'));
    const isNoticed = () => controller.process.lines.some((line) => line.includes('does not renew its Lease'));
    await eventually('the controller to wait', isNoticed, 30_000);
    await delay(OVERDUE_MS);
    expect(await isRecorded()).toBe(true);
    // Back, as it was before.
    await translate(['llm', 'third']);
    await renew();
  }, 90_000);

  it('is told of when it is there', async () => {
    renewing = setInterval(() => void renew(), 1_000);
    await world.cluster.api.delete(aiRef('AIGatewayRoute', 'third'));
    await world.cluster.api.isGone(httpRouteRef('third'));
    await eventually('the record to lose the Gateway', async () => !(await isRecorded()), 2 * OVERDUE_MS);
    const isNotCalled = ({ reason }: { readonly reason: string }) => reason === 'ExtensionServerNotCalled';
    const { status } = await world.condition(aiRef('AIGatewayRoute', 'llm'), 'Programmed', isNotCalled);
    expect(status).toBe('False');
  }, 120_000);
});
