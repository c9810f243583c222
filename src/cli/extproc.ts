import { EXTPROC_FLAGS } from '../platform/config/extproc-flags.js';
import { asksForHelp, describeFlags } from '../platform/config/flags.js';
import { restartWithHeapFlags } from '../platform/heap-flags.js';

/** `aigw extproc [flags]`: serves until a signal ends it. @see spec extproc.md section 1 */
export async function extproc(argv: readonly string[]): Promise<number> {
  if (asksForHelp(argv)) {
    process.stdout.write(`usage: aigw extproc [flags]\n\n${describeFlags(EXTPROC_FLAGS)}`);
    return 0;
  }
  restartWithHeapFlags();
  const { parseExtprocSettings } = await import('../platform/config/extproc-settings.js');
  const settings = parseExtprocSettings(argv, process.env);
  const { runExtproc } = await import('../app/extproc.app.js');
  await runExtproc(settings);
  return 0;
}
