import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { KubeObject } from '../../src/shared/api/kube-object.js';
import { extProcServiceName } from '../../src/shared/extproc-pod/service.js';
import { chunked, json } from '../harness/answers.js';
import { newCase } from '../harness/case-id.js';
import { eventually } from '../harness/eventually.js';
import { Gate } from '../harness/gate.js';
import { open } from '../harness/http-client.js';
import { ENVOY_GATEWAY_NAMESPACE } from '../harness/kube/envoy-gateway.js';
import type { RunningPod } from '../harness/kube/kubelet/running-pod.js';
import { Load } from '../harness/kube/load.js';
import { fqdnBackend } from '../harness/kube/test-gateway-objects.js';
import { openaiClient } from '../harness/sdk-clients.js';
import type { TestUpstream } from '../harness/test-upstream.js';
import { toldAnswer } from '../harness/told-answers.js';
import { WebSocketClient } from '../harness/websocket-client.js';
import { WebSocketProvider } from '../harness/websocket-provider.js';
import {
  GATEWAY,
  aiRoute,
  gatewayConfig,
  gatewayObjects,
  gatewayWithConfig,
  ruleFor,
  serviceBackend,
} from './ai-objects.js';
import { DEPLOYMENT_MODE, REPLICAS, ROLL_OUT_MS, applyRoute, isProcessor, programmed } from './deployment-world.js';
import { E2eWorld, SLOW_MS, START_MS, TEST_MS, figure } from './e2e-world.js';

/** A replica is looked at without an answer for so long. */
const KILLED_MS = 15_000;
/** Requests that one replica may have had under way: four at once, and the one of the test. */
const UNDER_WAY_MAX = 5;
/** About a second; a busy machine gets more. */
const CHANGE_MS = 5_000;

describe('processors that run as a Deployment', () => {
  let world: E2eWorld;
  let first: TestUpstream;
  let second: TestUpstream;
  let realtime: WebSocketProvider;

  beforeAll(async () => {
    realtime = await WebSocketProvider.start();
    world = await E2eWorld.start({ values: DEPLOYMENT_MODE });
    [first, second] = [await world.upstream(), await world.upstream()];
  }, START_MS);

  afterAll(async () => {
    await world?.stop();
    await realtime?.close();
  }, SLOW_MS);

  /** What became of a request: 200, or what can be told of the failure. */
  const underLoad = () =>
    new Load(async () => {
      const { status, text } = await world.chat('near');
      return status === 200 ? status : `${status} at ${new Date().toISOString()}: ${text}`;
    });
  const processors = () => world.kubelet.pods.filter(isProcessor);

  it(
    'serves when the route is programmed, with no processor beside Envoy',
    async () => {
      const startMs = performance.now();
      await applyRoute(world, first, second);
      await programmed(world);
      figure('deployment mode: Programmed after the objects were applied', performance.now() - startMs);
      expect(await world.chat('near')).toMatchObject({ status: 200 });
      const pods = await world.kubelet.readyPods(REPLICAS + 1);
      const [proxy] = pods.filter((pod) => !isProcessor(pod));
      expect(() => proxy!.container('ai-gateway-extproc')).toThrow('has no container');
      expect(processors()).toHaveLength(REPLICAS);
    },
    TEST_MS,
  );

  it(
    'serves whole and streamed answers by all replicas',
    async () => {
      const caseId = newCase('sdk');
      first.script(caseId, toldAnswer('OpenAI', [{ text: 'piece by piece' }], true));
      const client = openaiClient({ baseUrl: `http://127.0.0.1:${world.port}` }, caseId);
      for (let count = 0; count < 20; count += 1) {
        const stream = await client.chat.completions.create({
          model: 'near',
          messages: [{ role: 'user', content: 'Hi' }],
          stream: true,
        });
        let text = '';
        for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
        expect(text).toBe('piece by piece');
      }
      expect(first.requests(caseId).map(({ headers }) => headers['authorization'])).toEqual(
        Array.from({ length: 20 }, () => 'Bearer PLANTED-key-of-first'),
      );
      for (const pod of processors()) expect(await requestsOf(pod)).toBeGreaterThan(0);
    },
    TEST_MS,
  );

  /** Requests that a replica has finished, by its own count. */
  async function requestsOf(pod: RunningPod): Promise<number> {
    const port = pod.ports.get(1064);
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    const line = /^gen_ai_server_request_duration_seconds_count\{[^}]*\} (\d+)$/gm;
    return [...text.matchAll(line)].reduce((sum, match) => sum + Number(match[1]), 0);
  }

  it(
    'falls back to the next priority, whichever replica the attempts meet',
    async () => {
      const caseId = newCase('fallback');
      first.script(caseId, json({ error: { message: 'overloaded' } }, 503));
      second.script(caseId, toldAnswer('OpenAI', [{ text: 'from the second' }]));
      for (let count = 0; count < 20; count += 1) {
        expect((await world.chat('near', { caseId })).text).toContain('from the second');
      }
      expect(second.requests(caseId).map(({ headers }) => headers['authorization'])).toEqual(
        Array.from({ length: 20 }, () => 'Bearer PLANTED-key-of-second'),
      );
    },
    TEST_MS,
  );

  it(
    'takes a change of the route a moment later',
    async () => {
      await world.apply(aiRoute('llm', [ruleFor(['near', 'late'], 'first')]));
      const ms = await world.chatAnswers('late');
      figure('deployment mode: model added to first 200', ms);
      expect(ms).toBeLessThan(CHANGE_MS);
    },
    TEST_MS,
  );

  it(
    'loses no request, no stream under way and no WebSocket session while the replicas are replaced',
    async () => {
      const former = processors();
      const session = await openSession();
      const gate = new Gate();
      const caseId = newCase('held');
      const part = (content: string) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`;
      first.script(caseId, chunked([part('begin'), gate, part('end'), 'data: [DONE]\n\n']));
      const body = { model: 'near', stream: true, messages: [{ role: 'user', content: 'Hi' }] };
      const held = await open(world.port, '/v1/chat/completions', { caseId, body });
      await held.until('begin');
      const load = new Load(async () => (await world.chat('near')).status);

      await world.apply(
        gatewayConfig('changed', [{ name: 'CHANGED', value: 'yes' }]),
        gatewayWithConfig(world, 'changed'),
      );
      const startMs = performance.now();
      await eventually(
        'new replicas to have taken the place of the former ones',
        () => processors().length === REPLICAS && processors().every((pod) => pod.isReady && !former.includes(pod)),
        ROLL_OUT_MS,
      );
      session.said.say({ type: 'session.updated' });
      expect(await session.client.message(1)).toBe('{"type":"session.updated"}');
      session.said.sayClose(1000);
      expect(await session.client.closed).toEqual({ code: 1000, wasClean: true });
      gate.open();
      const { received, isComplete } = await held.rest();
      expect([isComplete, received.includes('"end"')]).toEqual([true, true]);
      await eventually(
        'the former replicas to end',
        () => former.every((pod) => pod.container('ai-gateway-extproc').process.end !== undefined),
        ROLL_OUT_MS,
      );
      figure('deployment mode: roll-out of two replicas', performance.now() - startMs);
      const outcomes = await load.end();
      expect(Object.keys(outcomes)).toEqual(['200']);
    },
    2 * ROLL_OUT_MS,
  );

  async function openSession() {
    const backend = fqdnBackend('realtime', realtime.port);
    const caseId = newCase('realtime');
    await world.apply(
      { ...backend, spec: { ...backend.spec, appProtocols: ['gateway.envoyproxy.io/ws'] } } as KubeObject,
      serviceBackend('realtime'),
      aiRoute('realtime', [ruleFor('gpt-realtime', 'realtime')]),
    );
    const url = `ws://127.0.0.1:${world.port}/v1/realtime?model=gpt-realtime`;
    const client = await eventually(
      'the realtime route to be served',
      () => WebSocketClient.open(url, { 'x-test-case': caseId }),
      SLOW_MS,
    );
    return { client, said: await realtime.session(caseId) };
  }

  it(
    'loses only what a replica had under way when it is killed',
    async () => {
      const load = underLoad();
      const [killed] = processors();
      const startMs = performance.now();
      await killed!.container('ai-gateway-extproc').kill();
      let count = 0;
      while (performance.now() - startMs < KILLED_MS) {
        await world.chat('near');
        count += 1;
      }
      const { 200: served = 0, ...others } = await load.end();
      figure(
        `deployment mode: requests beside a killed replica: ${served} served, ${JSON.stringify(others)} and`,
        count,
      );
      expect(served).toBeGreaterThan(UNDER_WAY_MAX);
      expect(Object.values(others).reduce((sum, lost) => sum + lost, 0)).toBeLessThanOrEqual(UNDER_WAY_MAX);
      await world.cluster.api.delete({
        apiVersion: 'v1',
        kind: 'Pod',
        namespace: ENVOY_GATEWAY_NAMESPACE,
        name: killed!.name,
      });
      await eventually(
        'another replica',
        () => processors().length === REPLICAS && processors().every((pod) => pod.isReady),
        ROLL_OUT_MS,
      );
    },
    2 * ROLL_OUT_MS,
  );

  /** Deletes it by hand, and waits for another one. */
  async function restored(kind: string): Promise<void> {
    const uid = async () => (await world.cluster.api.get(processorObject(kind)))?.metadata.uid;
    const former = await uid();
    await world.cluster.api.delete(processorObject(kind));
    await eventually(`another ${kind}`, async () => ![undefined, former].includes(await uid()), SLOW_MS);
  }

  it(
    'restores a Service that was deleted by hand, without a failed request, and a Deployment',
    async () => {
      const load = underLoad();
      await restored('Service');
      expect(Object.keys(await load.end())).toEqual(['200']);
      // Its replicas go with a Deployment, so that requests fail until there are new ones.
      const former = processors();
      await restored('Deployment');
      await eventually(
        'new replicas',
        () => processors().length === REPLICAS && processors().every((pod) => pod.isReady && !former.includes(pod)),
        ROLL_OUT_MS,
      );
      await world.chatAnswers('near');
    },
    2 * ROLL_OUT_MS,
  );

  it(
    'loses no request while there are more replicas, and fewer again',
    async () => {
      const load = underLoad();
      for (const replicas of [3, 1]) {
        await world.upgrade(['extProc.mode=deployment', `extProc.replicas=${replicas}`]);
        await eventually(
          `${replicas} replicas`,
          () => processors().length === replicas && processors().every((pod) => pod.isReady),
          ROLL_OUT_MS,
        );
      }
      for (let count = 0; count < 20; count += 1) expect((await world.chat('near')).status).toBe(200);
      expect(Object.keys(await load.end())).toEqual(['200']);
    },
    3 * ROLL_OUT_MS,
  );

  it(
    'removes Deployment and Service of a Gateway that is deleted',
    async () => {
      const [gateway] = gatewayObjects(world).filter(({ kind }) => kind === 'Gateway');
      await world.cluster.api.delete({
        apiVersion: gateway!.apiVersion,
        kind: 'Gateway',
        namespace: 'default',
        name: GATEWAY,
      });
      const isGone = async (kind: string) => (await world.cluster.api.get(processorObject(kind))) === undefined;
      for (const kind of ['Service', 'Deployment'])
        expect(await eventually(`the ${kind} to go`, async () => await isGone(kind), SLOW_MS)).toBe(true);
    },
    TEST_MS,
  );

  const processorObject = (kind: string) => ({
    apiVersion: kind === 'Service' ? 'v1' : 'apps/v1',
    kind,
    namespace: ENVOY_GATEWAY_NAMESPACE,
    name: extProcServiceName('default', GATEWAY),
  });
});
