import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { realPart } from '../real-part.js';
import { ENVOY_ADMIN_PORT, ENVOY_STATS_PORT, envoyArgs } from './envoy-args.js';

/** Where the External Processor serves probes and metrics when it is not told otherwise. */
export const EXTPROC_ADMIN_PORT = 1064;
/** Ports that every Pod would take for itself: each Pod gets other ones instead. */
export const POD_PORTS = [ENVOY_ADMIN_PORT, ENVOY_STATS_PORT, EXTPROC_ADMIN_PORT];

export interface Program {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface ProgramContext {
  /** Of the container, with its variables expanded. */
  readonly args: readonly string[];
  /** Address of the Pod, one of this machine's own. */
  readonly podIP: string;
  /** Ports of the Pod to those that they have on this machine. */
  readonly ports: ReadonlyMap<number, number>;
  /** UDP port of the name server. */
  readonly dnsPort: number;
}

/** What to run in place of a container's image. Undefined: nothing, the container counts as ready. */
export type ProgramOf = (context: ProgramContext) => Program | undefined;

/** By container name. */
export const PROGRAMS: Readonly<Record<string, ProgramOf>> = {
  envoy: ({ args, ports, dnsPort }) => ({ program: realPart('ENVOY_PATH'), args: envoyArgs(args, { ports, dnsPort }) }),
  'ai-gateway-extproc': extproc,
  // Drains Envoy before its end; the stand-in does that itself.
  'shutdown-manager': () => undefined,
};

function extproc({ args, podIP, ports }: ProgramContext): Program {
  const main = resolve(process.env['AIGW_TEST_MAIN'] ?? 'dist/main.js');
  if (!existsSync(main)) throw new Error(`${main} does not exist: run \`npm run build\``);
  const adminPort = String(ports.get(EXTPROC_ADMIN_PORT) ?? EXTPROC_ADMIN_PORT);
  const moved = withFlag(args, '-adminPort', () => adminPort);
  // Replicas listen on the same port, each on the address of its own Pod.
  const bound = withFlag(moved, '-extProcAddr', (address) =>
    address.startsWith(':') ? `${podIP}${address}` : address,
  );
  // Beside Envoy nobody else sends requests: it is drained before.
  const isBesideEnvoy = bound.some((arg) => arg.startsWith('unix:'));
  const delay = isBesideEnvoy && !bound.some((arg) => /^--?shutdownDelay/.test(arg)) ? ['-shutdownDelay', '0s'] : [];
  const mode = bound[0] === 'extproc' ? [] : ['extproc'];
  return { program: process.execPath, args: [main, ...mode, ...bound, ...delay] };
}

/** Replaces the value of a flag, written `-flag value`, `-flag=value` or with two dashes. */
function withFlag(args: readonly string[], flag: string, change: (value: string) => string): readonly string[] {
  return args.map((arg, index) => {
    const [name, ...rest] = arg.split('=');
    if (rest.length > 0 && isFlag(name, flag)) return `${name}=${change(rest.join('='))}`;
    return isFlag(args[index - 1], flag) ? change(arg) : arg;
  });
}

const isFlag = (arg: string | undefined, flag: string) => arg === flag || arg === `-${flag}`;
