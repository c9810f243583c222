import { UserFacingError } from '../shared/errors.js';

/** Runs a mode with the words after its name and gives the exit code of the process. */
export type RunMode = (argv: readonly string[]) => Promise<number>;

export interface Mode {
  readonly summary: string;
  /** Loads the code of this mode only: `version` and `healthcheck` are asked often and must answer at once. */
  load(): Promise<RunMode>;
}

export const MODES: Readonly<Record<string, Mode>> = {
  extproc: {
    summary: 'External Processor that Envoy calls for each AI request',
    load: async () => (await import('./extproc.js')).extproc,
  },
  controller: {
    summary: 'control plane on Kubernetes, beside Envoy Gateway',
    load: async () => (await import('./controller.js')).controller,
  },
  run: {
    summary: 'the whole gateway on this machine, from YAML files',
    load: async () => (await import('./run.js')).run,
  },
  translate: {
    summary: 'prints what the gateway generates from YAML files',
    load: async () => (await import('./translate.js')).translate,
  },
  healthcheck: {
    summary: 'asks whether the gateway on this machine is ready',
    load: async () => (await import('./healthcheck.js')).healthcheck,
  },
  version: {
    summary: 'prints the version',
    load: async () => (await import('./version.js')).version,
  },
};

interface Output {
  write(text: string): unknown;
}

const HELP_WORDS: ReadonlySet<string> = new Set(['help', '-h', '-help', '--help']);
const USAGE_ERROR = 2;
const FAILURE = 1;

/** Runs the mode that the first word names. Failures become one `error: …` on `stderr` and an exit code. */
export async function dispatch(
  argv: readonly string[],
  stdout: Output,
  stderr: Output,
  modes: Readonly<Record<string, Mode>> = MODES,
  defaultMode?: string,
): Promise<number> {
  const [name = '', ...rest] = withDefaultMode(argv, defaultMode);
  if (HELP_WORDS.has(name)) {
    stdout.write(usage(modes));
    return 0;
  }
  if (!Object.hasOwn(modes, name)) {
    const fault = name === '' ? 'no mode given' : `unknown mode "${name}"`;
    stderr.write(`error: ${fault}\n\n${usage(modes)}`);
    return USAGE_ERROR;
  }
  try {
    const run = await modes[name]!.load();
    return await run(rest);
  } catch (error) {
    stderr.write(`error: ${explain(error)}\n`);
    return FAILURE;
  }
}

/** Images are started with flags alone, in the place of the reference's, which have one mode each. */
const withDefaultMode = (argv: readonly string[], mode: string | undefined): readonly string[] =>
  mode && argv[0]?.startsWith('-') && !HELP_WORDS.has(argv[0]) ? [mode, ...argv] : argv;

function usage(modes: Readonly<Record<string, Mode>>): string {
  const width = Math.max(...Object.keys(modes).map((name) => name.length));
  const lines = Object.entries(modes).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}\n`);
  return `usage: aigw <mode> [flags]\n\n${lines.join('')}\n"aigw <mode> -help" lists the flags of a mode.\n`;
}

/** What is no user-facing error is a mistake of ours: its stack is what a report needs. */
function explain(error: unknown): string {
  if (error instanceof UserFacingError) return error.message;
  return error instanceof Error ? (error.stack ?? String(error)) : String(error);
}
