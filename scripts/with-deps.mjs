// usage: node scripts/with-deps.mjs COMMAND [ARGS…] — installs the npm packages when needed, then runs COMMAND on Node 24.
import { spawnSync } from 'node:child_process';
import { ensureDependencies } from './setup/dependencies.mjs';
import { ROOT } from './setup/progress.mjs';
import { environment } from './setup/environment.mjs';

ensureDependencies();
const [command, ...args] = process.argv.slice(2);
process.exit(spawnSync(command, args, { cwd: ROOT, stdio: 'inherit', env: environment() }).status ?? 1);
