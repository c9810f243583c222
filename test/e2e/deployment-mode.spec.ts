import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { issueCa, issueServing } from '../../src/modules/webhook/certificates/issue.js';
import type { Secret } from '../../src/shared/api/gateway-api.js';
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
import { isTrue } from '../harness/kube/test-gateway-objects.js';
import { openaiClient } from '../harness/sdk-clients.js';
import type { TestUpstream } from '../harness/test-upstream.js';
import { toldAnswer } from '../harness/told-answers.js';
import {
  GATEWAY,
  aiRoute,
  apiKey,
  apiKeyPolicy,
  fallbackPolicy,
  gatewayConfig,
  gatewayObjects,
  gatewayWithConfig,
  provider,
  ruleFor,
} from './ai-objects.js';
import { E2eWorld, SLOW_MS, START_MS, TEST_MS, figure } from './e2e-world.js';

const REPLICAS = 2;
const MODE = ['extProc.mode=deployment', `extProc.replicas=${REPLICAS}`];
/** A processor goes on serving for 15 s after it is asked to end; two of them, one after the other. */
const ROLL_OUT_MS = 90_000;
/** About a second; a busy machine gets more. */
const CHANGE_MS = 5_000;

interface Conditioned extends KubeObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

const ROUTE = {
  apiVersion: 'aigateway.envoyproxy.io/v1beta1',
  kind: 'AIGatewayRoute',
  namespace: 'default',
  name: 'llm',
};

const isProcessor = (pod: RunningPod) => pod.name.startsWith('ai-gateway-extproc-');

/** Two providers with keys, the second one for what the first one fails at. */
async function applyRoute(world: E2eWorld, first: TestUpstream, second: TestUpstream): Promise<void> {
  await world.apply(
    ...gatewayObjects(world),
    ...provider('first', first.port),
    ...provider('second', second.port),
    ...['first', 'second'].flatMap((name) => [apiKey(name, `PLANTED-key-of-${name}`), apiKeyPolicy(name)]),
    aiRoute('llm', [ruleFor('near', { name: 'first', priority: 0 }, { name: 'second', priority: 1 })]),
    fallbackPolicy('llm'),
  );
}

async function programmed(world: E2eWorld): Promise<void> {
  const isProgrammed = (route: Conditioned | undefined) => isTrue(route, 'Programmed');
  await world.cluster.api.eventually<Conditioned, true>(ROUTE, 'the route to be programmed', isProgrammed, SLOW_MS);
}

describe('processors that run as a Deployment', () => {
  let world: E2eWorld;
  let first: TestUpstream;
  let second: TestUpstream;

  beforeAll(async () => {
    world = await E2eWorld.start({ values: MODE });
    [first, second] = [await world.upstream(), await world.upstream()];
  }, START_MS);

  afterAll(async () => {
    await world?.stop();
  }, SLOW_MS);

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
    'loses no request, and no stream under way, while the replicas are replaced',
    async () => {
      const former = processors();
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
});

describe('processors that run as a Deployment with TLS', () => {
  const secretName = 'extproc-tls';
  let world: E2eWorld;

  beforeAll(async () => {
    world = await E2eWorld.start({ values: [...MODE, `extProc.tlsSecret=${secretName}`] });
  }, START_MS);

  afterAll(async () => {
    await world?.stop();
  }, SLOW_MS);

  it(
    'serves when the route is programmed',
    async () => {
      const now = new Date();
      const ca = await issueCa('extproc-ca', now);
      const service = `${extProcServiceName('default', GATEWAY)}.${ENVOY_GATEWAY_NAMESPACE}.svc.cluster.local`;
      const serving = await issueServing(ca, [service], now);
      const secret: Secret = {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { namespace: ENVOY_GATEWAY_NAMESPACE, name: secretName },
        stringData: {
          'ca.crt': ca.certificate,
          'tls.crt': serving.certificate,
          'tls.key': serving.key.reveal(),
        },
      };
      const [first, second] = [await world.upstream(), await world.upstream()];
      await world.apply(secret);
      await applyRoute(world, first, second);
      await programmed(world);
      for (let count = 0; count < 20; count += 1) expect((await world.chat('near')).status).toBe(200);
      for (const pod of world.kubelet.pods.filter(isProcessor)) {
        expect(pod.container('ai-gateway-extproc').process.lines.join()).not.toContain('"level":"error"');
      }
    },
    TEST_MS,
  );
});
