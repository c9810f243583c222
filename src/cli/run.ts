import { homedir } from 'node:os';
import { asksForHelp, describeFlags } from '../platform/config/flags.js';
import type { Machine } from '../modules/standalone/settings/directories.js';
import { parseRunSettings, RUN_FLAGS } from '../modules/standalone/settings/run-settings.js';
import { reportFailure } from '../modules/standalone/settings/usage-error.js';
import { terminalOn } from '../modules/standalone/terminal.js';

/** `aigw run [flags] [file|directory|-]`: the whole gateway on this machine, until a signal ends it. @see spec ops.md A1 */
export async function run(argv: readonly string[]): Promise<number> {
  const terminal = terminalOn(process.stdout, process.stderr);
  if (asksForHelp(argv)) {
    terminal.out(`usage: aigw run [flags] [file|directory|-]\n\n${describeFlags(RUN_FLAGS)}`);
    return 0;
  }
  return reportFailure(terminal, 'Error running', async () => {
    const machine = thisMachine();
    const nowMs = performance.timeOrigin + performance.now();
    const settings = parseRunSettings(argv, machine, new Date(nowMs), nowMs * 1_000);
    const { runStandalone } = await import('../app/standalone.app.js');
    // The clock of performance.now() starts with the process, and so does what the ready line tells.
    return runStandalone(settings, { machine, terminal, stdin: process.stdin, startedAtMs: 0 });
  });
}

export const thisMachine = (): Machine => ({
  env: process.env,
  home: homedir(),
  workingDirectory: process.cwd(),
  userId: process.getuid?.() ?? 0,
});
