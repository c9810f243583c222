import 'reflect-metadata';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  Module,
  type BeforeApplicationShutdown,
  type DynamicModule,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { chooseOrigin } from '../modules/standalone/config-input.js';
import { demoPorts, withDemoPorts } from '../modules/standalone/demo-provider/demo-pair.js';
import { findEnvoy } from '../modules/standalone/envoy/find-envoy.js';
import { systemCaPath } from '../modules/standalone/envoy/system-ca.js';
import { ConfigSource } from '../modules/standalone/reload/config-source.js';
import { RunLog } from '../modules/standalone/run-log.js';
import type { Machine } from '../modules/standalone/settings/directories.js';
import { logHeaderAttributesOf } from '../modules/standalone/settings/log-header-attributes.js';
import { runPaths, type RunSettings } from '../modules/standalone/settings/run-settings.js';
import { UsageError } from '../modules/standalone/settings/usage-error.js';
import { StandaloneGateway } from '../modules/standalone/standalone-gateway.js';
import type { Terminal } from '../modules/standalone/terminal.js';
import { buildVersion } from '../platform/config/version.js';
import { UserFacingError } from '../shared/errors.js';

/** The same place from src/app and from dist/app. */
const PACKAGE_ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ENTRY_POINT = fileURLToPath(new URL('../main.js', import.meta.url));

/** Ties the gateway to the life of the application. */
class StandaloneLife implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(private readonly gateway: StandaloneGateway) {}

  onApplicationBootstrap(): Promise<void> {
    return this.gateway.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.gateway.stop();
  }
}

@Module({})
class StandaloneModule {
  static forRun(gateway: StandaloneGateway): DynamicModule {
    return {
      module: StandaloneModule,
      providers: [
        { provide: StandaloneGateway, useValue: gateway },
        {
          provide: StandaloneLife,
          inject: [StandaloneGateway],
          useFactory: (one: StandaloneGateway) => new StandaloneLife(one),
        },
      ],
    };
  }
}

/** What the run takes from the process. */
export interface RunContext {
  readonly machine: Machine;
  readonly terminal: Terminal;
  readonly stdin: AsyncIterable<Uint8Array | string>;
  /** On the clock of `performance.now()`. */
  readonly startedAtMs: number;
}

/**
 * Serves until a signal or until a part is lost for good. The first signal drains, the second one ends at once.
 * Resolves with the exit code. Throws UserFacingError when the gateway cannot start or a part is lost.
 */
export async function runStandalone(settings: RunSettings, context: RunContext): Promise<number> {
  const gateway = composeGateway(settings, context);
  const signals = new EndSignals();
  try {
    const starting = NestFactory.createApplicationContext(StandaloneModule.forRun(gateway), {
      logger: false,
      abortOnError: false,
    }).then((app) => app.init());
    const early = await Promise.race([starting.then(() => undefined), signals.first]);
    if (early) {
      starting.catch(() => undefined);
      await gateway.kill();
      return exitCodeOf(early);
    }
    const app = await starting;
    const end = await Promise.race([signals.first, gateway.lost]);
    const forced = await Promise.race([app.close().then(() => undefined), signals.second]);
    if (forced) {
      await gateway.kill();
      return exitCodeOf(forced);
    }
    if (end instanceof Error) throw new UserFacingError(end.message, { cause: end });
    return 0;
  } finally {
    signals.release();
  }
}

function composeGateway(
  settings: RunSettings,
  { machine, terminal, stdin, startedAtMs }: RunContext,
): StandaloneGateway {
  const paths = runPaths(settings);
  const ports = demoPorts(machine.env);
  const caPath = systemCaPath(machine.env, existsSync);
  const source = new ConfigSource({
    origin: chooseOrigin(settings.path, settings.directories, machine.env),
    env: withDemoPorts(machine.env, ports),
    isLenient: settings.isLenient,
    stdin,
    plan: {
      version: buildVersion(),
      xdsDirectory: paths.xds,
      socketPath: paths.socket,
      logHeaderAttributes: logHeaderAttributesOf(machine.env),
      ...(caPath === undefined ? {} : { systemCaPath: caPath }),
    },
  });
  const envoyBinary = findEnvoy(machine.env, PACKAGE_ROOT);
  return new StandaloneGateway({
    settings,
    paths,
    source,
    envoyBinary,
    terminal,
    startedAtMs,
    demoPorts: ports,
    entryPoint: ENTRY_POINT,
    env: machine.env,
    log: openLog(paths.log),
  });
}

function openLog(path: string): RunLog {
  try {
    return new RunLog(path);
  } catch (cause) {
    throw new UsageError(`run: failed to create run options: ${(cause as Error).message}; set --state-home`, { cause });
  }
}

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
type EndSignal = keyof typeof SIGNALS;

/** What a shell reports for a process that a signal ended. */
const exitCodeOf = (signal: EndSignal): number => 128 + SIGNALS[signal];

/** The first and the second request to end. */
class EndSignals {
  readonly first: Promise<EndSignal>;
  readonly second: Promise<EndSignal>;
  readonly #release: () => void;

  constructor() {
    const waiting: ((signal: EndSignal) => void)[] = [];
    this.first = new Promise((resolve) => waiting.push(resolve));
    this.second = new Promise((resolve) => waiting.push(resolve));
    const onSignal = (signal: NodeJS.Signals): void => waiting.shift()?.(signal as EndSignal);
    const names = Object.keys(SIGNALS) as EndSignal[];
    for (const name of names) process.on(name, onSignal);
    this.#release = () => {
      for (const name of names) process.off(name, onSignal);
    };
  }

  release(): void {
    this.#release();
  }
}
