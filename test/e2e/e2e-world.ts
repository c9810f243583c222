import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { KubeObject } from '../../src/shared/api/kube-object.js';
import { eventually } from '../harness/eventually.js';
import { freePort } from '../harness/free-port.js';
import { send, type Message, type Received } from '../harness/http-client.js';
import { ControllerProcess } from '../harness/kube/controller-process.js';
import { DnsServer } from '../harness/kube/dns.js';
import { ENVOY_GATEWAY_NAMESPACE, EnvoyGateway, type EnvoyGatewaySettings } from '../harness/kube/envoy-gateway.js';
import { installCrds } from '../harness/kube/install-crds.js';
import { KubeCluster } from '../harness/kube/kube-cluster.js';
import { Kubelet } from '../harness/kube/kubelet.js';
import { CONTROLLER, RELEASE_NAMESPACE, installRelease, renderRelease } from '../harness/kube/release.js';
import { ServiceBalancer } from '../harness/kube/service-balancer.js';
import { TestUpstream } from '../harness/test-upstream.js';

/** For what takes seconds on a quiet machine. */
export const SLOW_MS = 60_000;
/** Of `beforeAll`: another Envoy Gateway may run on this machine, and is waited for. */
export const START_MS = 1_000_000;
export const TEST_MS = 2 * SLOW_MS;

export interface E2eSettings {
  /** Values of the chart, `a.b=c`. */
  readonly values?: readonly string[];
  readonly controllers?: number;
  /** False: Envoy Gateway is not told of the extension server. */
  readonly registersHooks?: boolean;
}

/**
 * A cluster as `docs/installation.md` leaves it: CRDs, the chart's objects, our controllers with the rights that the chart
 * gives them and no more, Envoy Gateway that calls them through their Service, and a kubelet.
 */
export class E2eWorld {
  readonly controllers: ControllerProcess[] = [];
  readonly #upstreams: TestUpstream[] = [];
  readonly #balancers: ServiceBalancer[] = [];

  private constructor(
    readonly cluster: KubeCluster,
    readonly dns: DnsServer,
    /** Of the Gateway's listener, for clients. */
    readonly port: number,
    private parts?: {
      readonly envoyGateway: EnvoyGateway;
      readonly kubelet: Kubelet;
      readonly hooks: EnvoyGatewaySettings;
    },
  ) {}

  static async start(settings: E2eSettings = {}): Promise<E2eWorld> {
    const world = new E2eWorld(await KubeCluster.start(), await DnsServer.start(), await freePort());
    try {
      await world.#install(settings);
      return world;
    } catch (error) {
      await world.stop();
      throw error;
    }
  }

  get envoyGateway(): EnvoyGateway {
    return this.#started.envoyGateway;
  }

  get kubelet(): Kubelet {
    return this.#started.kubelet;
  }

  get #started() {
    if (!this.parts) throw new Error('the world was not started');
    return this.parts;
  }

  /** Starts Envoy Gateway anew, with the extension server in its configuration or without. */
  async restartEnvoyGateway({ registersHooks }: { readonly registersHooks: boolean }): Promise<void> {
    const { envoyGateway, hooks } = this.#started;
    await envoyGateway.restart(registersHooks ? hooks : {});
  }

  /** As `helm upgrade` with these values: the chart's objects, and the controllers one after the other. */
  async upgrade(values: readonly string[]): Promise<void> {
    const release = await renderRelease(values);
    await installRelease(this.cluster.api, release);
    for (const controller of this.controllers) {
      await controller.replace(release.args);
      await controller.ready();
    }
  }

  /** A provider below `test`, to be reached by any name there. */
  async upstream(): Promise<TestUpstream> {
    const upstream = await TestUpstream.start();
    this.#upstreams.push(upstream);
    return upstream;
  }

  async apply(...objects: readonly KubeObject[]): Promise<void> {
    for (const object of objects) await this.cluster.api.apply(object);
  }

  /** Asks the Gateway. */
  async send(path: string, message: Message = {}): Promise<Received> {
    return await send(this.port, path, message);
  }

  /** Asks for a chat completion of a model, without a case of the upstream unless one is given. */
  async chat(model: string, message: Message = {}): Promise<Received> {
    const body = { model, messages: [{ role: 'user', content: 'Hello' }] };
    return await this.send('/v1/chat/completions', { body, ...message });
  }

  /** Waits until a chat with the model has this status; returns how long that took, in ms. */
  async chatAnswers(model: string, status = 200, deadlineMs = SLOW_MS): Promise<number> {
    const startMs = performance.now();
    let last: string = 'nothing';
    try {
      await eventually(
        `status ${status} for a chat with ${model}`,
        async () => {
          const answer = await this.chat(model);
          last = `${answer.status} ${answer.text.slice(0, 300)}`;
          return answer.status === status;
        },
        deadlineMs,
      );
    } catch (error) {
      throw new Error(`${String(error)}; the last answer was ${last}; ${this.#situation()}`, { cause: error });
    }
    return performance.now() - startMs;
  }

  async stop(): Promise<void> {
    await this.parts?.kubelet.stop();
    await this.parts?.envoyGateway.stop();
    await Promise.all(this.controllers.map(async ({ process }) => await process.stop()));
    for (const balancer of this.#balancers) balancer.close();
    await Promise.all(this.#upstreams.map(async (upstream) => await upstream.close()));
    await this.dns.close();
    await this.cluster.stop();
  }

  async #install({ values, controllers = 1, registersHooks = true }: E2eSettings): Promise<void> {
    const { api, services } = this.cluster;
    await installCrds(api);
    await api.ensureNamespace(ENVOY_GATEWAY_NAMESPACE);
    const release = await renderRelease(values);
    await installRelease(api, release);
    const kubeconfig = await this.cluster.kubeconfigOf(RELEASE_NAMESPACE, CONTROLLER);
    const [hooks, webhooks] = [await this.#balancer(), await this.#balancer()];
    services.route(RELEASE_NAMESPACE, CONTROLLER, webhooks.port);
    for (let index = 0; index < controllers; index += 1) {
      const name = `${CONTROLLER}-${index}`;
      const settings = { kubeconfig, args: release.args, namespace: RELEASE_NAMESPACE, name };
      const controller = await ControllerProcess.start(settings);
      this.controllers.push(controller);
      hooks.balancer.targets.add(controller.ports.extensionServer);
      webhooks.balancer.targets.add(controller.ports.webhook);
    }
    await Promise.all(this.controllers.map(async (controller) => await controller.ready()));
    const registration: EnvoyGatewaySettings = {
      extensionServerPort: hooks.port,
      extensionManager: {
        ...recommendedExtensionManager(),
        service: { ip: { address: '127.0.0.1', port: hooks.port } },
      },
    };
    const envoyGateway = await EnvoyGateway.start(this.cluster, registersHooks ? registration : {});
    this.parts = { envoyGateway, kubelet: Kubelet.start({ api, dns: this.dns }), hooks: registration };
  }

  async #balancer(): Promise<{ readonly port: number; readonly balancer: ServiceBalancer }> {
    const port = await freePort();
    const balancer = await ServiceBalancer.start(port);
    this.#balancers.push(balancer);
    return { port, balancer };
  }

  /** For messages of failures. */
  #situation(): string {
    const logs = this.controllers.map(({ name, process }) => `${name}:\n${process.tail(10)}`);
    const events = this.parts?.kubelet.events.slice(-5).join('; ');
    return `kubelet: ${events}\n${logs.join('\n')}\nEnvoy Gateway:\n${this.parts?.envoyGateway.process.tail(5)}`;
  }
}

/** As operators are told to configure Envoy Gateway. */
function recommendedExtensionManager(): object {
  const values = parse(readFileSync('helm/envoy-gateway-values.yaml', 'utf8')) as {
    readonly config: { readonly envoyGateway: { readonly extensionManager: object } };
  };
  return values.config.envoyGateway.extensionManager;
}

/** Prints a measured time into the test's output. */
export const figure = (what: string, ms: number): void => {
  process.stdout.write(`figure: ${what}: ${Math.round(ms)} ms\n`);
};
