import { UserFacingError } from '../../../../../shared/errors.js';

/** What a stateless conversion cannot do: 422. @param todo Sentence that says what to do instead. */
export const cannotConvert = (path: string, why: string, todo: string) =>
  new UserFacingError(`"${path}" cannot be used with this backend: ${why}. ${todo}`);

/** A file that lies with OpenAI. @param path Of the member. */
export const storedFile = (path: string) =>
  cannotConvert(path, 'files kept at OpenAI are not within its reach', 'Send the data or a URL of the file.');
