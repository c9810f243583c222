import { spawnSync } from 'node:child_process';
import { Unavailable } from './progress.mjs';

/** As in test/harness/kube/container.ts, which runs Envoy Gateway and the containers of Pods in such namespaces. */
const NAMESPACES = process.getuid?.() === 0 ? ['--mount'] : ['--user', '--map-root-user', '--mount'];

/** Throws `Unavailable` unless programs can be given files at absolute paths of their own. */
export function requireMountNamespaces() {
  const result = spawnSync('unshare', [...NAMESPACES, 'mount', '-t', 'tmpfs', 'aigw-test', '/tmp'], {
    encoding: 'utf8',
  });
  if (result.status === 0) return;
  throw new Unavailable(
    `no mount namespaces (${(result.stderr || result.error?.message || 'unshare failed').trim()})`,
    'Run on Linux with util-linux, as root or where users may make namespaces; in a container add the capability SYS_ADMIN.',
  );
}
