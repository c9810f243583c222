import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Environment } from '../settings/directories.js';
import { GENERATED_NAME, type ConfigOrigin } from '../config-input.js';
import { planConfiguration, type Planned, type PlanOptions } from '../plan.js';
import { parseResources } from '../resources/parse-resources.js';
import { readInputs, type ResourceInput } from '../resources/read-inputs.js';

const STDIN_NAME = '(stdin)';

export interface ConfigSourceOptions {
  readonly origin: ConfigOrigin;
  readonly env: Environment;
  readonly isLenient: boolean;
  readonly plan: Omit<PlanOptions, 'name' | 'isLenient'>;
  readonly readStdin: () => Promise<string>;
}

export interface Reading extends Planned {
  /** The whole text that was read. */
  readonly text: string;
}

/** Reads the configuration, wherever it comes from, and makes a plan of it. */
export class ConfigSource {
  readonly #options: ConfigSourceOptions;
  #stdin: Promise<string> | undefined;
  /** Files that Secrets take values from, by path; undefined: could not be read. */
  #referenced: ReadonlyMap<string, string | undefined> = new Map();
  #fingerprint = '';

  constructor(options: ConfigSourceOptions) {
    this.#options = options;
  }

  get #name(): string {
    const { origin } = this.#options;
    if (origin.kind === 'path') return origin.path;
    return origin.kind === 'stdin' ? STDIN_NAME : GENERATED_NAME;
  }

  /** False for what cannot change: standard input and the environment. */
  get canChange(): boolean {
    return this.#options.origin.kind === 'path';
  }

  /** Directories whose changes may change the configuration. */
  get watchedDirectories(): string[] {
    const { origin } = this.#options;
    if (origin.kind !== 'path') return [];
    return [
      ...new Set([origin.path, dirname(origin.path), ...[...this.#referenced.keys()].map((path) => dirname(path))]),
    ];
  }

  /** Throws UserFacingError when the text itself cannot be read. */
  async read(): Promise<Reading> {
    return this.#plan(await this.#inputs());
  }

  /** Undefined when everything that was read last time is as it was. Throws as {@link read}. */
  async readIfChanged(): Promise<Reading | undefined> {
    const inputs = await this.#inputs();
    const files = [...this.#referenced.keys()].map((path): [string, string | undefined] => [path, readText(path)]);
    if (fingerprintOf(inputs, new Map(files)) === this.#fingerprint) return undefined;
    return this.#plan(inputs);
  }

  /** The next {@link readIfChanged} reads in any case. */
  forget(): void {
    this.#fingerprint = '';
  }

  #plan(inputs: readonly ResourceInput[]): Reading {
    const { env, isLenient, plan } = this.#options;
    const referenced = new Map<string, string | undefined>();
    const resources = parseResources(inputs, {
      env,
      lenient: isLenient,
      readFile: (path) => {
        referenced.set(path, undefined);
        const content = readFileSync(path, 'utf8');
        referenced.set(path, content);
        return content;
      },
    });
    this.#referenced = referenced;
    this.#fingerprint = fingerprintOf(inputs, referenced);
    return {
      ...planConfiguration(resources, { ...plan, isLenient, name: this.#name }),
      text: inputs.map((input) => input.text).join('\n'),
    };
  }

  async #inputs(): Promise<readonly ResourceInput[]> {
    const { origin, readStdin } = this.#options;
    switch (origin.kind) {
      case 'path':
        return readInputs(origin.path);
      case 'stdin':
        return [{ name: STDIN_NAME, text: await (this.#stdin ??= readStdin()) }];
      case 'generated':
        return [{ name: GENERATED_NAME, text: origin.text }];
    }
  }
}

const fingerprintOf = (inputs: readonly ResourceInput[], referenced: ReadonlyMap<string, string | undefined>): string =>
  createHash('sha256')
    .update(JSON.stringify([inputs, [...referenced]]))
    .digest('hex');

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
