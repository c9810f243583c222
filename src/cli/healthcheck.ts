import { asksForHelp, describeFlags, optionalTextFlag } from '../platform/config/flags.js';
import { checkHealth } from '../modules/standalone/check-health.js';
import { parseCommandLine } from '../modules/standalone/settings/command-line.js';
import { DIRECTORY_FLAGS, resolveDirectories } from '../modules/standalone/settings/directories.js';
import { reportFailure, UsageError } from '../modules/standalone/settings/usage-error.js';
import { terminalOn } from '../modules/standalone/terminal.js';
import { thisMachine } from './run.js';

const FLAGS = {
  'run-id': optionalTextFlag('the run to ask (AIGW_RUN_ID, else the newest one)'),
  ...DIRECTORY_FLAGS,
};

/** `aigw healthcheck`: exit code 0 when the gateway on this machine is ready, else 1. @see spec ops.md A1 */
export async function healthcheck(argv: readonly string[]): Promise<number> {
  const terminal = terminalOn(process.stdout, process.stderr);
  if (asksForHelp(argv)) {
    terminal.out(`usage: aigw healthcheck [flags]\n\n${describeFlags(FLAGS)}`);
    return 0;
  }
  return reportFailure(terminal, 'Health check failed', async () => {
    const { values, words } = parseCommandLine(FLAGS, argv);
    if (words[0] !== undefined) throw new UsageError(`unexpected argument ${words[0]}`);
    const machine = thisMachine();
    const { runtimeDirectory } = resolveDirectories(values, machine);
    await checkHealth(runtimeDirectory, values['run-id'] ?? (machine.env['AIGW_RUN_ID'] || undefined));
    return 0;
  });
}
