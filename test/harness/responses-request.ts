import { UserFacingError } from '../../src/shared/errors.js';
import type { SchemaName } from '../../src/shared/filter-config/filter-config.js';
import type { JsonObject } from '../../src/modules/extproc/codec/json-value.js';
import { MalformedRequestError } from '../../src/modules/extproc/request-error.js';
import { readResponsesRequest } from '../../src/modules/extproc/translators/parts/responses/read-responses-request.js';

/** Reads a Responses request with these members besides a model and an input. */
export const readMembers = (members: JsonObject, schema: SchemaName = 'Anthropic') =>
  readResponsesRequest({ model: 'm', input: 'hi', ...members }, false, { schema });

/** The status and the text that such a request is refused with, or `accepted`. */
export function refusalOf(members: JsonObject, schema?: SchemaName): string {
  try {
    readMembers(members, schema);
  } catch (error) {
    if (error instanceof MalformedRequestError) return `400 ${error.message}`;
    if (error instanceof UserFacingError) return `422 ${error.message}`;
    throw error;
  }
  return 'accepted';
}
