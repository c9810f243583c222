import { mkdtempSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { RunningProcess } from '../running-process.js';

/** A file or folder of this machine, and the absolute path at which the program sees it. */
export interface Mount {
  readonly path: string;
  readonly source: string;
}

export interface ContainerSettings {
  readonly program: string;
  readonly args: readonly string[];
  readonly mounts: readonly Mount[];
  /** Added to this process' environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** An existing folder, in which the container gets one of its own. */
  readonly directory: string;
}

/** Mounting needs the rights of root: root of the machine, or of a user namespace of our own. */
const NAMESPACES = process.getuid?.() === 0 ? ['--mount'] : ['--user', '--map-root-user', '--mount'];
const SCRIPT = resolve('test/harness/kube/container.sh');

/**
 * A program that sees files where Kubernetes would mount them: it has a mount namespace (Linux) of its own. Network,
 * processes and all other files are those of the machine; it is signalled by the id of the process that is returned.
 */
export function startContainer({ program, args, mounts, env, directory }: ContainerSettings): RunningProcess {
  const root = mkdtempSync(join(directory, 'root-'));
  const pairs = mounts.flatMap(({ path, source }) => [path, source]);
  return new RunningProcess('unshare', [...NAMESPACES, 'sh', SCRIPT, root, ...pairs, '--', program, ...args], env);
}
