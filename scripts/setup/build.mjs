import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BIN, ROOT, node, readText, step } from './progress.mjs';

const STAMP = join(ROOT, 'dist', '.sources-sha256');

/** Compiles src to dist when a source changed since the last build. */
export function ensureBuild() {
  const wanted = hashOfSources();
  if (readText(STAMP) === wanted) return;
  step('compiling', node(), [join(BIN, 'nest'), 'build']);
  writeFileSync(STAMP, wanted);
}

function hashOfSources() {
  const hash = createHash('sha256');
  for (const name of ['package-lock.json', 'nest-cli.json', '.swcrc', 'tsconfig.json', 'tsconfig.build.json']) {
    hash.update(readFileSync(join(ROOT, name)));
  }
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.spec.ts'))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
  for (const path of sources) hash.update(`${path}\0`).update(readFileSync(path));
  return hash.digest('hex');
}
