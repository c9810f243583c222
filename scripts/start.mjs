// `npm start [-- ARGS]`: sets up what is missing, then runs the standalone gateway (default: the bundled quickstart).
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureBuild } from './setup/build.mjs';
import { ensureDependencies } from './setup/dependencies.mjs';
import { environment } from './setup/environment.mjs';
import { ensureEnvoy } from './setup/envoy.mjs';
import { ROOT, node } from './setup/progress.mjs';

ensureDependencies();
ensureBuild();
const envoy = ensureEnvoy();
const given = process.argv.slice(2);
const args = given.length > 0 ? given : [join('examples', 'quickstart.yaml')];
const gateway = spawn(node(), ['dist/main.js', 'run', ...args], {
  cwd: ROOT,
  stdio: 'inherit',
  env: environment({ ENVOY_PATH: envoy }),
});
// npm and the terminal signal the whole foreground group; the gateway drains in order and we report its exit code.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => gateway.kill(signal));
gateway.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
