import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chunked } from '../harness/answers.js';
import { newCase } from '../harness/case-id.js';
import { eventually } from '../harness/eventually.js';
import { Gate } from '../harness/gate.js';
import { open } from '../harness/http-client.js';
import type { RunningPod } from '../harness/kube/kubelet/running-pod.js';
import { Load } from '../harness/kube/load.js';
import type { TestUpstream } from '../harness/test-upstream.js';
import { aiRoute, apiKey, apiKeyPolicy, gatewayObjects, provider, ruleFor } from './ai-objects.js';
import { E2eWorld, SLOW_MS, START_MS, figure } from './e2e-world.js';

const DEPLOYMENT = ['extProc.mode=deployment', 'extProc.replicas=2'];
const SIDECAR = ['extProc.mode=sidecar'];
/** Proxies and processors are replaced, one after the other, and a processor serves on for 15 s. */
const SWITCH_MS = 240_000;

const isProcessor = (pod: RunningPod) => pod.name.startsWith('ai-gateway-extproc-');
const hasSidecar = (pod: RunningPod) => {
  try {
    return pod.container('ai-gateway-extproc') !== undefined;
  } catch {
    return false;
  }
};

describe('the mode of the processors is changed under load', () => {
  let world: E2eWorld;
  let upstream: TestUpstream;

  beforeAll(async () => {
    world = await E2eWorld.start({ values: SIDECAR, controllers: 2 });
    upstream = await world.upstream();
    await world.apply(
      ...gatewayObjects(world),
      ...provider('near', upstream.port),
      apiKey('near', 'PLANTED-key-of-near'),
      apiKeyPolicy('near'),
      aiRoute('llm', [ruleFor('near', 'near')]),
    );
    await world.kubelet.readyPods();
    await world.chatAnswers('near');
  }, START_MS);

  afterAll(async () => {
    await world?.stop();
  }, SLOW_MS);

  const told = async () => {
    const ref = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', namespace: 'default', name: 'llm' };
    const { metadata } = await world.cluster.api.exists(ref);
    return metadata.annotations?.['gateway.envoyproxy.io/ai-gateway-xds-inputs'] ?? '';
  };
  const processors = () => world.kubelet.pods.filter(isProcessor);
  const proxies = () => world.kubelet.pods.filter((pod) => !isProcessor(pod));

  /** What a load saw while the mode was changed. */
  async function changeMode(
    values: readonly string[],
    isCrossed: () => Promise<boolean>,
    isDone: () => boolean,
  ): Promise<{ readonly lost: Readonly<Record<string, number>>; readonly failed: readonly string[] }> {
    const gate = new Gate();
    const caseId = newCase('held');
    const part = (content: string) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`;
    upstream.script(caseId, chunked([part('begin'), gate, part('end'), 'data: [DONE]\n\n']));
    const body = { model: 'near', stream: true, messages: [{ role: 'user', content: 'Hi' }] };
    const held = await open(world.port, '/v1/chat/completions', { caseId, body });
    await held.until('begin');
    const former = world.kubelet.pods;
    const startMs = performance.now();
    const log: string[] = [];
    const load = new Load(async () => {
      const { status, text } = await world.chat('near');
      if (status !== 200) log.push(`${Math.round(performance.now() - startMs)} ms: ${status} ${text.slice(0, 200)}`);
      return status;
    });
    await world.upgrade(values);
    await eventually('requests to go another way', isCrossed, SWITCH_MS);
    gate.open();
    expect((await held.rest()).received).toContain('"end"');
    await eventually('the other mode', isDone, SWITCH_MS);
    figure(`change of mode to ${values[0]}`, performance.now() - startMs);
    await eventually(
      'the former pods to end',
      () => former.every((pod) => world.kubelet.pods.includes(pod) || !hasRunning(pod)),
      SWITCH_MS,
    );
    for (let count = 0; count < 20; count += 1) expect((await world.chat('near')).status).toBe(200);
    const { 200: served = 0, ...lost } = await load.end();
    expect(served).toBeGreaterThan(0);
    return { lost, failed: log.slice(0, 10) };
  }

  const NOTHING_LOST = { lost: {}, failed: [] };

  const hasRunning = (pod: RunningPod) =>
    (isProcessor(pod) ? ['ai-gateway-extproc'] : ['envoy']).some((name) => pod.container(name).isRunning);

  it(
    'from sidecars to a Deployment, without a failed request',
    async () => {
      const seen = await changeMode(
        DEPLOYMENT,
        async () => (await told()).includes('crossing'),
        () =>
          processors().length === 2 &&
          world.kubelet.pods.every((pod) => pod.isReady) &&
          proxies().length === 1 &&
          proxies().every((pod) => !hasSidecar(pod)),
      );
      expect(seen).toEqual(NOTHING_LOST);
    },
    2 * SWITCH_MS,
  );

  it(
    'and back, without a failed request',
    async () => {
      const seen = await changeMode(
        SIDECAR,
        // Of the proxy that is replaced now, no answer may take longer than Envoy has to end.
        async () => proxies().some((pod) => hasSidecar(pod)),
        () =>
          processors().length === 0 &&
          proxies().length === 1 &&
          proxies().every((pod) => pod.isReady && hasSidecar(pod)),
      );
      expect(seen).toEqual(NOTHING_LOST);
    },
    2 * SWITCH_MS,
  );
});
