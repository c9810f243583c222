import { asksForHelp, booleanFlag, describeFlags } from '../platform/config/flags.js';
import { parseCommandLine } from '../modules/standalone/settings/command-line.js';
import { expandPath } from '../modules/standalone/settings/directories.js';
import { reportFailure, UsageError } from '../modules/standalone/settings/usage-error.js';
import { terminalOn } from '../modules/standalone/terminal.js';
import { thisMachine } from './run.js';

const FLAGS = {
  xds: booleanFlag('print the configuration of Envoy as well'),
  lenient: booleanFlag('warn about kinds and fields that are not supported instead of refusing them'),
};

/** `aigw translate [flags] file|directory|-`: prints what the gateway would generate, as YAML, without secrets. */
export async function translate(argv: readonly string[]): Promise<number> {
  const terminal = terminalOn(process.stdout, process.stderr);
  if (asksForHelp(argv)) {
    terminal.out(`usage: aigw translate [flags] file|directory|-\n\n${describeFlags(FLAGS)}`);
    return 0;
  }
  return reportFailure(terminal, 'Error translating', async () => {
    const { values, words } = parseCommandLine(FLAGS, argv);
    const [path, extra] = words;
    if (path === undefined) throw new UsageError('translate: expected a file, a directory or -');
    if (extra !== undefined) throw new UsageError(`unexpected argument ${extra}`);
    const machine = thisMachine();
    const { translateToYaml } = await import('../modules/standalone/translate-to-yaml.js');
    return translateToYaml({
      path: path === '-' ? '-' : expandPath(path, machine),
      env: machine.env,
      isLenient: values.lenient,
      withXds: values.xds,
      stdin: process.stdin,
      terminal,
    });
  });
}
