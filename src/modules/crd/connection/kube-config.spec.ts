import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter } from 'node:path';
import { TemporaryDirectory } from '../../../../test/harness/temporary-directory.js';
import { loadClusterConnection } from './kube-config.js';

const config = (user: object, cluster: object = {}, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Config',
  clusters: [{ name: 'c', cluster: { server: 'https://api.test:6443', ...cluster } }],
  users: [{ name: 'u', user }],
  contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace: 'ns' } }],
  'current-context': 'x',
  ...more,
});
const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('loadClusterConnection', () => {
  let directory: TemporaryDirectory;

  beforeEach(() => {
    directory = new TemporaryDirectory();
  });

  afterEach(() => directory.remove());

  const write = (name: string, content: object | string) => {
    writeFileSync(directory.file(name), typeof content === 'string' ? content : JSON.stringify(content));
    return directory.file(name);
  };
  const load = (content: object | string) =>
    loadClusterConnection({ KUBECONFIG: write('config', content) }, directory.path);

  it('takes address, authority and token of the current context', async () => {
    const connection = load(config({ token: 't' }, { 'certificate-authority-data': base64('PEM') }));
    expect(connection).toMatchObject({ namespace: 'ns', tls: { rejectUnauthorized: true } });
    expect(connection.server.href).toBe('https://api.test:6443/');
    expect(await connection.credentials.get()).toEqual({ ca: 'PEM', authorization: 'Bearer t' });
  });

  it('does not verify when told so, and verifies another name when told so', () => {
    expect(load(config({}, { 'insecure-skip-tls-verify': true })).tls).toEqual({ rejectUnauthorized: false });
    expect(load(config({}, { 'tls-server-name': 'kubernetes' })).tls).toEqual({
      rejectUnauthorized: true,
      servername: 'kubernetes',
    });
  });

  it('reads files beside the kubeconfig', async () => {
    for (const name of ['ca', 'cert', 'key']) write(name, `PEM ${name}`);
    const user = { 'client-certificate': 'cert', 'client-key': directory.file('key') };
    expect(await load(config(user, { 'certificate-authority': 'ca' })).credentials.get()).toEqual({
      ca: 'PEM ca',
      cert: 'PEM cert',
      key: 'PEM key',
    });
  });

  it('runs an exec plugin, tells it the version it should speak, and keeps its token', async () => {
    const calls = directory.file('calls');
    const script = `#!/bin/sh
echo call >> ${calls}
case "$KUBERNETES_EXEC_INFO" in *client.authentication.k8s.io/v1beta1*) ;; *) exit 3;; esac
echo '{"kind":"ExecCredential","status":{"token":"from-plugin"}}'`;
    chmodSync(write('plugin', script), 0o755);
    const exec = { apiVersion: 'client.authentication.k8s.io/v1beta1', command: directory.file('plugin') };
    const { credentials } = load(config({ exec }));
    expect(await credentials.get()).toEqual({ authorization: 'Bearer from-plugin' });
    expect(await credentials.get()).toEqual({ authorization: 'Bearer from-plugin' });
  });

  it('says what is wrong with an exec plugin', async () => {
    const { credentials } = load(config({ exec: { command: directory.file('missing') } }));
    await expect(credentials.get()).rejects.toThrow(
      /^cannot get credentials of user "u" from its exec plugin: .*ENOENT/,
    );
  });

  it('merges several files as kubectl does: the first one counts', async () => {
    const first = write('first', { ...config({ token: 'first' }), contexts: [], 'current-context': '' });
    const second = write('second', config({ token: 'second' }));
    const connection = loadClusterConnection({ KUBECONFIG: `${first}${delimiter}${second}` }, directory.path);
    expect(await connection.credentials.get()).toEqual({ authorization: 'Bearer first' });
  });

  it('prefers KUBECONFIG, then the cluster it runs in, then the home directory', () => {
    const inCluster = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };
    mkdirSync(directory.file('.kube'));
    write('.kube/config', config({}, { server: 'https://home.test' }));
    const named = write('config', config({}));
    const server = (env: NodeJS.ProcessEnv) => loadClusterConnection(env, directory.path).server.host;
    expect(server({ ...inCluster, KUBECONFIG: named })).toBe('api.test:6443');
    expect(server(inCluster)).toBe('[fd00::1]');
    expect(server({})).toBe('home.test');
  });

  it.each<[string, object | string, RegExp]>([
    [
      'no current context',
      config({}, {}, { 'current-context': '' }),
      /^cannot use kubeconfig .*config: current-context is not set$/,
    ],
    ['an unknown context', config({}, {}, { 'current-context': 'y' }), /there is no context "y"$/],
    ['an unknown cluster', config({}, {}, { clusters: [] }), /there is no cluster "c"$/],
    ['an unknown user', config({}, {}, { users: [] }), /there is no user "u"$/],
    [
      'a cluster without a server',
      config({}, { server: '' }),
      /^cannot read kubeconfig .*: clusters\[0\]\.cluster\.server is missing$/,
    ],
    ['broken YAML', '{', /^cannot read kubeconfig /],
    ['a proxy', config({}, { 'proxy-url': 'http://p' }), /proxy-url is not supported/],
    ['impersonation', config({ as: 'root' }), /impersonation \("as"\) is not supported/],
    [
      'an old auth provider',
      config({ 'auth-provider': { name: 'oidc', config: {} } }),
      /auth-provider is not supported/,
    ],
  ])('refuses %s', (_, content, message) => {
    expect(() => load(content)).toThrow(message);
  });

  it('says where it looked when there is none', () => {
    expect(() => loadClusterConnection({}, directory.path)).toThrow(
      /^cannot find an API server: .*\.kube\/config; set KUBECONFIG$/,
    );
    expect(() => loadClusterConnection({ KUBECONFIG: '/nowhere' }, directory.path)).toThrow(
      /^cannot read kubeconfig \/nowhere: ENOENT/,
    );
  });
});
