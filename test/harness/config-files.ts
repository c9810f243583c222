import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { splitBundle } from '../../src/shared/filter-config/bundle.js';
import { writeAtomically } from './atomic-write.js';

/**
 * How the processor gets its configuration: one file, a bundle of parts as the controller projects it, or a bundle whose
 * parts are not there yet when the process starts.
 */
export type ConfigSourceKind = 'file' | 'bundle' | 'late-bundle';

/** The files behind `-configPath` or `-configBundlePath`. */
export class ConfigFiles {
  readonly flags: readonly string[];
  readonly #path: string;

  constructor(
    directory: string,
    private readonly kind: ConfigSourceKind,
    text: string,
  ) {
    if (kind === 'file') {
      this.#path = join(directory, 'filter-config.yaml');
      this.flags = ['-configPath', this.#path];
      this.write(text);
      return;
    }
    this.#path = join(directory, 'bundle');
    this.flags = ['-configBundlePath', this.#path];
    mkdirSync(join(this.#path, 'parts'), { recursive: true });
    if (kind === 'bundle') this.write(text);
    else writeFileSync(join(this.#path, 'index.yaml'), split(text).index);
  }

  write(text: string): void {
    if (this.kind === 'file') {
      writeAtomically(this.#path, text);
      return;
    }
    const { index, parts } = split(text);
    for (const { path, bytes } of parts) writeFileSync(join(this.#path, path), bytes);
    writeAtomically(join(this.#path, 'index.yaml'), index);
  }
}

const split = (text: string) => splitBundle(text, { version: '', uuid: 'bundle' }, (index) => `part-${index}`);
