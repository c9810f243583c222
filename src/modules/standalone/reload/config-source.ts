import { createHash } from 'node:crypto';
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Environment } from '../environment.js';
import { GENERATED_NAME, type ConfigOrigin } from '../config-input.js';
import { planConfiguration, type Planned, type PlanOptions } from '../plan.js';
import { parseResources } from '../resources/parse-resources.js';
import { readInputs, STDIN_NAME, type ResourceInput } from '../resources/read-inputs.js';

export interface ConfigSourceOptions {
  readonly origin: ConfigOrigin;
  readonly env: Environment;
  readonly isLenient: boolean;
  readonly plan: Omit<PlanOptions, 'name' | 'isLenient' | 'isGenerated'>;
  /** Read at most once. */
  readonly stdin: AsyncIterable<Uint8Array | string>;
}

export interface Reading extends Planned {
  /** The whole text that was read. */
  readonly text: string;
  /** Whether it was made from the environment. */
  readonly isGenerated: boolean;
}

/** Reads the configuration, wherever it comes from, and makes a plan of it. */
export class ConfigSource {
  readonly #options: ConfigSourceOptions;
  #stdin: Promise<readonly ResourceInput[]> | undefined;
  /** Files that Secrets take values from, by path; undefined: could not be read. */
  #referenced: ReadonlyMap<string, string | undefined> = new Map();
  #files: readonly string[] = [];
  #fingerprint = '';

  constructor(options: ConfigSourceOptions) {
    this.#options = options;
  }

  get #name(): string {
    const { origin } = this.#options;
    if (origin.kind === 'path') return origin.path;
    return origin.kind === 'stdin' ? STDIN_NAME : GENERATED_NAME;
  }

  /** False for what can be read once only: standard input, a pipe, the environment. */
  get canChange(): boolean {
    const { origin } = this.#options;
    const facts = origin.kind === 'path' ? statSync(origin.path, { throwIfNoEntry: false }) : undefined;
    return facts?.isFile() === true || facts?.isDirectory() === true;
  }

  /** Directories whose changes may change the configuration. */
  get watchedDirectories(): string[] {
    const { origin } = this.#options;
    if (origin.kind !== 'path') return [];
    // Directories and not files: editors and Kubernetes replace files, and a watch would stay with the old one. What a
    // link points to is replaced in another directory.
    const files = [origin.path, ...this.#files, ...this.#referenced.keys()];
    const directories = [...files, ...files.map(realPath)].map((path) => dirname(path));
    return [...new Set([...(isDirectory(origin.path) ? [origin.path] : []), ...directories])];
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
    const { env, isLenient, origin, plan } = this.#options;
    const isGenerated = origin.kind === 'generated';
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
      ...planConfiguration(resources, { ...plan, isLenient, isGenerated, name: this.#name }),
      text: inputs.map((input) => input.text).join('\n'),
      isGenerated,
    };
  }

  async #inputs(): Promise<readonly ResourceInput[]> {
    const { origin, stdin } = this.#options;
    switch (origin.kind) {
      case 'path': {
        const inputs = await readInputs(origin.path);
        this.#files = inputs.map(({ name }) => name);
        return inputs;
      }
      case 'stdin':
        return (this.#stdin ??= readInputs('-', stdin));
      case 'generated':
        return [{ name: GENERATED_NAME, text: origin.text }];
    }
  }
}

const fingerprintOf = (inputs: readonly ResourceInput[], referenced: ReadonlyMap<string, string | undefined>): string =>
  createHash('sha256')
    .update(JSON.stringify([inputs, [...referenced]]))
    .digest('hex');

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

const isDirectory = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
