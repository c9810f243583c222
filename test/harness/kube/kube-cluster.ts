import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { eventually } from '../eventually.js';
import { freePort } from '../free-port.js';
import { plantRandom, record } from '../recording.js';
import { RunningProcess } from '../running-process.js';
import { TemporaryDirectory } from '../temporary-directory.js';
import { KubeApi } from './api.js';
import { kubeconfigText } from './kubeconfig.js';
import { Kubectl } from './kubectl.js';
import { realPart } from './real-part.js';
import { ServiceNetwork } from './service-network.js';

const ADMIN_TOKEN = 'admin-token';
/** It takes 4 s, and several times as long on a busy machine. */
const READY_MS = 45_000;
/** Longer than any test run, so that nothing expires under it. */
const TOKEN_SECONDS = 24 * 60 * 60;

/** Of what was written; the older half is lost beyond. */
const AUDIT_LOG_MAX_MIB = 8;
/** What is written is kept with its content, but that of Secrets, which is for nobody, and what no program of ours writes. */
const AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  omitManagedFields: true,
  rules: [
    { level: 'None', verbs: ['get', 'list', 'watch', 'delete', 'deletecollection'] },
    {
      level: 'None',
      resources: [
        { group: '', resources: ['secrets', 'serviceaccounts/token'] },
        { group: 'apiextensions.k8s.io' },
        { group: 'coordination.k8s.io' },
        { group: 'rbac.authorization.k8s.io' },
      ],
    },
    { level: 'Request' },
  ],
};

/**
 * A real API server with a real etcd behind it, on free ports of 127.0.0.1. There is no controller manager, scheduler
 * or kubelet: nothing collects garbage, makes endpoints or runs Pods.
 */
export class KubeCluster {
  readonly #directory = new TemporaryDirectory();
  readonly #clients: KubeApi[] = [];
  #etcd: RunningProcess | undefined;
  #apiServer: RunningProcess | undefined;
  #etcdPort = 0;
  #port = 0;
  #admin: KubeApi | undefined;
  #services: ServiceNetwork | undefined;

  /** Starts both and waits until the API server is ready; about 4 s. One that does not become ready is replaced once. */
  static async start(): Promise<KubeCluster> {
    return await KubeCluster.#startOnce().catch(() => KubeCluster.#startOnce());
  }

  static async #startOnce(): Promise<KubeCluster> {
    const cluster = new KubeCluster();
    try {
      await cluster.#startEtcd();
      cluster.#writeCredentials();
      await cluster.#startServiceNetwork();
      await cluster.startApiServer();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** `https://127.0.0.1:<port>`; the same after a restart. */
  get server(): string {
    return `https://127.0.0.1:${this.#port}`;
  }

  /** As a member of `system:masters`. */
  get api(): KubeApi {
    if (!this.#admin) throw new Error('the API server was not started');
    return this.#admin;
  }

  /** Path of the administrator's kubeconfig. */
  get kubeconfig(): string {
    return this.#directory.file('admin.kubeconfig');
  }

  get kubectl(): Kubectl {
    return new Kubectl(this.kubeconfig);
  }

  get apiServer(): RunningProcess {
    if (!this.#apiServer) throw new Error('the API server was not started');
    return this.#apiServer;
  }

  /** Where connections of the API server to webhooks go. */
  get services(): ServiceNetwork {
    if (!this.#services) throw new Error('the cluster was not started');
    return this.#services;
  }

  /** Client of a ServiceAccount, with no rights but those that RBAC gives it. Creates the account unless it is there. */
  async apiOf(namespace: string, serviceAccount: string): Promise<KubeApi> {
    return this.#client(await this.#tokenOf(namespace, serviceAccount));
  }

  /** As {@link apiOf}: path of a kubeconfig of that ServiceAccount, for programs. */
  async kubeconfigOf(namespace: string, serviceAccount: string): Promise<string> {
    const path = this.#directory.file(`${namespace}.${serviceAccount}.kubeconfig`);
    writeFileSync(path, kubeconfigText({ ...this.#endpoint(await this.#tokenOf(namespace, serviceAccount)) }));
    return path;
  }

  /** Objects written by clients since the API server started, by its own count; leases and events are not counted. */
  async writes(): Promise<number> {
    const metrics = await this.api.transport.text('/metrics');
    return metrics
      .split('\n')
      .filter(
        (line) => line.startsWith('apiserver_request_total{') && /verb="(POST|PUT|PATCH|APPLY|DELETE)"/.test(line),
      )
      .filter((line) => !/resource="(leases|events)"/.test(line))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  /** Ends the API server; etcd keeps the objects. SIGKILL is a crash: open connections break at once. */
  async stopApiServer(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.apiServer.stop(signal);
  }

  /** Starts it on the port and with the keys that it had before. */
  async startApiServer(): Promise<void> {
    this.#port ||= await freePort();
    const started = new RunningProcess(realPart('AIGW_TEST_KUBE_APISERVER'), this.#apiServerFlags());
    this.#apiServer = started;
    await started.outlives('the API server was ready', this.#awaitReady());
  }

  async restartApiServer(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.stopApiServer(signal);
    await this.startApiServer();
  }

  /** Ends both at once: an API server that loses its etcd does not end by itself. */
  async stop(): Promise<void> {
    if (this.#apiServer?.end === undefined) await this.#recordSecretMetadata();
    for (const client of this.#clients) client.close();
    await Promise.all([this.#apiServer?.stop('SIGKILL'), this.#etcd?.stop('SIGKILL')]);
    // Every status and every Event that anybody wrote, also those that were written over.
    for (const name of readdirSync(this.#directory.path).filter((one) => /^audit.*\.log$/.test(one)))
      record('written-objects', readFileSync(this.#directory.file(name), 'utf8'));
    this.#services?.close();
    this.#directory.remove();
  }

  /** More people may read it than the content, which the log of what was written leaves out with it. */
  async #recordSecretMetadata(): Promise<void> {
    const secrets = await this.#admin?.list({ apiVersion: 'v1', kind: 'Secret' }).catch(() => []);
    record('metadata-of-secrets', (secrets ?? []).map(({ metadata }) => JSON.stringify(metadata)).join('\n'));
  }

  async #startEtcd(): Promise<void> {
    this.#etcdPort = await freePort();
    const [client, peer] = [`http://127.0.0.1:${this.#etcdPort}`, `http://127.0.0.1:${await freePort()}`];
    const flags = [
      ['--data-dir', this.#directory.file('etcd'), '--log-level', 'warn', '--unsafe-no-fsync'],
      ['--listen-client-urls', client, '--advertise-client-urls', client, '--listen-peer-urls', peer],
      ['--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`],
    ];
    this.#etcd = new RunningProcess(realPart('AIGW_TEST_ETCD'), flags.flat());
    const isHealthy = async () => (await fetch(`${client}/health`)).ok;
    await this.#etcd.outlives('etcd was ready', eventually('etcd to be ready', isHealthy, READY_MS));
  }

  #writeCredentials(): void {
    writeFileSync(this.#directory.file('tokens.csv'), `${ADMIN_TOKEN},admin,1,"system:masters"\n`);
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    writeFileSync(this.#directory.file('audit.json'), JSON.stringify(AUDIT_POLICY));
    writeFileSync(this.#directory.file('sa.key'), privateKey.export({ type: 'pkcs1', format: 'pem' }));
  }

  async #startServiceNetwork(): Promise<void> {
    const udsName = this.#directory.file('services.sock');
    this.#services = await ServiceNetwork.start(udsName, () => this.api);
    const connection = { proxyProtocol: 'HTTPConnect', transport: { uds: { udsName } } };
    const selector = {
      apiVersion: 'apiserver.k8s.io/v1beta1',
      kind: 'EgressSelectorConfiguration',
      egressSelections: [{ name: 'cluster', connection }],
    };
    writeFileSync(this.#directory.file('egress.json'), JSON.stringify(selector));
  }

  #apiServerFlags(): string[] {
    const key = this.#directory.file('sa.key');
    return [
      ['--etcd-servers', `http://127.0.0.1:${this.#etcdPort}`, '--cert-dir', this.#directory.file('certs')],
      ['--bind-address', '127.0.0.1', '--advertise-address', '127.0.0.1', '--secure-port', String(this.#port)],
      ['--service-account-issuer', 'https://kubernetes.default.svc', '--service-account-key-file', key],
      ['--service-account-signing-key-file', key, '--service-cluster-ip-range', '10.0.0.0/24'],
      ['--token-auth-file', this.#directory.file('tokens.csv'), '--authorization-mode', 'RBAC'],
      ['--egress-selector-config-file', this.#directory.file('egress.json')],
      [
        '--audit-policy-file',
        this.#directory.file('audit.json'),
        '--audit-log-path',
        this.#directory.file('audit.log'),
      ],
      ['--audit-log-maxsize', String(AUDIT_LOG_MAX_MIB), '--audit-log-maxbackup', '1'],
      // It would wait for the controller manager to make the default account of each namespace.
      ['--disable-admission-plugins', 'ServiceAccount'],
    ].flat();
  }

  async #awaitReady(): Promise<void> {
    const path = this.#directory.file('certs/apiserver.crt');
    // The server makes its certificate, and the authority that signed it, in its first second.
    await eventually('the API server to write its certificate', () => readFileSync(path, 'utf8'), READY_MS);
    if (!this.#admin) {
      this.#admin = this.#client(ADMIN_TOKEN);
      writeFileSync(this.kubeconfig, kubeconfigText(this.#endpoint(ADMIN_TOKEN)));
    }
    const isReady = async () => (await this.api.transport.text('/readyz')) === 'ok';
    await eventually('the API server to be ready', isReady, READY_MS);
    // Not covered by /readyz: the namespace that most tests use is made a moment later.
    await this.api.exists({ apiVersion: 'v1', kind: 'Namespace', name: 'default' });
  }

  #endpoint(token: string) {
    const certificateAuthority = readFileSync(this.#directory.file('certs/apiserver.crt'), 'utf8');
    return { server: this.server, certificateAuthority, token };
  }

  #client(token: string): KubeApi {
    const client = new KubeApi(this.#endpoint(token));
    this.#clients.push(client);
    return client;
  }

  async #tokenOf(namespace: string, name: string): Promise<string> {
    await this.api.ensureNamespace(namespace);
    await this.api.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name } });
    const request = { spec: { expirationSeconds: TOKEN_SECONDS } };
    const { status } = await this.api.transport.json<{ status: { token: string } }>(
      `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
      { method: 'POST', body: request },
    );
    return plantRandom(`token of ServiceAccount ${namespace}/${name}`, status.token);
  }
}
