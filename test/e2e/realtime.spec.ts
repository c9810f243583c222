import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Backend } from '../../src/shared/api/envoy-gateway.js';
import { newCase } from '../harness/case-id.js';
import { eventually, within } from '../harness/eventually.js';
import { open } from '../harness/http-client.js';
import { fqdnBackend } from '../harness/kube/test-gateway-objects.js';
import { WebSocketClient } from '../harness/websocket-client.js';
import { WebSocketProvider } from '../harness/websocket-provider.js';
import { aiRoute, apiKey, apiKeyPolicy, gatewayObjects, ruleFor, serviceBackend } from './ai-objects.js';
import { E2eWorld, SLOW_MS, START_MS, TEST_MS } from './e2e-world.js';

const KEY = 'PLANTED-realtime-key';

describe('realtime on a cluster (G33)', () => {
  let world: E2eWorld;
  let provider: WebSocketProvider;

  beforeAll(async () => {
    provider = await WebSocketProvider.start();
    world = await E2eWorld.start();
    const plain = fqdnBackend('realtime', provider.port);
    const backend: Backend = { ...plain, spec: { ...plain.spec, appProtocols: ['gateway.envoyproxy.io/ws'] } };
    await world.apply(
      ...gatewayObjects(world),
      backend,
      serviceBackend('realtime'),
      apiKey('realtime', KEY),
      apiKeyPolicy('realtime'),
      aiRoute('realtime', [{ ...ruleFor('gpt-realtime', 'realtime'), timeouts: { request: '1s' } }]),
    );
    await world.kubelet.readyPods();
  }, START_MS);

  afterAll(async () => {
    await world?.stop();
    await provider?.close();
  }, SLOW_MS);

  it(
    'is a session that outlives the timeout of its route, with what Envoy Gateway and the extension server make of it',
    async () => {
      const caseId = newCase('realtime');
      const url = `ws://127.0.0.1:${world.port}/v1/realtime?model=gpt-realtime`;
      const client = await eventually(
        'the route to be served',
        () => WebSocketClient.open(url, { 'x-test-case': caseId }),
        SLOW_MS,
      );
      const session = await provider.session(caseId);
      const sinceMs = performance.now();
      client.send('hello');
      expect(await session.message(1)).toBe('hello');
      await eventually('the timeout of the route to pass', () => performance.now() - sinceMs > 1500);
      session.say({ type: 'session.created' });
      expect(await client.message(1)).toBe('{"type":"session.created"}');
      expect(provider.handshakes(caseId).at(-1)?.headers).toMatchObject({ authorization: `Bearer ${KEY}` });
      session.sayClose(1000);
      expect(await client.closed).toEqual({ code: 1000, wasClean: true });
      await within('the session of the provider to end', session.ended);

      const headers = { connection: 'Upgrade', upgrade: 'websocket' };
      const elsewhere = await open(world.port, '/v1/chat/completions', { method: 'POST', headers });
      expect([elsewhere.status, (await elsewhere.rest()).received]).toEqual([
        400,
        expect.stringContaining('no WebSocket can be opened here'),
      ]);
    },
    TEST_MS,
  );
});
