import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Agent, request as httpsRequest } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { connect } from 'node:net';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { pino } from 'pino';
import { issueCa, issueServing } from './certificates/issue.js';
import { readServingCertificate, type ServingCertificate } from './certificates/serving-certificate.js';
import { WebhookServer, type Admit } from './webhook-server.js';

const NAME = 'svc.ns.svc';

async function newCertificate(): Promise<ServingCertificate> {
  const now = new Date();
  const ca = await issueCa('test', now);
  const { certificate, key } = await issueServing(ca, [NAME], now);
  return readServingCertificate({ certificate, key: key.reveal(), ca: ca.certificate }, 'test');
}

const review = (object: object = { apiVersion: 'v1', kind: 'Pod', metadata: {} }) =>
  JSON.stringify({ apiVersion: 'admission.k8s.io/v1', request: { uid: 'u', operation: 'CREATE', object } });

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly socket: TLSSocket;
  readonly served: string;
}

describe('WebhookServer', () => {
  let first: ServingCertificate;
  let second: ServingCertificate;
  let server: WebhookServer;
  let agent: Agent;

  beforeAll(async () => {
    [first, second] = await Promise.all([newCertificate(), newCertificate()]);
  });

  afterEach(async () => {
    agent.destroy();
    await server.close();
  });

  async function start(admit: Admit = () => ({ allowed: true })): Promise<void> {
    server = new WebhookServer(0, { '/mutate': admit }, pino({ level: 'silent' }));
    agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await server.useCertificate(first);
  }

  function post(
    body: string,
    more: { path?: string; method?: string; ca?: string; agent?: Agent } = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const call = httpsRequest(
        {
          host: '127.0.0.1',
          port: server.listeningPort,
          path: more.path ?? '/mutate?timeout=10s',
          method: more.method ?? 'POST',
          servername: NAME,
          ca: more.ca ?? first.ca,
          agent: more.agent ?? agent,
        },
        (response) => {
          const socket = response.socket as TLSSocket;
          const served = socket.getPeerX509Certificate()?.fingerprint256 ?? '';
          void text(response).then((answer) => {
            resolve({ status: response.statusCode ?? 0, body: answer, socket, served });
          }, reject);
        },
      );
      call.on('error', reject);
      call.end(body);
    });
  }

  const responseOf = ({ body }: Answer) => (JSON.parse(body) as { response: Record<string, unknown> }).response;

  it('answers a review over HTTPS', async () => {
    await start(({ object }) => ({ allowed: true, warnings: [object!.kind] }));
    const answer = await post(review());
    expect(answer.status).toBe(200);
    expect(responseOf(answer)).toEqual({ uid: 'u', allowed: true, warnings: ['Pod'] });
  });

  it('shows a new certificate to new connections, and keeps the old ones', async () => {
    await start();
    const before = await post(review());
    await server.useCertificate(second);
    const kept = await post(review());
    expect(kept.socket).toBe(before.socket);
    const fresh = new Agent();
    const after = await post(review(), { ca: second.ca, agent: fresh });
    expect(after.served).not.toBe(before.served);
    await expect(post(review(), { agent: fresh })).rejects.toThrow(/certificate/);
  });

  it('lets an admission that is under way end when the certificate changes and the server is closed', async () => {
    const gate = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    await start(async () => {
      begun.resolve();
      await gate.promise;
      return { allowed: true };
    });
    const answer = post(review());
    await begun.promise;
    await server.useCertificate(second);
    const closed = server.close();
    gate.resolve();
    expect(responseOf(await answer)).toEqual({ uid: 'u', allowed: true });
    // The client would keep its connection.
    await closed;
    expect(server.isListening).toBe(false);
  });

  it.each([
    ['another path', review(), { path: '/x' }, 404],
    ['a path of the prototype', review(), { path: '/constructor' }, 404],
    ['another method', '', { method: 'GET' }, 405],
    ['no JSON', '{', {}, 400],
    ['no review', '{}', {}, 400],
    [
      'a pod that is none',
      JSON.stringify({ apiVersion: 'admission.k8s.io/v1', request: { uid: 'u', operation: 'CREATE', object: 1 } }),
      {},
      400,
    ],
    ['a body that is too long', 'x'.repeat((8 << 20) + 1), {}, 413],
  ])('refuses %s and serves on', async (_, body, more, status) => {
    await start();
    expect((await post(body, more)).status).toBe(status);
    expect((await post(review())).status).toBe(200);
  });

  it('takes a body of two large objects', async () => {
    await start();
    expect(
      (await post(review({ apiVersion: 'v1', kind: 'Pod', metadata: {}, data: 'x'.repeat(3 << 20) }))).status,
    ).toBe(200);
  });

  it.each([
    ['with the status of the API server', Object.assign(new Error('slow down'), { status: 429 }), 429],
    ['as forbidden', new Error('slow down'), 403],
  ])('denies %s when an admission fails', async (_, error, code) => {
    await start(() => Promise.reject(error));
    expect(responseOf(await post(review()))).toEqual({
      uid: 'u',
      allowed: false,
      status: { code, message: 'AI gateway webhook: slow down' },
    });
  });

  it('outlives clients that do not speak TLS', async () => {
    await start();
    const socket = connect(server.listeningPort ?? 0, '127.0.0.1');
    socket.end('GET / HTTP/1.1\r\n\r\n');
    socket.resume();
    await once(socket, 'close');
    expect((await post(review())).status).toBe(200);
  });

  it('rejects when it cannot listen', async () => {
    await start();
    const other = new WebhookServer(server.listeningPort ?? 0, {}, pino({ level: 'silent' }));
    await expect(other.useCertificate(first)).rejects.toThrow(/EADDRINUSE/);
    expect(other.isListening).toBe(false);
  });
});
