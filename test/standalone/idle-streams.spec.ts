import { writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chunked, DONE, event, hang, json } from '../harness/answers.js';
import { newCase } from '../harness/case-id.js';
import { send, type Received } from '../harness/http-client.js';
import { TemporaryDirectory } from '../harness/temporary-directory.js';
import { TestUpstream } from '../harness/test-upstream.js';
import { GatewayUnderTest } from './gateway-under-test.js';

const IDLE_MS = 1_000;
const directory = new TemporaryDirectory();
let first: TestUpstream;
let second: TestUpstream;
let gateway: GatewayUnderTest;

const rule = (model: string, more: string): string => `
    - matches: [{ headers: [{ name: x-ai-eg-model, value: ${model} }] }]
      backendRefs: [{ name: first }, { name: second, priority: 1 }]
      ${more}`;
const backend = (name: string, port: number): string => `
---
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: AIServiceBackend
metadata: { name: ${name} }
spec:
  schema: { name: OpenAI }
  backendRef: { group: gateway.envoyproxy.io, kind: Backend, name: ${name} }
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: Backend
metadata: { name: ${name} }
spec: { endpoints: [{ ip: { address: 127.0.0.1, port: ${port} } }] }`;

/** Without a time for an attempt in the policy: only the idle time of the rule can end one. */
const configOf = (): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: idle }
spec: { controllerName: gateway.envoyproxy.io/gatewayclass-controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: idle }
spec:
  gatewayClassName: idle
  listeners: [{ name: http, protocol: HTTP, port: \${AIGW_PORT:-1975} }]
---
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: AIGatewayRoute
metadata: { name: llm }
spec:
  parentRefs: [{ name: idle, kind: Gateway, group: gateway.networking.k8s.io }]
  rules:${rule('impatient', `streamIdleTimeout: ${IDLE_MS}ms`)}${rule('patient', 'timeouts: { request: 3s }')}
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: BackendTrafficPolicy
metadata: { name: llm }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: llm }]
  retry: { numAttemptsPerPriority: 1, numRetries: 2, retryOn: { triggers: [reset, connect-failure] } }${backend('first', first.port)}${backend('second', second.port)}
`;

beforeAll(async () => {
  [first, second] = [await TestUpstream.start(), await TestUpstream.start()];
  const config = directory.file('idle.yaml');
  writeFileSync(config, configOf());
  gateway = await GatewayUnderTest.start(config);
});
afterAll(async () => {
  await gateway?.end();
  await Promise.all([first, second].map(async (upstream) => await upstream?.close()));
  directory.remove();
});

const chat = async (model: string, caseId: string): Promise<Received> => {
  const body = { model, stream: true, messages: [{ role: 'user', content: 'Hello' }] };
  return await send(gateway.ports.listener, '/v1/chat/completions', { body, caseId });
};
const chunk = (content: string) =>
  event({ object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content } }] });

describe('a rule with streamIdleTimeout', () => {
  it('asks the next backend when the first is silent for that time', async () => {
    const caseId = newCase('silent');
    first.script(caseId, hang);
    second.script(caseId, chunked([chunk('from the second'), DONE]));
    const startedMs = performance.now();
    const answer = await chat('impatient', caseId);
    expect([answer.status, answer.text]).toEqual([200, expect.stringContaining('from the second')]);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(IDLE_MS * 0.9);
    expect([first.requests(caseId).length, second.requests(caseId).length]).toEqual([1, 1]);
  });

  it('leaves a stream alone that lasts longer and is never silent for that time', async () => {
    const caseId = newCase('slow');
    first.script(caseId, chunked(slowly()));
    const answer = await chat('impatient', caseId);
    expect([answer.status, answer.text]).toEqual([200, expect.stringContaining('[DONE]')]);
    expect(second.requests(caseId)).toEqual([]);
  });
});

describe('a rule without it', () => {
  it('waits for the first backend until the request may last no longer', async () => {
    const caseId = newCase('patient');
    first.script(caseId, hang);
    second.script(caseId, json({ never: 'asked' }));
    expect((await chat('patient', caseId)).status).toBe(504);
    expect([first.requests(caseId).length, second.requests(caseId).length]).toEqual([1, 0]);
  });
});

/** The pauses are what the test is about. */
async function* slowly(): AsyncIterable<string> {
  for (let count = 0; count < 6; count += 1) {
    await delay(IDLE_MS * 0.3);
    yield chunk(String(count));
  }
  yield DONE;
}
