import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, type AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { stringify } from 'yaml';
import { newCase } from '../harness/case-id.js';
import { within } from '../harness/eventually.js';
import { open } from '../harness/http-client.js';
import { TemporaryDirectory } from '../harness/temporary-directory.js';
import { WebSocketClient } from '../harness/websocket-client.js';
import { WebSocketProvider } from '../harness/websocket-provider.js';
import { GatewayUnderTest } from './gateway-under-test.js';
import { authority, pair } from './translator-world.js';

const directory = new TemporaryDirectory();
let provider: WebSocketProvider;
let tls: Server;
let gateway: GatewayUnderTest;
/** What TLS connections to the provider agreed on. */
const agreed: (string | false | null)[] = [];

/** TLS in front of the provider; it would speak HTTP/2 too, as the usual ones do. */
async function startTls(port: number): Promise<Server> {
  const ALPNProtocols = ['h2', 'http/1.1'];
  const server = createServer({ cert: pair['tls.crt'], key: pair['tls.key'], ALPNProtocols }, (socket) => {
    agreed.push(socket.alpnProtocol);
    const behind = connect(port, '127.0.0.1');
    socket.on('error', () => behind.destroy()).pipe(behind);
    behind.on('error', () => socket.destroy()).pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

const rule = (model: string): string => `
    - matches: [{ headers: [{ name: x-ai-eg-model, value: ${model} }] }]
      backendRefs: [{ name: ${model}, modelNameOverride: theirs }]
      timeouts: { request: 1s }`;

const backend = (name: string, spec: object): string => `---
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: AIServiceBackend
metadata: { name: ${name} }
spec:
  schema: { name: OpenAI }
  backendRef: { group: gateway.envoyproxy.io, kind: Backend, name: ${name} }
---
${stringify({ apiVersion: 'gateway.envoyproxy.io/v1alpha1', kind: 'Backend', metadata: { name }, spec })}`;

const overTls = (port: number, appProtocols: readonly string[]) => ({
  endpoints: [{ fqdn: { hostname: 'localhost', port } }],
  tls: { sni: 'llm.example.com', caCertificateRefs: [{ group: '', kind: 'ConfigMap', name: 'ca' }] },
  appProtocols,
});

const configOf = (port: number, tlsPort: number): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: realtime }
spec: { controllerName: gateway.envoyproxy.io/gatewayclass-controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: realtime }
spec:
  gatewayClassName: realtime
  listeners: [{ name: http, protocol: HTTP, port: \${AIGW_PORT:-1975} }]
---
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: AIGatewayRoute
metadata: { name: realtime }
spec:
  parentRefs: [{ name: realtime, kind: Gateway, group: gateway.networking.k8s.io }]
  rules:${['plain', 'over-tls', 'any-version'].map(rule).join('')}
${backend('plain', { endpoints: [{ ip: { address: '127.0.0.1', port } }] })}
${backend('over-tls', overTls(tlsPort, ['gateway.envoyproxy.io/wss']))}
${backend('any-version', overTls(tlsPort, []))}
---
${stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'ca' }, data: { 'ca.crt': authority } })}`;

beforeAll(async () => {
  provider = await WebSocketProvider.start();
  const config = directory.file('realtime.yaml');
  tls = await startTls(provider.port);
  writeFileSync(config, configOf(provider.port, (tls.address() as AddressInfo).port));
  gateway = await GatewayUnderTest.start(config);
});
afterAll(async () => {
  await gateway?.end();
  tls?.close();
  await provider?.close();
  directory.remove();
});

describe('aigw run (G33)', () => {
  it.each(['plain', 'over-tls'])('serves WebSocket sessions of a provider %s', async (model) => {
    const caseId = newCase('realtime');
    const url = `ws://127.0.0.1:${gateway.ports.listener}/v1/realtime?model=${model}`;
    const client = await WebSocketClient.open(url, { 'x-test-case': caseId });
    const session = await provider.session(caseId);
    expect(provider.handshakes(caseId)[0]?.path).toBe('/v1/realtime?model=theirs');
    client.send('hello');
    expect(await session.message(1)).toBe('hello');
    session.say({ type: 'session.created' });
    expect(await client.message(1)).toBe('{"type":"session.created"}');
    session.sayClose(1000);
    expect(await client.closed).toEqual({ code: 1000, wasClean: true });
    await within('the session of the provider to end', session.ended);
    expect(agreed).not.toContain('h2');
  });

  it('needs to be told that a provider over TLS takes sessions: HTTP/2 has none', async () => {
    const before = agreed.length;
    const url = `ws://127.0.0.1:${gateway.ports.listener}/v1/realtime?model=any-version`;
    await expect(WebSocketClient.open(url)).rejects.toThrow('the handshake failed');
    expect(agreed.slice(before)).toContain('h2');
  });

  it('refuses upgrades elsewhere, in place of waiting for a body that never ends', async () => {
    const headers = { connection: 'Upgrade', upgrade: 'websocket' };
    const response = await open(gateway.ports.listener, '/v1/chat/completions', { method: 'POST', headers });
    expect(response.status).toBe(400);
  });
});
