// `npm run bench`: sets up what is missing, then measures the External Processor behind a real Envoy, and the controller on a
// real API server (docs: SECS, CONNS, ROUTES and CASES choose the load, see test/bench/cases.mjs). All traffic stays on
// 127.0.0.1. Exit code 1: a target is missed.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureLoadTools } from '../test/bench/tools.mjs';
import { ensureBuild } from './setup/build.mjs';
import { ensureDependencies } from './setup/dependencies.mjs';
import { environment } from './setup/environment.mjs';
import { ensureEnvoy } from './setup/envoy.mjs';
import { controlPlaneParts } from './setup/kubernetes-parts.mjs';
import { ROOT, fail, node } from './setup/progress.mjs';

if (process.platform !== 'linux') fail('the benchmark reads CPU and memory from /proc', 'Run it on Linux.');
ensureLoadTools();
ensureDependencies();
if (!process.env.AIGW_TEST_MAIN) ensureBuild();
const run = spawn(node(), [join(ROOT, 'test', 'bench', 'run.mjs')], {
  cwd: ROOT,
  stdio: 'inherit',
  env: environment({ ENVOY_PATH: ensureEnvoy(), ...(isAsked('control-plane') ? controlPlaneParts() : {}) }),
});
// npm and the terminal signal the whole foreground group; the run cleans up and we report its exit code.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => run.kill(signal));
run.on('exit', (code) => process.exit(code ?? 1));

/** CASES names what is measured; without it everything is. */
function isAsked(name) {
  return (process.env.CASES || name).split(',').includes(name);
}
