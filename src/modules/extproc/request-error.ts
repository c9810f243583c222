import { UserFacingError } from '../../shared/errors.js';

/**
 * The client sent a shape that its own API does not know: 400 where a plain {@link UserFacingError} of a translator, which
 * says that this provider cannot do what was asked, is 422. @see spec translators.md 2.1 and 2.2
 */
export class MalformedRequestError extends UserFacingError {
  override readonly name = 'MalformedRequestError';
}
