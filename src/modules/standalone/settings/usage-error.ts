import { UserFacingError } from '../../../shared/errors.js';
import type { Terminal } from '../terminal.js';

/** The command line or the environment asks for something that cannot be; nothing was started. */
export class UsageError extends UserFacingError {
  override readonly name = 'UsageError';
}

/** @see spec ops.md A1, "usage error" */
export const USAGE_EXIT_CODE = 80;

/** As the log package of Go writes it: `2026/11/21 03:04:05`. */
function timeStamp(now: Date): string {
  const pad = (value: number) => String(value).padStart(2, '0');
  const day = `${now.getFullYear()}/${pad(now.getMonth() + 1)}/${pad(now.getDate())}`;
  return `${day} ${pad(now.getHours())}:${pad(now.getMinutes())}:${pad(now.getSeconds())}`;
}

/**
 * Runs a command and turns its failure into the lines and exit codes of the reference: `aigw: error: …` and 80 for a
 * usage error, a time-stamped
 * `<what failed>: …` and 1 for what users can mend. Anything else is a mistake of ours and passes through.
 */
export async function reportFailure(terminal: Terminal, failed: string, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UsageError) {
      terminal.err(`aigw: error: ${error.message}`);
      return USAGE_EXIT_CODE;
    }
    if (error instanceof UserFacingError) {
      terminal.err(`${timeStamp(new Date())} ${failed}: ${error.message}`);
      return 1;
    }
    throw error;
  }
}
