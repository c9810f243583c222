// `npm run check`: everything that needs no running program, cheapest first; stops at the first that fails.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureDependencies } from './setup/dependencies.mjs';
import { environment } from './setup/environment.mjs';
import { BIN, ROOT, node, say } from './setup/progress.mjs';

ensureDependencies();

const CHECKS = [
  ['format', 'prettier', ['--check', '--log-level', 'warn', '.']],
  ['lint', 'oxlint', ['--type-aware', '--quiet']],
  ['types', node(), ['node_modules/typescript7/bin/tsc', '--noEmit']],
  ['dependency rules', 'depcruise', ['--config', '.dependency-cruiser.cjs', '--output-type', 'err', 'src', 'test']],
  ['generated code', node(), ['scripts/generate.mjs', '--check']],
  ['generated documentation', node(), ['scripts/generate-docs.mjs', '--check']],
];

for (const [title, command, args] of CHECKS) {
  const startedMs = Date.now();
  const program = command.includes('/') ? command : join(BIN, command);
  const result = spawnSync(program, args, { cwd: ROOT, stdio: 'inherit', env: environment() });
  if (result.status !== 0) {
    say(`check failed: ${title}`);
    process.exit(1);
  }
  say(`${title}: ok (${((Date.now() - startedMs) / 1000).toFixed(1)} s)`);
}
