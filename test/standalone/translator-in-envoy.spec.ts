import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, request, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer, request as requestTls } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { create } from '@bufbuild/protobuf';
import { ConfigSourceSchema } from '../../src/gen/proto/envoy/config/core/v3/config_source_pb.js';
import { translateGateway } from '../../src/modules/standalone/gateway-translator/translate-gateway.js';
import { kinds } from '../../src/shared/api/kinds.js';
import { snapshotOf } from '../../src/shared/api/snapshot.js';
import { xdsToJson } from '../../src/shared/xds-json.js';
import { eventually } from '../harness/eventually.js';
import { freePort } from '../harness/free-port.js';
import { RunningProcess } from '../harness/running-process.js';
import { TemporaryDirectory } from '../harness/temporary-directory.js';
import { staticBootstrap } from './static-bootstrap.js';
import { authority, pair, translatorWorld, type Ports } from './translator-world.js';

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

describe('the translated gateway in a real Envoy', () => {
  const directory = new TemporaryDirectory();
  const servers: Server[] = [];
  let ports: Ports;
  let envoy: RunningProcess | undefined;
  let failWith = '503';

  async function listen(server: Server): Promise<number> {
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }
  /** Says who it is and what it got. */
  const echo: RequestListener = (incoming, answer) => {
    incoming.resume().on('end', () => {
      const { authorization, host } = incoming.headers;
      answer.setHeader('content-type', 'application/json');
      answer.end(JSON.stringify({ host, authorization, ...incoming.headers }));
    });
  };
  const failing: RequestListener = (incoming, answer) => {
    if (failWith === 'silence') return;
    if (failWith === 'reset') incoming.socket.resetAndDestroy();
    else answer.writeHead(Number(failWith)).end('failing');
  };

  async function send(
    model: string,
    headers: Readonly<Record<string, string>> = {},
    init: { readonly method?: string; readonly body?: string; readonly tls?: boolean } = {},
  ): Promise<Answer> {
    const options = {
      host: '127.0.0.1',
      path: '/v1/chat/completions',
      method: init.method ?? 'POST',
      headers: { host: 'llm.example.com', ...(model ? { 'x-model': model } : {}), ...headers },
      agent: false as const,
    };
    const outgoing = init.tls
      ? requestTls({ ...options, port: ports.https, ca: authority, servername: 'llm.example.com' })
      : request({ ...options, port: ports.http });
    outgoing.end(init.body ?? '{}');
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
    const chunks = await incoming.toArray();
    return {
      status: incoming.statusCode ?? 0,
      headers: incoming.headers,
      body: Buffer.concat(chunks as Buffer[]).toString(),
    };
  }

  beforeAll(async () => {
    ports = {
      http: await freePort(),
      https: await freePort(),
      closed: await freePort(),
      failing: await listen(createServer(failing)),
      good: await listen(createServer(echo)),
      tls: await listen(createTlsServer({ cert: pair['tls.crt'], key: pair['tls.key'] }, echo)),
    };
    const snapshot = snapshotOf(translatorWorld(ports));
    const { resources, faults } = translateGateway(snapshot.get(kinds.gateway, 'default', 'edge')!, snapshot, {
      rdsConfigSource: () => create(ConfigSourceSchema),
      listenAddress: '127.0.0.1',
      accessLogPath: '/dev/null',
    });
    expect(faults.map(({ path }) => path)).toEqual([
      'spec.jwt.providers[0].remoteJWKS',
      'spec.rules[6].backendRefs[0].name',
    ]);
    const path = directory.file('envoy.json');
    writeFileSync(path, staticBootstrap(xdsToJson(resources), directory.file('admin.sock')));
    const args = ['-c', path, '-l', 'error', '--use-dynamic-base-id', '--concurrency', '1'];
    const started = new RunningProcess(process.env['ENVOY_PATH'] ?? 'envoy', args);
    envoy = started;
    await eventually('Envoy serves', async () => {
      if (started.end) throw new Error(`Envoy ended: ${started.tail()}`);
      return (await send('good')).status === 200;
    });
  });

  afterAll(async () => {
    await envoy?.stop();
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
    directory.remove();
  });

  it.each(['x-ai-eg-model', 'X-AI-EG-MODEL', 'x-gateway-destination-endpoint'])(
    'does not believe a client that sends %s',
    async (header) => {
      expect((await send('', { [header]: 'forged' })).status).toBe(404);
    },
  );

  it('takes the headers of the gateway from requests of clients', async () => {
    const { body } = await send('good', { 'x-ai-eg-anything': '1', 'x-envoy-original-path': '/x', 'x-other': '1' });
    expect(JSON.parse(body)).toMatchObject({ 'x-other': '1' });
    expect(body).not.toContain('x-ai-eg-');
    expect(body).not.toContain('x-envoy-original-path');
  });

  it.each(['503', '429', 'reset', 'silence'])('falls back to the next priority on %s', async (failure) => {
    failWith = failure;
    expect((await send('fallback')).status).toBe(200);
  });

  it('falls back to the next priority when nobody listens', async () => {
    expect((await send('refused')).status).toBe(200);
  });

  it('does not fall back without a policy', async () => {
    failWith = '503';
    expect((await send('no-retry')).status).toBe(503);
  });

  it('serves from the other backends when one is missing', async () => {
    expect((await send('with-missing')).status).toBe(200);
  });

  it('verifies backends by authority and name', async () => {
    expect((await send('verified')).status).toBe(200);
    expect((await send('misnamed')).status).toBe(503);
  });

  it('serves TLS with the certificate of the server name', async () => {
    expect((await send('good', {}, { tls: true })).status).toBe(200);
  });

  it('passes bodies beyond 32 KiB', async () => {
    expect((await send('good', {}, { body: 'x'.repeat(1_000_000) })).status).toBe(200);
  });

  it('refuses bodies beyond the limit of a request buffer', async () => {
    expect((await send('buffered', {}, { body: '0123456789' })).status).toBe(200);
    expect((await send('buffered', {}, { body: '0123456789a' })).status).toBe(413);
  });

  it('asks for API keys', async () => {
    expect((await send('keys')).status).toBe(401);
    expect((await send('keys', { authorization: 'Bearer wrong' })).status).toBe(401);
    const { status, body } = await send('keys', { authorization: 'Bearer PLANTED-key-of-alice' });
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({ 'x-client': 'alice' });
  });

  it('answers preflights before it asks for keys', async () => {
    const preflight = { 'access-control-request-method': 'POST' };
    const init = { method: 'OPTIONS', body: '' };
    const known = await send('keys', { origin: 'https://chat.example.com', ...preflight }, init);
    expect(known.headers['access-control-allow-origin']).toBe('https://chat.example.com');
    const unknown = await send('keys', { origin: 'https://example.net', ...preflight }, init);
    expect(unknown.headers['access-control-allow-origin']).toBeUndefined();
  });

  it('asks for tokens', async () => {
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const content = `${encode({ alg: 'HS256' })}.${encode({ sub: 'bob' })}`;
    const signature = createHmac('sha256', 'secret').update(content).digest('base64url');
    expect((await send('tokens')).status).toBe(401);
    expect((await send('tokens', { authorization: `Bearer ${content}.wrong` })).status).toBe(401);
    const { status, body } = await send('tokens', {
      authorization: `Bearer ${content}.${signature}`,
      'x-user': 'forged',
    });
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({ 'x-user': 'bob' });
  });

  it('answers 500 where a policy cannot be applied', async () => {
    expect((await send('guarded')).status).toBe(500);
  });
});
