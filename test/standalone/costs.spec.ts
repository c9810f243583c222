import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { json } from '../harness/answers.js';
import { newCase } from '../harness/case-id.js';
import { eventually } from '../harness/eventually.js';
import { send } from '../harness/http-client.js';
import { TemporaryDirectory } from '../harness/temporary-directory.js';
import { TestUpstream } from '../harness/test-upstream.js';
import { GatewayUnderTest } from './gateway-under-test.js';

const directory = new TemporaryDirectory();
let provider: TestUpstream;
let gateway: GatewayUnderTest;

/** The keys are those that the built-in access log shows. */
const configOf = (port: number): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: priced }
spec: { controllerName: gateway.envoyproxy.io/gatewayclass-controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: priced, annotations: { aigateway.envoyproxy.io/gateway-config: priced } }
spec:
  gatewayClassName: priced
  listeners: [{ name: http, protocol: HTTP, port: \${AIGW_PORT:-1975} }]
---
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: GatewayConfig
metadata: { name: priced, annotations: { aigateway.envoyproxy.io/cost-arithmetic: promote } }
spec:
  globalLLMRequestCosts:
    - { metadataKey: llm_output_token, type: CEL, cel: input_tokens * 0.5 + output_tokens * 1.5 }
---
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: AIGatewayRoute
metadata: { name: priced, annotations: { aigateway.envoyproxy.io/cost-arithmetic: promote } }
spec:
  parentRefs: [{ name: priced, kind: Gateway, group: gateway.networking.k8s.io }]
  rules:
    - matches: [{ headers: [{ name: x-ai-eg-model, value: m }] }]
      backendRefs: [{ name: provider }]
  llmRequestCosts:
    - metadataKey: llm_input_token
      type: CEL
      cel: "request_headers['x-tier'] == 'gold' ? total_tokens - 10 : total_tokens * 2"
    - metadataKey: llm_reasoning_token
      type: CEL
      cel: "backend_name == 'provider' && backend_namespace == 'default' ? 1 : 0"
---
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: AIServiceBackend
metadata: { name: provider }
spec:
  schema: { name: OpenAI }
  backendRef: { group: gateway.envoyproxy.io, kind: Backend, name: provider }
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: Backend
metadata: { name: provider }
spec: { endpoints: [{ ip: { address: 127.0.0.1, port: ${port} } }] }`;

beforeAll(async () => {
  provider = await TestUpstream.start();
  const config = directory.file('priced.yaml');
  writeFileSync(config, configOf(provider.port));
  gateway = await GatewayUnderTest.start(config);
});
afterAll(async () => {
  await gateway?.end();
  await provider?.close();
  directory.remove();
});

/** Line of the access log about a chat of 11 and 8 tokens. */
async function loggedChat(tier: string): Promise<string> {
  const caseId = newCase('priced');
  const usage = { prompt_tokens: 11, completion_tokens: 8, total_tokens: 19 };
  provider.script(caseId, json({ model: 'm-1', choices: [], usage }));
  const headers = { 'x-tier': tier, 'user-agent': caseId };
  const response = await send(gateway.ports.listener, '/v1/chat/completions', {
    caseId,
    headers,
    body: { model: 'm' },
  });
  expect(response.status).toBe(200);
  return eventually('the line of the access log', () =>
    readFileSync(gateway.runFile('stdout.log'), 'utf8')
      .split('\n')
      .find((line) => line.includes(`"user-agent":"${caseId}"`)),
  );
}

describe('costs with promoted numbers, in aigw run', () => {
  it('are those of the route and of the GatewayConfig, by what the client sent', async () => {
    const gold = await loggedChat('gold');
    expect(gold).toContain('"gen_ai.usage.input_tokens":9,');
    expect(gold).toContain('"gen_ai.usage.output_tokens":18,');
    expect(gold).toContain('"gen_ai.usage.reasoning_tokens":1,');
    expect(await loggedChat('basic')).toContain('"gen_ai.usage.input_tokens":38,');
  });
});
