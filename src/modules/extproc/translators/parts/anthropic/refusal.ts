import { UserFacingError } from '../../../../../shared/errors.js';

/** Something that Claude cannot be given: 422. The value itself is never told. */
export const refusal = (path: string, found: string, expected: string): UserFacingError =>
  new UserFacingError(`cannot send "${path}" to Claude: found ${found}, expected ${expected}`);
