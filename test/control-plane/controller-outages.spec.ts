import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { HTTPRoute } from '../../src/shared/api/http-route.js';
import type { KubeObject } from '../../src/shared/api/kube-object.js';
import { eventually } from '../harness/eventually.js';
import { KubeApiError } from '../harness/kube/kube-transport.js';
import type { ControllerProcess } from '../harness/kube/controller-process.js';
import { aiRef, backendYaml, ControllerWorld, gatewayYaml, httpRouteRef, routeYaml } from './controller-world.js';

/** A lease of 15 s that nobody hands over, and a busy machine. */
const TAKE_OVER_MS = 40_000;

describe('the controller when things break', () => {
  let world: ControllerWorld;
  let first: ControllerProcess;
  let second: ControllerProcess;

  beforeAll(async () => {
    world = await ControllerWorld.start();
    first = await world.controller('first');
    await leads(first);
    second = await world.controller('second');
    await world.apply(gatewayYaml('edge'));
    await world.apply(backendYaml('openai', 'PLANTED-sk-openai'));
    await world.apply(routeYaml('llm', ['edge'], '{ name: openai }'));
    await world.condition(aiRef('AIGatewayRoute', 'llm'), 'Accepted');
  }, 120_000);

  afterAll(async () => {
    await world.stop();
  }, 60_000);

  const isLeader = async (controller: ControllerProcess) => /"leader":true/.test(await controller.facts());
  const leads = async (controller: ControllerProcess) =>
    await eventually(`${controller.name} to lead`, () => isLeader(controller), TAKE_OVER_MS);

  /** A route that is made now comes into force. */
  async function serves(name: string): Promise<void> {
    await world.apply(routeYaml(name, ['edge'], '{ name: openai }'));
    await world.condition(aiRef('AIGatewayRoute', name), 'Accepted');
    await world.configured('edge', name, (text) => text.includes(`model-of-${name}`));
  }

  it('lets one replica write, and both serve', async () => {
    expect([await isLeader(first), await isLeader(second)]).toEqual([true, false]);
    expect((await fetch(`http://127.0.0.1:${second.ports.health}/readyz`)).status).toBe(200);
  });

  it('hands over at once when the leader is asked to end, without changing what is in force', async () => {
    const before = await world.cluster.api.exists(httpRouteRef('llm'));
    // The condition comes first, the config a moment later.
    await world.configured('edge', 'the key', (text) => text.includes('PLANTED-sk-openai'));
    const { code } = await first.process.stop();
    expect(code).toBe(0);
    await leads(second);
    await serves('after-handover');
    expect((await world.cluster.api.exists(httpRouteRef('llm'))).metadata.resourceVersion).toBe(
      before.metadata.resourceVersion,
    );
    expect(await world.filterConfig('edge')).toContain('PLANTED-sk-openai');
    first.start();
    await first.ready();
  }, 60_000);

  it('takes over when the leader is killed', async () => {
    await second.process.stop('SIGKILL');
    world.route(first);
    await leads(first);
    await serves('after-kill');
    expect(await world.filterConfig('edge')).toContain('model-of-llm');
  }, 90_000);

  it('goes on after the API server was restarted in the middle', async () => {
    const applied = Array.from({ length: 20 }, (_, i) => routeYaml(`many-${i}`, ['edge'], '{ name: openai }'));
    for (const yaml of applied) await world.apply(yaml);
    await world.cluster.restartApiServer('SIGKILL');
    await world.configured('edge', 'all of them', (text) =>
      applied.every((_, i) => text.includes(`model-of-many-${i}`)),
    );
    for (const [i] of applied.entries()) await world.condition(aiRef('AIGatewayRoute', `many-${i}`), 'Accepted');
    await serves('after-restart');
    expect(first.process.end).toBeUndefined();
  }, 120_000);

  it('deletes in time what was deleted while nobody led', async () => {
    await first.process.stop();
    await world.cluster.api.delete(aiRef('AIGatewayRoute', 'many-0'));
    await world.apply(backendYaml('openai', 'PLANTED-sk-while-away'));
    first.start();
    await first.ready();
    await world.configured('edge', 'what changed meanwhile', (text) => text.includes('PLANTED-sk-while-away'));
    await world.cluster.api.isGone(httpRouteRef('many-0'));
    expect(await world.filterConfig('edge')).not.toContain('model-of-many-0"');
  }, 60_000);

  it('wins against others who write the same objects, without losing what is theirs', async () => {
    const { api } = world.cluster;
    const writers = Array.from({ length: 4 }, async (_, writer) => {
      for (let i = 0; i < 10; i++) await annotate(`test/${writer}`, String(i));
    });
    for (let i = 1; i <= 5; i++) await world.apply(routeYaml('llm', ['edge'], `{ name: openai, weight: ${i} }`));
    await Promise.all(writers);
    const { metadata } = await api.eventually<HTTPRoute, HTTPRoute>(
      httpRouteRef('llm'),
      'the last weight',
      (object) => object?.spec?.rules?.[0]?.backendRefs?.[0]?.weight === 5 && object,
    );
    expect(metadata.annotations).toMatchObject({ 'test/0': '9', 'test/1': '9', 'test/2': '9', 'test/3': '9' });

    async function annotate(name: string, value: string): Promise<void> {
      try {
        const found = await api.exists<KubeObject>(httpRouteRef('llm'));
        const annotations = { ...found.metadata.annotations, [name]: value };
        await api.replace({ ...found, metadata: { ...found.metadata, annotations } });
      } catch (error) {
        if (!(error instanceof KubeApiError) || error.status !== 409) throw error;
        await annotate(name, value);
      }
    }
  }, 60_000);
});
