import { writeFileSync } from 'node:fs';
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

const configOf = (port: number, models: string): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: listed }
spec: { controllerName: gateway.envoyproxy.io/gatewayclass-controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: listed }
spec:
  gatewayClassName: listed
  listeners: [{ name: http, protocol: HTTP, port: \${AIGW_PORT:-1975} }]
---
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: AIGatewayRoute
metadata:
  name: listed
  annotations: { aigateway.envoyproxy.io/models: ${JSON.stringify(models)} }
spec:
  parentRefs: [{ name: listed, kind: Gateway, group: gateway.networking.k8s.io }]
  rules:
    - matches: [{ headers: [{ name: x-ai-eg-model, value: exact }] }]
      backendRefs: [{ name: provider }]
    - matches:
        - headers:
            - { name: x-ai-eg-model, type: RegularExpression, value: "claude-(opus|haiku)-[0-9]+" }
            - { name: x-team, value: blue }
        - headers: [{ name: x-ai-eg-model, type: RegularExpression, value: "gpt-[a-z0-9]{1,8}|o[0-9]" }]
      backendRefs: [{ name: provider }]
      modelsOwnedBy: Acme
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

const config = directory.file('listed.yaml');
const idsFor = async (headers: Readonly<Record<string, string>> = {}) => {
  const body = (await send(gateway.ports.listener, '/v1/models', { headers })).json();
  return (body['data'] as { id: string }[]).map(({ id }) => id);
};
const NAMES = ['gpt-4o', 'gpt-4o-mini', 'o3', 'o33', 'claude-opus-4', 'exact'];

beforeAll(async () => {
  provider = await TestUpstream.start();
  writeFileSync(config, configOf(provider.port, ''));
  gateway = await GatewayUnderTest.start(config);
});
afterAll(async () => {
  await gateway?.end();
  await provider?.close();
  directory.remove();
});

describe('models that a route lists by name', () => {
  it('are in the model lists when the annotation alone changes, and are those that Envoy serves', async () => {
    expect(await idsFor()).toEqual(['exact']);
    writeFileSync(config, configOf(provider.port, `${NAMES.join(',\n  ')} gpt-4o`));
    const ids = await eventually('the annotation to count', async () => {
      const found = await idsFor({ 'x-team': 'blue' });
      return found.length === 1 ? undefined : found;
    });
    expect(ids).toEqual(['exact', 'gpt-4o', 'o3', 'claude-opus-4']);
    expect(await idsFor()).toEqual(['exact', 'gpt-4o', 'o3']);
    const one = await send(gateway.ports.listener, '/v1/models/gpt-4o');
    expect([one.status, one.json()]).toMatchObject([200, { id: 'gpt-4o', object: 'model', owned_by: 'Acme' }]);

    for (const model of NAMES) {
      const caseId = newCase('listed');
      provider.script(caseId, json({ id: 'c', object: 'chat.completion', created: 1, model, choices: [] }));
      const { status } = await send(gateway.ports.listener, '/v1/chat/completions', {
        caseId,
        headers: { 'x-team': 'blue' },
        body: { model, messages: [{ role: 'user', content: 'hello' }] },
      });
      expect([model, status]).toEqual([model, ids.includes(model) ? 200 : 404]);
      expect(provider.requests(caseId)).toHaveLength(ids.includes(model) ? 1 : 0);
    }
  });

  it('are told, with the line of the file, when no rule serves them', async () => {
    expect(await gateway.line(/model lists leave out/)).toMatch(
      /listed\.yaml:\d+: .*AIGatewayRoute default\/listed: metadata\.annotations\[aigateway\.envoyproxy\.io\/models\]: model lists leave out "gpt-4o-mini", "o33": no rule/,
    );
  });
});
