import { spawnSync } from 'node:child_process';
import { Unavailable } from './progress.mjs';

/** What Envoy Gateway's go.mod asks for, the most of all modules that are built here. */
const NEEDED = [1, 26, 4];
const REMEDY = `Install Go ${NEEDED.join('.')} or newer (https://go.dev/dl) and put \`go\` on PATH; or, with an older Go from 1.21, set GOTOOLCHAIN=auto.`;

/** Environment of all `go` commands: reproducible static binaries, and no other Go than the one on PATH by default. */
export const goEnvironment = () => ({
  ...process.env,
  CGO_ENABLED: '0',
  GOFLAGS: '-trimpath -buildvcs=false',
  GOTOOLCHAIN: process.env.GOTOOLCHAIN ?? 'local',
  GOWORK: 'off',
});

/** Throws `Unavailable` unless there is a Go that can build the tools. */
export function requireGo() {
  const result = spawnSync('go', ['env', 'GOVERSION', 'GOTOOLCHAIN'], { encoding: 'utf8', env: goEnvironment() });
  if (result.status !== 0) throw new Unavailable('there is no `go` on PATH', REMEDY);
  const [version, toolchain] = result.stdout.trim().split('\n');
  if (toolchain !== 'local' || isAtLeast(version.replace(/^go/, '').split('.').map(Number.parseFloat))) return;
  throw new Unavailable(`the Go on PATH is ${version}`, REMEDY);
}

function isAtLeast(version) {
  const different = NEEDED.findIndex((part, index) => (version[index] ?? 0) !== part);
  return different === -1 || (version[different] ?? 0) > NEEDED[different];
}
