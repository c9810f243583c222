import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../free-port.js';
import { record } from '../../recording.js';
import type { KubeApi } from '../api.js';
import type { Mount } from '../container.js';
import { drainEnvoy } from './drain-envoy.js';
import { ENVOY_ADMIN_PORT, ENVOY_READY_PORT } from './envoy-args.js';
import { containerEnvironment, expand } from './expand.js';
import type { Container, Pod } from './pod.js';
import { podStatus } from './pod-status.js';
import { EXTPROC_ADMIN_PORT, POD_PORTS, type ProgramOf } from './programs.js';
import { readObjects } from './read-objects.js';
import { RunningContainer } from './running-container.js';
import { volumeFiles, writeVolume } from './volume-files.js';

const UNREADY_TICK_MS = 50;
const READY_TICK_MS = 500;
/** Kubernetes' default of `terminationGracePeriodSeconds`. */
const GRACE_SECONDS = 30;
/** For the pages that are read for the record. */
const PAGE_MS = 2_000;

export interface PodSettings {
  readonly api: KubeApi;
  /** Folder of all Pods. */
  readonly directory: string;
  readonly podIP: string;
  readonly dnsPort: number;
  readonly programs: Readonly<Record<string, ProgramOf>>;
  /** How long an unchanged Pod goes without looking at its Secrets and ConfigMaps. */
  readonly volumeSyncMs: number;
  /** Takes what happened and is not the Pod's status, in words. */
  readonly tell: (event: string) => void;
}

/** One Pod: its volumes as folders, its containers as processes, its status in the cluster. */
export class RunningPod {
  /** Ports of the Pod to those that they have on this machine. */
  readonly ports = new Map<number, number>();
  readonly #containers: RunningContainer[] = [];
  readonly #directory: string;
  readonly #ended = new AbortController();
  #reported = '';
  #volumesReadMs = 0;
  /** How many of the containers were started. */
  #started = 0;

  constructor(
    private pod: Pod,
    private readonly settings: PodSettings,
  ) {
    this.#directory = join(settings.directory, pod.metadata.uid ?? pod.metadata.name);
    mkdirSync(this.#directory, { recursive: true });
  }

  get name(): string {
    return this.pod.metadata.name;
  }

  get podIP(): string {
    return this.settings.podIP;
  }

  get isReady(): boolean {
    return this.#containers.length > 0 && this.#containers.every((container) => container.isReady);
  }

  /** Port of Envoy's admin interface. */
  get adminPort(): number {
    return this.ports.get(ENVOY_ADMIN_PORT) ?? ENVOY_ADMIN_PORT;
  }

  container(name: string): RunningContainer {
    const found = this.#containers.find(({ container }) => container.name === name);
    if (!found) throw new Error(`Pod ${this.name} has no container ${name} (yet)`);
    return found;
  }

  /** What a container wrote to `/dev/stdout` by that name: the access log of Envoy, one line per request. */
  stdoutFile(container: string): string {
    return join(this.#directory, `${container}.stdout`);
  }

  /** Runs until `stop`. */
  async run(): Promise<void> {
    for (const port of POD_PORTS) this.ports.set(port, await freePort());
    this.ports.set(ENVOY_READY_PORT, this.adminPort);
    while (!this.#ended.signal.aborted) {
      try {
        await this.#step();
      } catch (error) {
        this.settings.tell(`Pod ${this.name}: ${String(error)}`);
      }
      const tick = this.isReady ? READY_TICK_MS : UNREADY_TICK_MS;
      await delay(tick, undefined, { signal: this.#ended.signal }).catch(() => {});
    }
  }

  /** Takes what changed of the object. As the kubelet, looks at its volumes again at once when annotations changed. */
  update(pod: Pod): void {
    const isAnnotated = JSON.stringify(pod.metadata.annotations) !== JSON.stringify(this.pod.metadata.annotations);
    this.pod = pod;
    if (isAnnotated) this.#volumesReadMs = 0;
  }

  /** Drains Envoy, then ends the containers, native sidecars last. */
  async stop(): Promise<void> {
    this.#ended.abort();
    await this.#recordPages();
    if (this.#containers.some(({ container }) => container.name === 'envoy')) await drainEnvoy(this.adminPort);
    const graceMs = 1_000 * (this.pod.spec.terminationGracePeriodSeconds ?? GRACE_SECONDS);
    await Promise.all(this.#containers.filter(({ isInit }) => !isInit).map((container) => container.stop(graceMs)));
    await Promise.all(this.#containers.filter(({ isInit }) => isInit).map((container) => container.stop(graceMs)));
    this.#remove();
  }

  /** Ends at once, in no order. */
  async kill(): Promise<void> {
    this.#ended.abort();
    await this.#recordPages();
    await Promise.all(this.#containers.map(async (container) => await container.kill()));
    this.#remove();
  }

  /** What Envoy runs by and what came of it: our program made much of the first, and must not put credentials there. */
  async #recordPages(): Promise<void> {
    const extproc = this.ports.get(EXTPROC_ADMIN_PORT);
    const pages = [`${this.adminPort}/config_dump`, `${this.adminPort}/stats/prometheus`, `${extproc}/metrics`];
    const signal = AbortSignal.timeout(PAGE_MS);
    for (const page of pages) {
      // A Pod without such a container, or whose container does not run.
      const text = await fetch(`http://127.0.0.1:${page}`, { signal, headers: { connection: 'close' } }).then(
        (answer) => answer.text(),
        () => undefined,
      );
      if (text !== undefined) record(`pod-${page}`, text);
    }
  }

  /** The access logs are for everybody who runs the Pod: they are recorded. */
  #remove(): void {
    for (const { container } of this.#containers) {
      const path = this.stdoutFile(container.name);
      if (existsSync(path)) record(`${container.name}-stdout`, readFileSync(path, 'utf8'));
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #step(): Promise<void> {
    if (performance.now() - this.#volumesReadMs >= this.settings.volumeSyncMs || this.#volumesReadMs === 0) {
      const readMs = performance.now();
      await this.#writeVolumes();
      this.#volumesReadMs = readMs;
    }
    if (this.#containers.length === 0) await this.#makeContainers();
    await this.#startContainers();
    await Promise.all(this.#containers.map((container) => container.probe()));
    await this.#report();
  }

  async #writeVolumes(): Promise<void> {
    const read = readObjects(this.settings.api, this.pod.metadata.namespace ?? 'default');
    for (const volume of this.pod.spec.volumes ?? []) {
      const directory = this.#volumeDirectory(volume.name);
      if (volume.emptyDir) mkdirSync(directory, { recursive: true });
      else writeVolume(directory, await volumeFiles(volume, read));
    }
  }

  async #makeContainers(): Promise<void> {
    const { initContainers = [], containers } = this.pod.spec;
    const plain = initContainers.find(({ restartPolicy }) => restartPolicy !== 'Always');
    if (plain) throw new Error(`init container ${plain.name} is no native sidecar: not supported here`);
    const made = await Promise.all([
      ...initContainers.map(async (container) => await this.#make(container, true)),
      ...containers.map(async (container) => await this.#make(container, false)),
    ]);
    if (this.#ended.signal.aborted) return;
    this.#containers.push(...made);
  }

  /** Native sidecars in their order, each when the one before has started; then all others. */
  async #startContainers(): Promise<void> {
    while (this.#started < this.#containers.length && !this.#ended.signal.aborted) {
      const before = this.#containers[this.#started - 1];
      if (before?.isInit && !(await before.hasStarted())) return;
      this.#containers[this.#started]!.start();
      this.#started += 1;
    }
  }

  async #make(container: Container, isInit: boolean): Promise<RunningContainer> {
    const { api, dnsPort, podIP, programs } = this.settings;
    const programOf = programs[container.name];
    if (!programOf) throw new Error(`container ${container.name}: no program is known to run in place of its image`);
    const pod = { ...this.pod, status: { ...this.pod.status, podIP } };
    const read = readObjects(api, pod.metadata.namespace ?? 'default');
    const env = await containerEnvironment(pod, container.env ?? [], read);
    const args = (container.args ?? []).map((arg) => expand(arg, env));
    const program = programOf({ args, podIP, ports: this.ports, dnsPort });
    const mounts = (container.volumeMounts ?? []).map(({ name, mountPath, subPath = '' }): Mount => ({
      path: mountPath,
      source: join(this.#volumeDirectory(name), subPath),
    }));
    // Node's pipes are sockets, which cannot be opened by name as Envoy does for its access log.
    mounts.push({ path: '/dev/stdout', source: this.stdoutFile(container.name) });
    const withEnv = program && { ...program, env: { ...env, ...program.env } };
    return new RunningContainer(container, isInit, withEnv, mounts, this.#directory, this.ports);
  }

  #volumeDirectory(name: string): string {
    return join(this.#directory, 'volumes', name);
  }

  /** Writes the status when it says something new. */
  async #report(): Promise<void> {
    const states = this.#containers.map((running) => ({
      name: running.container.name,
      image: running.container.image ?? '',
      isInit: running.isInit,
      isRunning: running.isRunning,
      isReady: running.isReady,
      restarts: running.restarts,
    }));
    const news = JSON.stringify(states);
    if (news === this.#reported || this.#ended.signal.aborted) return;
    const { api, podIP } = this.settings;
    const { namespace = 'default', name } = this.pod.metadata;
    const status = podStatus(this.pod, states, podIP, new Date().toISOString());
    await api.patch({ apiVersion: 'v1', kind: 'Pod', namespace, name }, { status }, 'status');
    this.#reported = news;
  }
}
