import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Cluster } from '../../../gen/proto/envoy/config/cluster/v3/cluster_pb.js';
import type { XdsResources } from '../../../shared/xds.js';
import { writeFileAtomically } from '../atomic-file.js';
import { xdsPaths } from './bootstrap.js';
import type { EnvoyAdmin, Stats } from './envoy-admin.js';
import { updateOutcome } from './update-outcome.js';
import { clustersFile, UPDATE_STATS, xdsFiles, type XdsFile, type XdsFileSet } from './xds-files.js';

/** Envoy did not take an update; the message holds its reason. The previous configuration serves on. */
export class ConfigRefused extends Error {
  override readonly name = 'ConfigRefused';
}

export interface XdsDirectoryOptions {
  readonly directory: string;
  readonly admin: EnvoyAdmin;
  /** Envoy's last reason for refusing an update, once; undefined while it gave none. */
  readonly takeRefusal: () => string | undefined;
  /** For how long clusters that are gone from the configuration stay, for requests under way. */
  readonly lingerMs: number;
}

const TAKEN_TIMEOUT_MS = 5_000;
/** New clusters may wait for DNS; their routes are not held up for longer. */
const WARMING_TIMEOUT_MS = 1_500;
const REASON_TIMEOUT_MS = 500;
const POLL_MS = 10;

/**
 * The files that Envoy takes its configuration from. A change goes make-before-break, each step seen as taken first:
 *
 *   clusters, old and new ─▶ routes ─▶ listeners ─▶ (linger) ─▶ clusters, new only
 *
 * A step that Envoy refuses puts all files back.
 */
export class XdsDirectory {
  readonly #options: XdsDirectoryOptions;
  /** What lies on disk, by path. */
  readonly #written = new Map<string, XdsFile>();
  #resources: XdsResources | undefined;
  #files: XdsFileSet | undefined;
  #cleanUp: NodeJS.Timeout | undefined;

  constructor(options: XdsDirectoryOptions) {
    this.#options = options;
  }

  /** Writes the first configuration, before Envoy starts. */
  async writeFirst(resources: XdsResources): Promise<void> {
    for (const path of [xdsPaths.clusters, xdsPaths.listeners, join(xdsPaths.routesDirectory, 'any')]) {
      await mkdir(dirname(join(this.#options.directory, path)), { recursive: true, mode: 0o700 });
    }
    const files = xdsFiles(resources);
    await this.#write(allFiles(files));
    this.#remember(resources, files);
  }

  /** Resolves when a freshly started Envoy took everything. Throws ConfigRefused. */
  async confirm(): Promise<void> {
    if (this.#files) await this.#untilTaken(allFiles(this.#files), new Map());
  }

  /**
   * Replaces the configuration of a running Envoy; false when it is the one that serves. Throws ConfigRefused after
   * everything was put back.
   */
  async replace(resources: XdsResources): Promise<boolean> {
    const { admin } = this.#options;
    const before = this.#resources!;
    const beforeFiles = this.#files!;
    const files = xdsFiles(resources);
    if (isSame(files, beforeFiles)) return false;
    this.#cancelCleanUp();
    this.#options.takeRefusal();
    const both = clustersFile(unionByName(before.clusters, resources.clusters));
    try {
      for (const step of [[both], files.routes, [files.listeners]]) {
        const baseline = await admin.stats(UPDATE_STATS);
        const changed = await this.#write(step);
        await this.#untilTaken(changed, baseline);
        if (step.includes(both) && changed.length > 0) await this.#untilWarm();
      }
    } catch (error) {
      await this.#write(allFiles(beforeFiles));
      throw error;
    }
    this.#remember(resources, files);
    this.#cleanUp = setTimeout(() => {
      this.#dropStale(files).catch(() => undefined);
    }, this.#options.lingerMs);
    this.#cleanUp.unref();
    return true;
  }

  close(): void {
    this.#cancelCleanUp();
  }

  #remember(resources: XdsResources, files: XdsFileSet): void {
    this.#resources = resources;
    this.#files = files;
  }

  #cancelCleanUp(): void {
    clearTimeout(this.#cleanUp);
    this.#cleanUp = undefined;
  }

  /** Writes the files whose content is not on disk yet and returns them. */
  async #write(files: readonly XdsFile[]): Promise<XdsFile[]> {
    const changed = files.filter((file) => this.#written.get(file.path)?.version !== file.version);
    for (const file of changed) {
      await writeFileAtomically(join(this.#options.directory, file.path), file.content);
      this.#written.set(file.path, file);
    }
    return changed;
  }

  async #dropStale(files: XdsFileSet): Promise<void> {
    await this.#write([files.clusters]);
    const kept = new Set(allFiles(files).map((file) => file.path));
    for (const path of [...this.#written.keys()].filter((one) => !kept.has(one))) {
      this.#written.delete(path);
      await rm(join(this.#options.directory, path), { force: true });
    }
  }

  async #untilTaken(files: readonly XdsFile[], baseline: Stats): Promise<void> {
    const deadlineMs = performance.now() + TAKEN_TIMEOUT_MS;
    for (let waiting = files; waiting.length > 0;) {
      const now = await this.#options.admin.stats(UPDATE_STATS);
      const outcomes = waiting.map((file) => ({ file, outcome: updateOutcome(file, baseline, now) }));
      const refused = outcomes.find((one) => one.outcome === 'refused');
      if (refused) {
        throw new ConfigRefused(`Envoy refused ${refused.file.path}: ${await this.#refusal()}`);
      }
      waiting = outcomes.filter((one) => one.outcome === 'pending').map((one) => one.file);
      if (waiting.length > 0 && performance.now() > deadlineMs) {
        throw new ConfigRefused(`Envoy did not take ${waiting[0]!.path} within ${TAKEN_TIMEOUT_MS / 1000} s`);
      }
      if (waiting.length > 0) await delay(POLL_MS);
    }
  }

  /** The reason comes by another way than the counters, and may come later. */
  async #refusal(): Promise<string> {
    const deadlineMs = performance.now() + REASON_TIMEOUT_MS;
    for (;;) {
      const reason = this.#options.takeRefusal();
      if (reason !== undefined) return reason;
      if (performance.now() > deadlineMs) return 'it gave no reason';
      await delay(POLL_MS);
    }
  }

  async #untilWarm(): Promise<void> {
    const deadlineMs = performance.now() + WARMING_TIMEOUT_MS;
    while (performance.now() < deadlineMs) {
      const stats = await this.#options.admin.stats('^cluster_manager\\.warming_clusters$');
      if (!stats.get('cluster_manager.warming_clusters')) return;
      await delay(POLL_MS);
    }
  }
}

const allFiles = (files: XdsFileSet): XdsFile[] => [files.clusters, ...files.routes, files.listeners];

const isSame = (left: XdsFileSet, right: XdsFileSet): boolean =>
  isDeepStrictEqual(allFiles(left).map(versionedPath), allFiles(right).map(versionedPath));

const versionedPath = ({ path, version }: XdsFile): string => `${path} ${version}`;

/** The new ones, then those of the old that have no namesake. */
function unionByName(before: readonly Cluster[], after: readonly Cluster[]): Cluster[] {
  const names = new Set(after.map((cluster) => cluster.name));
  return [...after, ...before.filter((cluster) => !names.has(cluster.name))];
}
