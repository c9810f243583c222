import { CONTROLLER_FLAGS } from '../platform/config/controller-flags.js';
import { asksForHelp, describeFlags } from '../platform/config/flags.js';
import { restartWithHeapFlags } from '../platform/heap-flags.js';

/** `aigw controller [flags]`: serves until a signal ends it. @see spec controller.md sections 1 and 2 */
export async function controller(argv: readonly string[]): Promise<number> {
  if (asksForHelp(argv)) {
    process.stdout.write(`usage: aigw controller [flags]\n\n${describeFlags(CONTROLLER_FLAGS)}`);
    return 0;
  }
  restartWithHeapFlags();
  const { parseControllerSettings } = await import('../platform/config/controller-settings.js');
  const settings = parseControllerSettings(argv, process.env);
  const { runController } = await import('../app/controller.app.js');
  return await runController(settings);
}
