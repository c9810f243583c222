import { basename, dirname } from 'node:path';
import type { CredentialSources } from '../backend-auth/credential-sources.js';
import { setTimeout as delay } from 'node:timers/promises';
import { IncompleteBundleError } from '../../../shared/filter-config/bundle.js';
import { parseFilterConfig } from '../../../shared/filter-config/parse.js';
import { AwaitedBackends } from './awaited-backends.js';
import { compileRuntimeConfig } from './compile.js';
import { readConfigSource, SETTLE_MS, type ConfigSource, type SourceMark } from './config-source.js';
import { DirectoryWatch } from './directory-watch.js';
import { RetiredBackends } from './retired-backends.js';
import type { RuntimeBackend, RuntimeConfig } from './runtime-config.js';

const POLL_INTERVAL_MS = 5000;
/** Gathers the events of one change; part of the 200 ms in which a change is to be active. */
const DEBOUNCE_MS = 20;
const REQUESTED_INTERVAL_MS = 500;
/** Parts lie in directories that are not watched: what is missing of a bundle may arrive without an event. */
const INCOMPLETE_RETRY_MS = 500;
const GRACE_MS = 30_000;
/** A file that is written to without rest is read all the same after 20 waits (1 s). */
const SETTLES_MAX = 20;

export interface ConfigLoaderOptions extends ConfigSource {
  /** Build version of this process. */
  readonly version: string;
  /** Outlives each configuration. */
  readonly credentials: CredentialSources;
  readonly pollIntervalMs?: number;
  /** Monotonic clock. */
  readonly nowMs?: () => number;
  /** A configuration became active. Its `faults` name the parts of it that cannot be used. */
  readonly onConfig: (config: RuntimeConfig) => void;
  /** A load failed; the configuration before it stays active. Called once for each new reason. */
  readonly onError: (error: Error) => void;
  /** Something that works, but not as somebody may expect. */
  readonly onWarning?: (warning: string) => void;
}

/** For health, metrics and the admin port. */
export interface ConfigLoaderState {
  /** When the current configuration became active. */
  readonly loadedAt?: Date;
  /** Why the newest content of the source is not active. */
  readonly lastError?: Error;
  /** False: changes are seen by polling only. */
  readonly isWatching: boolean;
}

/**
 * Keeps the runtime configuration equal to a file or bundle (extproc.md 3.2).
 *
 *     start() ─▶ read ─▶ parse ─▶ compile ─▶ swap ─▶ onConfig
 *                 ▲  └────────┴───── failed: keep the old one, onError
 *                 └── file-system event (20 ms later) · poll · requestReload() · incomplete bundle (500 ms later)
 *
 * One load runs at a time; what comes in meanwhile leads to one more after it. A configuration of another build version
 * is accepted when it parses, with a warning (X32): the format only grows, unknown fields are ignored, and refusing would
 * stop a gateway in the middle of every rolling update. A revision number becomes necessary with the first change that
 * an older reader would misunderstand; none has been made.
 */
export class ConfigLoader {
  #current: RuntimeConfig | undefined;
  #loadedAt: Date | undefined;
  #lastError: Error | undefined;
  #reported: string | undefined;
  #warnedVersion: string | undefined;
  /** Mark of the newest content that was read to the end, and whether it became active. */
  #mark: SourceMark | undefined;
  #isMarkActive = false;
  #settles = 0;
  #running: Promise<void> | undefined;
  #queued: Promise<void> | undefined;
  #requested: Promise<void> | undefined;
  #requestedAtMs = Number.NEGATIVE_INFINITY;
  #eventTimer: NodeJS.Timeout | undefined;
  #pollTimer: NodeJS.Timeout | undefined;
  /** Not the timer of events, which would then wait for this one. */
  #retryTimer: NodeJS.Timeout | undefined;
  #isStarted = false;
  #isClosed = false;
  readonly #retired = new RetiredBackends(GRACE_MS);
  readonly #awaited = new AwaitedBackends();
  readonly #watch: DirectoryWatch;
  readonly #nowMs: () => number;

  constructor(private readonly options: ConfigLoaderOptions) {
    this.#nowMs = options.nowMs ?? (() => performance.now());
    const { path, kind } = options;
    const fileName = basename(path);
    this.#watch = new DirectoryWatch(kind === 'file' ? dirname(path) : path, (name) => {
      // Names with two dots are those that Kubernetes swaps in projected volumes: ..data and ..<time>.
      if (kind === 'bundle' || name === null || name === fileName || name.startsWith('..')) this.#reloadIn(DEBOUNCE_MS);
    });
  }

  get current(): RuntimeConfig | undefined {
    return this.#current;
  }

  get state(): ConfigLoaderState {
    return {
      ...(this.#loadedAt && { loadedAt: this.#loadedAt }),
      ...(this.#lastError && { lastError: this.#lastError }),
      isWatching: this.#watch.isActive,
    };
  }

  /**
   * Loads for the first time and begins to watch.
   *
   * @throws UserFacingError when nothing can be loaded, unless the reason is a bundle whose parts are still arriving:
   * that is reported to `onWarning`, and the process goes on without a configuration until they are there
   */
  async start(): Promise<void> {
    await this.#watch.arm();
    await this.#reload();
    while (!this.#current && !this.#lastError && !this.#isClosed) {
      await delay(SETTLE_MS);
      await this.#reload();
    }
    const error = this.#current ? undefined : this.#lastError;
    if (error && !(error instanceof IncompleteBundleError)) {
      await this.close();
      throw error;
    }
    this.#isStarted = true;
    const poll = () => void this.#watch.arm().then(() => this.#reload());
    this.#pollTimer = setInterval(poll, this.options.pollIntervalMs ?? POLL_INTERVAL_MS).unref();
  }

  /** By full identity, in the current configuration or among those it lost within the last 30 s (X31). */
  findBackend(name: string): RuntimeBackend | undefined {
    return this.#current?.backends.get(name) ?? this.#retired.find(name, this.#nowMs());
  }

  /**
   * Looks at the source now, for somebody who misses a part of the configuration that Envoy knows already (X31). At most
   * once per 500 ms: callers in between get the result of the last time. Never rejects.
   */
  requestReload(): Promise<void> {
    const nowMs = this.#nowMs();
    if (!this.#requested || nowMs - this.#requestedAtMs >= REQUESTED_INTERVAL_MS) {
      this.#requestedAtMs = nowMs;
      this.#requested = this.#reload();
    }
    return this.#requested;
  }

  /**
   * As `findBackend`, for a backend that Envoy has chosen: xDS and configuration travel by different ways, so the source is
   * looked at, and then waited for, at most 3 s since this name was first missed. Undefined when it did not come; never
   * rejects.
   */
  async awaitBackend(name: string): Promise<RuntimeBackend | undefined> {
    await this.requestReload();
    const found = this.findBackend(name);
    if (found !== undefined) return found;
    await this.#awaited.wait(name, this.#nowMs());
    return this.findBackend(name);
  }

  /** Stops watching; the current configuration stays. Resolves when no load is running any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#awaited.close();
    clearTimeout(this.#eventTimer);
    clearTimeout(this.#retryTimer);
    clearInterval(this.#pollTimer);
    this.#watch.close();
    await this.#running;
  }

  #reloadIn(delayMs: number): void {
    if (this.#isClosed) return;
    this.#eventTimer ??= setTimeout(() => {
      this.#eventTimer = undefined;
      void this.#reload();
    }, delayMs).unref();
  }

  #retryIncomplete(): void {
    if (this.#isClosed) return;
    this.#retryTimer ??= setTimeout(() => {
      this.#retryTimer = undefined;
      void this.#reload();
    }, INCOMPLETE_RETRY_MS).unref();
  }

  #reload(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    if (!this.#running) {
      this.#running = this.#load().finally(() => (this.#running = undefined));
      return this.#running;
    }
    this.#queued ??= this.#running.then(() => {
      this.#queued = undefined;
      return this.#reload();
    });
    return this.#queued;
  }

  /** Never rejects. */
  async #load(): Promise<void> {
    try {
      await this.#tryLoad();
    } catch (error) {
      if (error instanceof IncompleteBundleError) this.#retryIncomplete();
      this.#failed(error instanceof Error ? error : new Error(String(error)));
    }
  }

  async #tryLoad(): Promise<void> {
    const reading = await readConfigSource(this.options, this.#mark, this.#settles < SETTLES_MAX);
    if (this.#isClosed) return;
    if (reading.kind === 'unsettled') {
      this.#settles += 1;
      this.#reloadIn(SETTLE_MS);
      return;
    }
    this.#settles = 0;
    if (reading.kind === 'unchanged') {
      // The same bytes cannot load any better; but a file that was away for a while is back.
      if (this.#isMarkActive) this.#clearError();
      return;
    }
    this.#mark = reading.mark;
    this.#isMarkActive = false;
    const warn = this.options.onWarning ?? (() => {});
    const config = parseFilterConfig(reading.text, reading.fileName, warn);
    this.#activate(compileRuntimeConfig(config, this.options.credentials), warn);
  }

  #activate(config: RuntimeConfig, warn: (warning: string) => void): void {
    const { version } = this.options;
    if (config.version !== '' && config.version !== version && config.version !== this.#warnedVersion) {
      this.#warnedVersion = config.version;
      warn(
        `the configuration was written by build "${config.version}" and is read by build "${version}"; fields that this build does not know are ignored`,
      );
    }
    if (this.#current) this.#retired.update(this.#current.backends, config.backends, this.#nowMs());
    this.#current = config;
    this.#loadedAt = new Date();
    this.#isMarkActive = true;
    this.#clearError();
    this.options.onConfig(config);
    this.#awaited.settle(config.backends);
  }

  #clearError(): void {
    this.#lastError = undefined;
    this.#reported = undefined;
  }

  #failed(error: Error): void {
    this.#lastError = error;
    if (this.#reported === error.message) return;
    this.#reported = error.message;
    if (!this.#current && error instanceof IncompleteBundleError) this.options.onWarning?.(error.message);
    // Other failures of the first load are thrown by start().
    else if (this.#isStarted || this.#current) this.options.onError(error);
  }
}
