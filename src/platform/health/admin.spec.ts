import { connect } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { get, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { UserFacingError } from '../../shared/errors.js';
import { createLogger } from '../logging/logger.js';
import { NestLogger } from '../logging/nest-logger.js';
import { MetricsRegistry } from '../metrics/metrics-registry.js';
import { AdminHttpAdapter, listenAdmin } from './admin-http.js';
import { AdminModule } from './admin.module.js';
import type { ServingProbe } from './serving.indicator.js';

const apps: INestApplication[] = [];
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
});

async function start(probe: ServingProbe, port = 0) {
  const lines: string[] = [];
  const logger = createLogger({ logLevel: 'info', logFormat: 'text' }, { write: (line) => void lines.push(line) });
  const app = await NestFactory.create(
    AdminModule.forRoot({ probe, metrics: new MetricsRegistry(), configState: () => ({ uuid: 'u' }) }),
    new AdminHttpAdapter(),
    {
      logger: new NestLogger(logger),
      bodyParser: false,
    },
  );
  apps.push(app);
  return { port: await listenAdmin(app, port), lines };
}

const serving: ServingProbe = async () => 'SERVING';

async function fetchText(port: number, path: string) {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
}

describe('GET /config', () => {
  it('tells the state of the configuration', async () => {
    const { port } = await start(serving);
    expect(await fetchText(port, '/config')).toMatchObject({ status: 200, text: '{"uuid":"u"}' });
  });
});

describe('GET /health', () => {
  it('answers OK when the processor serves', async () => {
    const { port, lines } = await start(serving);
    expect(await fetchText(port, '/health')).toEqual({ status: 200, type: 'text/plain; charset=utf-8', text: 'OK\n' });
    expect(lines).toEqual([]);
  });

  it.each<[string, ServingProbe, string]>([
    ['the processor does not serve', async () => 'NOT_SERVING', 'unhealthy status: NOT_SERVING'],
    [
      'the socket cannot be reached',
      async () => await Promise.reject(new Error('connect ENOENT /run/x.sock')),
      'health check RPC failed: connect ENOENT /run/x.sock',
    ],
    [
      'the probe hangs',
      async () => await new Promise<never>(() => {}),
      'health check RPC failed: timeout of 1000ms exceeded',
    ],
  ])('answers 500 with the reason and logs it when %s', async (_, probe, reason) => {
    const { port, lines } = await start(probe);
    const text = `${reason}\n`;
    expect(await fetchText(port, '/health')).toEqual({ status: 500, type: 'text/plain; charset=utf-8', text });
    expect(lines).toEqual([expect.stringMatching(/level=WARN msg="health check failed"/)]);
    expect(lines[0]).toContain(`reason="${reason}"`);
  });

  it('aborts a probe that hangs', async () => {
    let aborted = false;
    const { port } = await start(async (signal) => {
      await once(signal, 'abort');
      aborted = true;
      return 'SERVING';
    });
    expect((await fetchText(port, '/health')).status).toBe(500);
    expect(aborted).toBe(true);
  });
});

describe('GET /metrics', () => {
  const getRaw = async (port: number, headers: Record<string, string>) => {
    const request = get({ port, host: '127.0.0.1', path: '/metrics', headers, agent: false });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return { response, body: await buffer(response) };
  };

  it('gives the text format', async () => {
    const { port } = await start(serving);
    const { status, type, text } = await fetchText(port, '/metrics');
    expect([status, type]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    expect(text).toContain('# TYPE target_info gauge\n');
  });

  it.each(['gzip', 'deflate, GZIP;q=0.5', 'gzip;q=1.0,*;q=0'])(
    'is compressed for accept-encoding %s',
    async (encoding) => {
      const { port } = await start(serving);
      const { response, body } = await getRaw(port, { 'accept-encoding': encoding });
      expect(response.headers['content-encoding']).toBe('gzip');
      expect(gunzipSync(body).toString()).toContain('target_info');
    },
  );

  it.each(['identity', 'gzip;q=0', 'gzip;q=0.0, br', 'xgzip'])('is plain for accept-encoding %s', async (encoding) => {
    const { port } = await start(serving);
    const { response, body } = await getRaw(port, { 'accept-encoding': encoding });
    expect(response.headers['content-encoding']).toBeUndefined();
    expect(body.toString()).toContain('target_info');
  });
});

describe('the admin server', () => {
  it('does not name its framework', async () => {
    const { port } = await start(serving);
    const response = await fetch(`http://127.0.0.1:${port}/health`);
    expect(response.headers.get('x-powered-by')).toBeNull();
  });

  it.each(['/', '/healthz', '/metrics/x', '/debug/pprof'])('answers 404 for %s', async (path) => {
    const { port } = await start(serving);
    expect((await fetchText(port, path)).status).toBe(404);
  });

  it('cuts off a client that does not finish its headers', async () => {
    const { port } = await start(serving);
    const socket = connect(port, '127.0.0.1');
    const startedAtMs = performance.now();
    socket.write('GET /health HTTP/1.1\r\nhost: x\r\n');
    const answer = await buffer(socket);
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 408 /);
    expect(performance.now() - startedAtMs).toBeLessThan(10_000);
  });

  it('names the port and the way out when the port is taken', async () => {
    const { port } = await start(serving);
    const refused = start(serving, port);
    await expect(refused).rejects.toBeInstanceOf(UserFacingError);
    await expect(refused).rejects.toMatchObject({
      message: `cannot listen on admin port ${port}: another process listens there; end that process, or choose another port with -adminPort`,
    });
  });
});
