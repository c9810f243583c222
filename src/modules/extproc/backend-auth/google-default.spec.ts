import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ScriptedServer } from '../../../../test/harness/scripted-server.js';
import { TemporaryDirectory } from '../../../../test/harness/temporary-directory.js';
import { withEnvironment } from '../../../../test/harness/with-environment.js';
import { compileBackendAuth } from './compile-backend-auth.js';
import { CredentialSources } from './credential-sources.js';
import { issueGoogleDefault } from './google-default.js';
import { Redacted } from '../../../shared/secret.js';

const TOKEN = 'ya29.S3CRET';
const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});

let directory: TemporaryDirectory;
let server: ScriptedServer;

beforeEach(async () => {
  directory = new TemporaryDirectory();
  server = await new ScriptedServer().start();
});
afterEach(async () => {
  await server.close();
  directory.remove();
});

/** Nothing of the machine that runs the test is found. */
const nowhere = () => ({
  HOME: directory.path,
  CLOUDSDK_CONFIG: undefined,
  GOOGLE_APPLICATION_CREDENTIALS: undefined,
  GCE_METADATA_HOST: undefined,
  GCE_METADATA_IP: undefined,
  METADATA_SERVER_DETECTION: 'none',
  HTTPS_PROXY: undefined,
  https_proxy: undefined,
  HTTP_PROXY: undefined,
  http_proxy: undefined,
});

const metadataServer = () => ({
  ...nowhere(),
  METADATA_SERVER_DETECTION: 'assume-present',
  GCE_METADATA_HOST: new URL(server.origin).host,
});

const JSON_TYPE = { 'content-type': 'application/json' };
const tokenAnswer = (token = TOKEN, lifeSeconds = 3599) => ({
  headers: { ...JSON_TYPE, 'metadata-flavor': 'Google' },
  body: JSON.stringify({ access_token: token, expires_in: lifeSeconds, token_type: 'Bearer' }),
});

function credentialsFile(content: object) {
  writeFileSync(directory.file('credentials.json'), JSON.stringify(content));
  return { ...nowhere(), GOOGLE_APPLICATION_CREDENTIALS: directory.file('credentials.json') };
}

/** The library has the endpoint of Google for the keys of service accounts built in. */
const serviceAccount = () =>
  credentialsFile({
    type: 'service_account',
    private_key: privateKey,
    client_email: 'gateway@p.iam.gserviceaccount.com',
  });

function workloadIdentity(more: object = {}) {
  writeFileSync(directory.file('jwt'), 'workload-jwt');
  return credentialsFile({
    type: 'external_account',
    audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/k8s',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: `${server.origin}/v1/token`,
    credential_source: { file: directory.file('jwt') },
    ...more,
  });
}

async function issued(environment: Readonly<Record<string, string | undefined>>, proxyUrl?: string) {
  const { value, expiresAtMs } = await withEnvironment(environment, () => issueGoogleDefault(proxyUrl));
  return { token: value.reveal(), lifeMinutes: Math.round(((expiresAtMs ?? 0) - Date.now()) / 60_000) };
}

describe('issueGoogleDefault', () => {
  it('asks the metadata server for the scope cloud-platform', async () => {
    server.answer = () => tokenAnswer();
    expect(await issued(metadataServer())).toEqual({ token: TOKEN, lifeMinutes: 60 });
    const asked = server.requests.at(-1)!;
    expect(decodeURIComponent(asked.path)).toBe(
      '/computeMetadata/v1/instance/service-accounts/default/token?scopes=https://www.googleapis.com/auth/cloud-platform',
    );
    expect(asked.headers['metadata-flavor']).toBe('Google');
  });

  it('exchanges the token of a workload identity', async () => {
    server.answer = () => tokenAnswer();
    expect(await issued(workloadIdentity())).toEqual({ token: TOKEN, lifeMinutes: 60 });
    expect(Object.fromEntries(new URLSearchParams(server.requests[0]!.body))).toMatchObject({
      subject_token: 'workload-jwt',
      scope: 'https://www.googleapis.com/auth/cloud-platform',
    });
  });

  it('impersonates the service account that a workload identity names', async () => {
    const path = '/v1/projects/-/serviceAccounts/sa@p.iam.gserviceaccount.com:generateAccessToken';
    const environment = workloadIdentity({ service_account_impersonation_url: server.origin + path });
    const expireTime = new Date(Date.now() + 3_600_000).toISOString();
    server.answer = (request) => {
      if (request.path !== path) return tokenAnswer('federated');
      return { headers: JSON_TYPE, body: JSON.stringify({ accessToken: TOKEN, expireTime }) };
    };
    expect(await issued(environment)).toEqual({ token: TOKEN, lifeMinutes: 60 });
    expect(server.requests[1]!.headers.authorization).toBe('Bearer federated');
  });

  it('goes through the proxy that it is given', async () => {
    server.answer = () => tokenAnswer();
    const proxy = await new Proxy(new URL(server.origin)).start();
    try {
      expect(await issued(workloadIdentity(), proxy.url)).toMatchObject({ token: TOKEN });
      expect(proxy.tunnels).toEqual([new URL(server.origin).host]);
    } finally {
      await proxy.close();
    }
  });

  it('exchanges the key of a service account at Google', async () => {
    const proxy = await new Proxy(undefined).start();
    try {
      await expect(issued(serviceAccount(), proxy.url)).rejects.toBeDefined();
      expect(new Set(proxy.tunnels)).toEqual(new Set(['oauth2.googleapis.com:443']));
    } finally {
      await proxy.close();
    }
  });
});

/** An HTTP proxy that leads every tunnel to one target, or refuses it. */
class Proxy {
  readonly tunnels: string[] = [];
  readonly #server = createServer();

  constructor(target: URL | undefined) {
    this.#server.on('connect', (request, socket) => {
      this.tunnels.push(request.url ?? '');
      socket.on('error', () => undefined);
      if (!target) return void socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      const tunnel = connect(Number(target.port), target.hostname, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        tunnel.pipe(socket).pipe(tunnel);
      });
      tunnel.on('error', () => undefined);
    });
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

describe('Application Default Credentials', () => {
  const input = {
    headers: new Map([[':path', 'publishers/google/models/m:generateContent']]),
    metadata: () => undefined,
    body: () => new Uint8Array(),
  };
  const REPAIR = 'give the External Processor a file by GOOGLE_APPLICATION_CREDENTIALS, or run it as a service account';

  function world() {
    const clock = { unixMs: Date.now(), monotonicMs: 0 };
    const failures: string[] = [];
    const sources = new CredentialSources({
      clock: { unixMs: () => clock.unixMs, monotonicMs: () => clock.monotonicMs },
      onFailure: (message) => failures.push(message),
    });
    const gcp = { accessToken: new Redacted(''), region: 'us-central1', projectName: 'p' };
    return { clock, failures, auth: () => compileBackendAuth({ gcp }, sources) };
  }

  it('stand in for an empty token: fetched once, renewed, with the path below project and region', async () => {
    const { clock, auth } = world();
    server.answer = () => tokenAnswer('one');
    const sets = (token: string) => ({
      kind: 'headers',
      sets: [
        { name: ':path', value: '/v1/projects/p/locations/us-central1/publishers/google/models/m:generateContent' },
        { name: 'authorization', value: `Bearer ${token}`, encoded: expect.any(Uint8Array) },
      ],
    });
    await withEnvironment(metadataServer(), async () => {
      const outcomes = await Promise.all(Array.from({ length: 50 }, async () => auth().apply(input)));
      expect(outcomes).toEqual(outcomes.map(() => sets('one')));
      const asked = server.requests.length;
      expect(auth().apply(input)).toEqual(sets('one'));
      expect(server.requests).toHaveLength(asked);
      clock.unixMs += 3_600_000;
      clock.monotonicMs += 3_600_000;
      server.answer = () => tokenAnswer('two', 7200);
      expect(await auth().apply(input)).toEqual(sets('two'));
    });
  });

  const grantError = { error: 'invalid_grant', error_description: TOKEN };
  it.each<[string, () => Record<string, string | undefined>, ScriptedServer['answer'], string]>([
    ['nowhere', nowhere, () => undefined, 'it could not be fetched'],
    [
      'in a file that is not there',
      () => ({ ...nowhere(), GOOGLE_APPLICATION_CREDENTIALS: '/no/such/file' }),
      () => undefined,
      'ENOENT',
    ],
    [
      'in a file of another form',
      () => credentialsFile({ type: 'service_account', private_key: TOKEN }),
      () => undefined,
      'it could not be fetched',
    ],
    [
      'in a file that is refused',
      workloadIdentity,
      () => ({ status: 400, headers: JSON_TYPE, body: JSON.stringify(grantError) }),
      'invalid_grant, HTTP 400',
    ],
    [
      'at a metadata server without token',
      metadataServer,
      () => ({ ...tokenAnswer(), body: '{}' }),
      'it could not be fetched',
    ],
    ['at a metadata server with an empty token', metadataServer, () => tokenAnswer(''), 'it could not be fetched'],
    ['at a metadata server that gives no JSON', metadataServer, () => ({ ...tokenAnswer(), body: TOKEN }), 'TypeError'],
    ['expired', metadataServer, () => tokenAnswer(TOKEN, -10), 'the one that was given has expired already'],
  ])('give an outcome without any secret when they are %s', async (_, environment, answer, reason) => {
    server.answer = answer;
    const { failures, auth } = world();
    const outcome = await withEnvironment(environment(), () => auth().apply(input));
    const message = `no default credentials of Google Cloud: ${reason}; ${REPAIR}`;
    expect(outcome).toEqual({ kind: 'unavailable', message });
    expect(failures).toEqual([message]);
    expect(message).not.toContain('S3CRET');
  });
});
