/** A failure whose message may be shown to the person who caused it. Never holds a body or a credential. */
export class UserFacingError extends Error {
  override readonly name: string = 'UserFacingError';
}
