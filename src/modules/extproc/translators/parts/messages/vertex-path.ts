import { percentEncode } from '../aws/model-path.js';

/** A version stands behind the model with `@`; a colon begins the operation. */
const KEPT_IN_MODEL = /[\w.~@-]/;

/** Below `/v1/projects/…/locations/…/`, which the credentials put in front. @see spec translators.md section 1 */
export const claudeOnVertexPath = (model: string, operation: 'rawPredict' | 'streamRawPredict'): string =>
  `publishers/anthropic/models/${percentEncode(model, KEPT_IN_MODEL)}:${operation}`;

/** The name of a model in a body, where a version that floats means nothing; a dated one stays. @see spec translators.md section 12 */
export const withoutFloatingVersion = (model: string): string => model.replace(/@default$/, '').replace(/@latest$/, '');
