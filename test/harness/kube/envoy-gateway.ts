import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { GATEWAY_CONTROLLER_NAME, type Secret } from '../../../src/shared/api/gateway-api.js';
import { eventually } from '../eventually.js';
import { freePort } from '../free-port.js';
import type { RunningProcess } from '../running-process.js';
import { TemporaryDirectory } from '../temporary-directory.js';
import { startContainer } from './container.js';
import type { KubeCluster } from './kube-cluster.js';
import { MachineLock } from './machine-lock.js';
import { realPart } from './real-part.js';

export const ENVOY_GATEWAY_NAMESPACE = 'envoy-gateway-system';

const READY_MS = 60_000;
/** Fixed by Envoy Gateway, on all interfaces. */
const HEALTH_PORT = 8081;
const certgen = promisify(execFile);

export interface EnvoyGatewaySettings {
  /** Port of an extension server on 127.0.0.1; none is registered when absent. */
  readonly extensionServerPort?: number;
  /** Merged over the `extensionManager` that the project's values file registers, e.g. `backendResources`, `failOpen`. */
  readonly extensionManager?: object;
  /** Merged over the rest of the configuration. */
  readonly config?: object;
}

/**
 * A real Envoy Gateway outside of the cluster that it serves. It listens on fixed ports (18000 to 18002, 8081), so that
 * there can be one at a time on a machine: `start` waits for its turn.
 */
export class EnvoyGateway {
  readonly #directory = new TemporaryDirectory();
  #process: RunningProcess | undefined;

  private constructor(
    private readonly lock: MachineLock,
    private readonly cluster: KubeCluster,
  ) {}

  /** Writes its certificates into the cluster, starts it, and waits until it is ready. Needs the CRDs. */
  static async start(cluster: KubeCluster, settings: EnvoyGatewaySettings = {}): Promise<EnvoyGateway> {
    const gateway = new EnvoyGateway(await MachineLock.take(), cluster);
    try {
      await gateway.#makeCertificates();
      writeFileSync(gateway.#configPath, JSON.stringify(await configuration(settings)));
      await gateway.startProcess();
      return gateway;
    } catch (error) {
      await gateway.stop();
      throw error;
    }
  }

  get process(): RunningProcess {
    if (!this.#process) throw new Error('Envoy Gateway was not started');
    return this.#process;
  }

  /** Starts it, or another one after it ended. */
  async startProcess(): Promise<void> {
    this.#process = startContainer({
      program: realPart('AIGW_TEST_ENVOY_GATEWAY'),
      args: ['server', '--config-path', this.#configPath],
      mounts: [{ path: '/certs', source: this.#certificates }],
      env: this.#env,
      directory: this.#directory.path,
    });
    const isReady = async () => (await fetch(`http://127.0.0.1:${HEALTH_PORT}/readyz`)).ok;
    await this.#process.outlives('Envoy Gateway was ready', eventually('Envoy Gateway to be ready', isReady, READY_MS));
  }

  /** Ends it and starts another one with these settings in the place of the former ones. */
  async restart(settings: EnvoyGatewaySettings): Promise<void> {
    await this.#process?.stop();
    writeFileSync(this.#configPath, JSON.stringify(await configuration(settings)));
    await this.startProcess();
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
    await this.lock.release();
    this.#directory.remove();
  }

  get #configPath(): string {
    return this.#directory.file('envoy-gateway.yaml');
  }

  get #certificates(): string {
    return this.#directory.file('certs');
  }

  get #env(): NodeJS.ProcessEnv {
    return { KUBECONFIG: this.cluster.kubeconfig, ENVOY_GATEWAY_NAMESPACE };
  }

  async #makeCertificates(): Promise<void> {
    const { api } = this.cluster;
    await api.ensureNamespace(ENVOY_GATEWAY_NAMESPACE);
    await certgen(realPart('AIGW_TEST_ENVOY_GATEWAY'), ['certgen', '--disable-topology-injector'], {
      env: { ...process.env, ...this.#env },
    });
    const ref = { apiVersion: 'v1', kind: 'Secret', namespace: ENVOY_GATEWAY_NAMESPACE, name: 'envoy-gateway' };
    const { data = {} } = await api.exists<Secret>(ref);
    mkdirSync(this.#certificates);
    for (const [file, content] of Object.entries(data)) {
      writeFileSync(`${this.#certificates}/${file}`, Buffer.from(content, 'base64'));
    }
  }
}

async function configuration({ extensionServerPort, extensionManager, config }: EnvoyGatewaySettings): Promise<object> {
  return {
    apiVersion: 'gateway.envoyproxy.io/v1alpha1',
    kind: 'EnvoyGateway',
    gateway: { controllerName: GATEWAY_CONTROLLER_NAME },
    provider: {
      type: 'Kubernetes',
      kubernetes: { leaderElection: { disable: true }, proxyTopologyInjector: { disabled: true } },
    },
    logging: { level: { default: 'info' } },
    // Its default, 19000, is also that of the Envoys that it configures.
    admin: { address: { host: '127.0.0.1', port: await freePort() } },
    telemetry: { metrics: { prometheus: { disable: true } } },
    extensionApis: { enableBackend: true, enableEnvoyPatchPolicy: true },
    ...(extensionServerPort === undefined
      ? {}
      : { extensionManager: { ...registration(extensionServerPort), ...extensionManager } }),
    ...config,
  };
}

/** extension-server.md section 1. */
const registration = (port: number) => ({
  hooks: {
    xdsTranslator: {
      translation: Object.fromEntries(
        ['listener', 'route', 'cluster', 'secret'].map((kind) => [kind, { includeAll: true }]),
      ),
      post: ['Translation', 'Cluster', 'Route'],
    },
  },
  service: { ip: { address: '127.0.0.1', port } },
});
