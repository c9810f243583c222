import { versionHeader } from '../translators/parts/messages/anthropic-version.js';
import { prefixedPath } from '../translators/parts/openai/passthrough.js';
import type { PassedCell } from './passed-endpoint.js';

/** The client's request at the same place below the schema's prefix. */
export const anthropicResource: PassedCell = (call) => ({
  path: prefixedPath(call.schema.prefix, call.operation),
  sets: versionHeader(call),
});
