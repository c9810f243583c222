import { UserFacingError } from '../../../shared/errors.js';

/** Trying again without a change of the world is of no use; said in conditions. */
export class TerminalError extends UserFacingError {
  override readonly name = 'TerminalError';
}
