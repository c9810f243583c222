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

const configOf = (port: number, word: string): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: kept }
spec: { controllerName: gateway.envoyproxy.io/gatewayclass-controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: kept }
spec:
  gatewayClassName: kept
  listeners: [{ name: http, protocol: HTTP, port: \${AIGW_PORT:-1975} }]
---
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: AIGatewayRoute
metadata:
  name: kept
  annotations: { aigateway.envoyproxy.io/provider-resources: ${word} }
spec:
  parentRefs: [{ name: kept, kind: Gateway, group: gateway.networking.k8s.io }]
  rules:
    - matches: [{ headers: [{ name: x-ai-eg-model, value: m }] }]
      backendRefs: [{ name: provider }]
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

const config = directory.file('kept.yaml');
const listFiles = (caseId: string) => send(gateway.ports.listener, '/v1/files?model=m', { caseId });

beforeAll(async () => {
  provider = await TestUpstream.start();
  writeFileSync(config, configOf(provider.port, 'refuse'));
  gateway = await GatewayUnderTest.start(config);
});
afterAll(async () => {
  await gateway?.end();
  await provider?.close();
  directory.remove();
});

describe('G33: what a provider keeps, in aigw run', () => {
  it('is refused until the annotation of the route allows it', async () => {
    const caseId = newCase('kept');
    provider.script(caseId, json({ object: 'list', data: [] }));
    expect((await listFiles(caseId)).status).toBe(403);
    expect(provider.requests(caseId)).toEqual([]);

    writeFileSync(config, configOf(provider.port, 'allow'));
    const allowed = await eventually('the annotation to count', async () => {
      const response = await listFiles(caseId);
      return response.status === 403 ? undefined : response;
    });
    expect([allowed.status, allowed.json()]).toEqual([200, { object: 'list', data: [] }]);
    expect(provider.request(caseId).path).toBe('/v1/files');
  });
});
