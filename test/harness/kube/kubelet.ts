import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { KubeObject } from '../../../src/shared/api/kube-object.js';
import { eventually } from '../eventually.js';
import { TemporaryDirectory } from '../temporary-directory.js';
import type { KubeApi, ObjectType } from './api.js';
import { refOf } from './api.js';
import type { DnsServer } from './dns.js';
import { ENVOY_GATEWAY_NAMESPACE } from './envoy-gateway.js';
import { POD_TYPE, isReady, type Deployment, type Pod } from './kubelet/pod.js';
import { PROGRAMS, type ProgramOf } from './kubelet/programs.js';
import { TEMPLATE_HASH_LABEL, planRollout, templateHash } from './kubelet/rollout.js';
import { RunningPod } from './kubelet/running-pod.js';
import { endpointSlice, loadBalancerStatus, podsOf, type Service } from './kubelet/service-status.js';

const NODE = 'test-node';
const DEPLOYMENT: ObjectType = { apiVersion: 'apps/v1', kind: 'Deployment' };
const SERVICE: ObjectType = { apiVersion: 'v1', kind: 'Service' };
const RETRY_MS = 200;
/** Events within one turn are answered together. */
const TURN_MS = 10;
/** As the kubelet's own: how late a changed Secret may be seen in a Pod that nobody touches. */
const VOLUME_SYNC_MS = 60_000;
const EVENTS_MAX = 1_000;

export interface KubeletSettings {
  readonly api: KubeApi;
  readonly dns: DnsServer;
  /** Default: Envoy Gateway's. */
  readonly namespace?: string;
  readonly volumeSyncMs?: number;
  /** What to run for containers by name, besides {@link PROGRAMS}. */
  readonly programs?: Readonly<Record<string, ProgramOf>>;
}

/**
 * Stands in for kubelet, scheduler, Deployment and Service controllers in one namespace: Deployments get Pods (through the
 * API server, so that webhooks change them) by rolling updates, Pods run as processes, load balancers have an address.
 * Not here: DaemonSets, liveness probes, plain init containers, resource limits.
 */
export class Kubelet {
  /** What went wrong or was refused, in words; the oldest are lost. */
  readonly events: string[] = [];
  readonly #directory = new TemporaryDirectory();
  readonly #running = new Map<string, RunningPod>();
  readonly #stopping = new Map<string, { readonly pod: RunningPod; readonly stopped: Promise<void> }>();
  readonly #slices = new Map<string, string>();
  readonly #ended = new AbortController();
  readonly #loops: Promise<void>[] = [];
  #isStale = true;
  #pods = 0;

  private constructor(private readonly settings: KubeletSettings) {}

  static start(settings: KubeletSettings): Kubelet {
    const kubelet = new Kubelet(settings);
    for (const type of [DEPLOYMENT, POD_TYPE, SERVICE]) kubelet.#loops.push(kubelet.#watch(type));
    kubelet.#loops.push(kubelet.#loop());
    return kubelet;
  }

  /** Pods that run now, in no order. */
  get pods(): readonly RunningPod[] {
    return [...this.#running.values()];
  }

  /** Waits until that many Pods run and all of them are ready. */
  async readyPods(count = 1, deadlineMs = 60_000): Promise<readonly RunningPod[]> {
    try {
      return await eventually(
        `${count} ready Pods`,
        () => this.pods.length === count && this.pods.every((pod) => pod.isReady) && this.pods,
        deadlineMs,
      );
    } catch (error) {
      throw new Error(`${String(error)}; last events: ${this.events.slice(-5).join('; ')}`, { cause: error });
    }
  }

  /** Ends all Pods at once; their objects stay in the cluster. */
  async stop(): Promise<void> {
    this.#ended.abort();
    await Promise.all(this.#loops);
    // Those that are ending in order, too: nobody waits for what they do.
    const stopping = [...this.#stopping.values()];
    await Promise.all([...this.pods, ...stopping.map(({ pod }) => pod)].map(async (pod) => await pod.kill()));
    await Promise.all(stopping.map(async ({ stopped }) => await stopped));
    this.#directory.remove();
  }

  get #namespace(): string {
    return this.settings.namespace ?? ENVOY_GATEWAY_NAMESPACE;
  }

  async #watch(type: ObjectType): Promise<void> {
    const events = this.settings.api.watch<KubeObject>(type, { namespace: this.#namespace }, this.#ended.signal);
    for await (const _event of events) this.#isStale = true;
  }

  /** Events only say that something changed: each turn looks at everything. */
  async #loop(): Promise<void> {
    while (!this.#ended.signal.aborted) {
      if (this.#isStale) {
        this.#isStale = false;
        await this.#attempt(() => this.#sync());
      }
      await delay(TURN_MS);
    }
  }

  /** One failure, such as a Pod that a webhook refuses, holds nothing else up and is tried again. */
  async #attempt(what: () => Promise<void>): Promise<void> {
    try {
      await what();
    } catch (error) {
      this.#tell(String(error));
      this.#isStale = true;
      await delay(RETRY_MS);
    }
  }

  async #sync(): Promise<void> {
    const { api } = this.settings;
    const selection = { namespace: this.#namespace };
    const deployments = await api.list<Deployment>(DEPLOYMENT, selection);
    const pods = await api.list<Pod>(POD_TYPE, selection);
    const services = await api.list<Service>(SERVICE, selection);
    this.#runPods(pods.filter(({ spec }) => spec.nodeName === NODE));
    for (const deployment of deployments) {
      await this.#attempt(() => this.#rollOut(deployment, pods.filter(isOwnedBy(deployment))));
    }
    await this.#attempt(() => this.#collectGarbage(deployments, pods));
    for (const service of services) await this.#attempt(() => this.#reportService(service, pods));
  }

  #runPods(pods: readonly Pod[]): void {
    const wanted = new Map(
      pods.flatMap((pod) => (pod.metadata.deletionTimestamp === undefined ? [[uidOf(pod), pod] as const] : [])),
    );
    for (const [uid, pod] of wanted) {
      const running = this.#running.get(uid);
      if (running) running.update(pod);
      else this.#run(uid, pod);
    }
    for (const [uid, running] of this.#running) if (!wanted.has(uid)) this.#end(uid, running);
    // A deletion that was asked for before this Pod was ever run here.
    for (const pod of pods) {
      const uid = uidOf(pod);
      if (!wanted.has(uid) && !this.#running.has(uid) && !this.#stopping.has(uid)) void this.#forget(pod.metadata.name);
    }
  }

  #run(uid: string, pod: Pod): void {
    const { api, dns, programs, volumeSyncMs = VOLUME_SYNC_MS } = this.settings;
    const running = new RunningPod(pod, {
      api,
      directory: this.#directory.path,
      podIP: `127.1.0.${(this.#pods += 1)}`,
      dnsPort: dns.port,
      programs: { ...PROGRAMS, ...programs },
      volumeSyncMs,
      tell: (event) => this.#tell(event),
    });
    this.#running.set(uid, running);
    void running.run();
  }

  #end(uid: string, running: RunningPod): void {
    this.#running.delete(uid);
    const stopped = running.stop().then(async () => await this.#forget(running.name));
    this.#stopping.set(uid, { pod: running, stopped });
    void stopped.finally(() => this.#stopping.delete(uid));
  }

  /** The last word of a kubelet: the Pod is no more. */
  async #forget(name: string): Promise<void> {
    const ref = { ...POD_TYPE, namespace: this.#namespace, name };
    await this.settings.api.delete(ref).catch((error: unknown) => this.#tell(String(error)));
  }

  async #rollOut(deployment: Deployment, pods: readonly Pod[]): Promise<void> {
    const { api } = this.settings;
    const { create, remove, status } = planRollout(deployment, pods);
    for (let made = 0; made < create; made += 1) await api.create(podOf(deployment));
    for (const name of remove) await api.delete({ ...POD_TYPE, namespace: this.#namespace, name }, 30);
    if (differs(status, deployment)) await api.patch(refOf(deployment), { status }, 'status');
  }

  /** Pods whose Deployment is gone: nobody else collects garbage here. */
  async #collectGarbage(deployments: readonly Deployment[], pods: readonly Pod[]): Promise<void> {
    const owners = new Set(deployments.map(uidOf));
    for (const pod of pods) {
      const owner = pod.metadata.ownerReferences?.find(({ kind }) => kind === DEPLOYMENT.kind);
      if (!owner || owners.has(owner.uid) || pod.metadata.deletionTimestamp !== undefined) continue;
      await this.settings.api.delete(refOf(pod), 30);
    }
  }

  async #reportService(service: Service, pods: readonly Pod[]): Promise<void> {
    const { api, dns } = this.settings;
    const status = loadBalancerStatus(service);
    if (status) await api.patch(refOf(service), { status }, 'status');
    const ready = podsOf(service, pods).filter(isReady);
    const addresses = ready.flatMap((pod) => pod.status?.podIP ?? []);
    const isKnown = addresses.length > 0 || service.spec.clusterIP === 'None';
    const name = `${service.metadata.name}.${this.#namespace}.svc.cluster.local`;
    dns.setAddresses(name, isKnown ? addresses : undefined);
    const slice = endpointSlice(service, pods);
    const text = JSON.stringify(slice);
    if (!slice || this.#slices.get(service.metadata.name) === text) return;
    await api.apply(slice, 'test-kubelet');
    this.#slices.set(service.metadata.name, text);
  }

  #tell(event: string): void {
    if (this.#ended.signal.aborted) return;
    this.events.push(event);
    if (this.events.length > EVENTS_MAX) this.events.shift();
  }
}

const uidOf = (object: KubeObject): string => object.metadata.uid ?? '';

const isOwnedBy =
  (deployment: Deployment) =>
  (pod: Pod): boolean =>
    (pod.metadata.ownerReferences ?? []).some(({ uid }) => uid === deployment.metadata.uid);

function podOf(deployment: Deployment): Pod {
  const { apiVersion, kind, metadata } = deployment;
  const { metadata: template = {}, spec } = deployment.spec.template;
  const hash = templateHash(deployment);
  return {
    ...POD_TYPE,
    metadata: {
      ...template,
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
      name: `${metadata.name}-${hash}-${randomBytes(3).toString('hex')}`,
      labels: { ...template.labels, [TEMPLATE_HASH_LABEL]: hash },
      ownerReferences: [{ apiVersion, kind, name: metadata.name, uid: uidOf(deployment), controller: true }],
    },
    spec: { ...spec, nodeName: NODE },
  };
}

/** Whether some number of the wanted status is another one now; the conditions follow from the numbers. */
function differs(wanted: object, { status }: KubeObject & { readonly status?: object }): boolean {
  const now = new Map<string, unknown>(Object.entries(status ?? {}));
  return Object.entries(wanted).some(([key, value]) => typeof value === 'number' && (now.get(key) ?? 0) !== value);
}
