import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { freePort } from '../../harness/free-port.js';
import type { KubeCluster } from '../../harness/kube/kube-cluster.js';
import { RunningProcess } from '../../harness/running-process.js';
import { TemporaryDirectory } from '../../harness/temporary-directory.js';
import { eventually } from '../../harness/eventually.js';
import { controllerContainer, NAMESPACE } from './chart.js';
import { RecordingProxy, type ApiRequest } from './recording-proxy.js';

/** Entry point of the build under test. */
const MAIN = resolve(process.env['AIGW_TEST_MAIN'] ?? 'dist/main.js');
const READY_MS = 60_000;
export const SERVICE_ACCOUNT = 'ai-gateway-controller';

/**
 * The controller as a program with the arguments of a rendered Deployment, under the ServiceAccount of the chart. Only its
 * ports, its certificate directory and its log are its own.
 */
export class ControllerProcess {
  readonly grpcPort: number;
  readonly healthPort: number;

  private constructor(
    readonly process: RunningProcess,
    private readonly proxy: RecordingProxy,
    private readonly directory: TemporaryDirectory,
    ports: { readonly grpc: number; readonly health: number },
  ) {
    this.grpcPort = ports.grpc;
    this.healthPort = ports.health;
  }

  /** Resolves when it is ready, leads, and the API server's calls of its webhooks reach it. */
  static async start(cluster: KubeCluster, rendered: string): Promise<ControllerProcess> {
    const directory = new TemporaryDirectory();
    const account = await cluster.kubeconfigOf(NAMESPACE, SERVICE_ACCOUNT);
    const proxy = await RecordingProxy.start(account);
    const kubeconfig = directory.file('kubeconfig');
    writeFileSync(kubeconfig, proxy.kubeconfigText(account));
    const ports = { grpc: await freePort(), webhook: await freePort(), health: await freePort() };
    const own = [
      `-port=127.0.0.1:${ports.grpc}`,
      `-webhookPort=${ports.webhook}`,
      `-healthPort=${ports.health}`,
      `-tlsCertDir=${directory.file('certs')}`,
      '-logLevel=debug',
    ];
    cluster.services.route(NAMESPACE, SERVICE_ACCOUNT, ports.webhook);
    const args = [MAIN, ...controllerContainer(rendered).args, ...own];
    const env = { KUBECONFIG: kubeconfig, POD_NAMESPACE: NAMESPACE, POD_NAME: `controller-${ports.grpc}` };
    const started = new RunningProcess(process.execPath, args, env);
    started.pages.push(`http://127.0.0.1:${ports.health}/metrics`);
    const controller = new ControllerProcess(started, proxy, directory, ports);
    try {
      await started.outlives(
        'it was ready',
        eventually('the controller to lead', () => controller.leads(), READY_MS),
      );
      return controller;
    } catch (error) {
      await controller.stop();
      throw new Error(`the controller did not become ready:\n${started.tail(30)}`, { cause: error });
    }
  }

  get requests(): readonly ApiRequest[] {
    return this.proxy.requests;
  }

  get refused(): readonly string[] {
    const answers = this.requests.filter(({ status }) => status === 403).map(({ verb, path }) => `${verb} ${path}`);
    return [...answers, ...this.process.lines.filter((line) => /forbidden/i.test(line))];
  }

  async leads(): Promise<boolean> {
    const answer = await fetch(`http://127.0.0.1:${this.healthPort}/readyz`);
    return answer.ok && /"leader":true/.test(await answer.text());
  }

  async stop(): Promise<void> {
    await this.process.stop();
    this.proxy.close();
    this.directory.remove();
  }
}
