import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, fail, node, readText, step } from './progress.mjs';
import { spawnSync } from 'node:child_process';

const STAMP = join(ROOT, 'node_modules', '.installed-lock-sha256');

/** Installs the npm packages once per content of package-lock.json. */
export function ensureDependencies() {
  if (Number(process.versions.node.split('.')[0]) < 20) {
    fail(`Node ${process.versions.node} is too old`, 'Install Node 20 or newer; the project brings Node 24 itself.');
  }
  const wanted = createHash('sha256')
    .update(readFileSync(join(ROOT, 'package-lock.json')))
    .digest('hex');
  if (readText(STAMP) === wanted) return;
  // Not `npm ci`: it refuses a lock file that misses optional packages of other platforms, and a registry mirror
  // need not carry those. `install --no-save` takes the locked versions and writes neither file.
  step('installing npm packages', 'npm', ['install', '--no-save', '--no-progress', '--loglevel=error']);
  requireNode24();
  writeFileSync(STAMP, wanted);
}

function requireNode24() {
  const version = spawnSync(node(), ['--version'], { encoding: 'utf8' }).stdout?.trim() ?? '';
  if (Number(version.slice(1).split('.')[0]) >= 24) return;
  fail(
    `this machine (${process.platform} ${process.arch}) has Node ${version || 'unknown'}, and no npm package brings Node 24 for it`,
    existsSync(node()) ? 'Put Node 24 or newer first on PATH and start again.' : 'Install Node 24 or newer.',
  );
}
