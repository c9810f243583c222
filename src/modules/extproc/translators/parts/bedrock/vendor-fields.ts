import type { JsonObject } from '../../../codec/json-value.js';
import { isJsonArray, isJsonObject } from '../../../codec/json-value.js';
import { optionalObject } from '../request-fields.js';

/** Members of Converse that clients may set in its own words, in the body of either dialect (translators.md G29). */
const VERBATIM = ['requestMetadata', 'performanceConfig', 'promptVariables'] as const;

/** Names of all members that {@link vendorFields} reads. */
export const VENDOR_FIELDS: readonly string[] = ['guardrailConfig', 'additionalModelRequestFields', ...VERBATIM];

/**
 * @param additionalFields Of the converter; the client's own win
 * @throws {MalformedRequestError} when one is no object
 * @see spec translators.md 18.4.4
 */
export function vendorFields(fields: JsonObject, additionalFields: JsonObject, isStreaming: boolean): JsonObject {
  const additional = merged(additionalFields, optionalObject(fields, 'additionalModelRequestFields', '') ?? {});
  const guardrail = optionalObject(fields, 'guardrailConfig', '');
  return {
    ...(guardrail === undefined ? {} : { guardrailConfig: isStreaming ? guardrail : wholeGuardrail(guardrail) }),
    ...Object.fromEntries(
      VERBATIM.flatMap((name) => {
        const value = optionalObject(fields, name, '');
        return value === undefined ? [] : [[name, value]];
      }),
    ),
    ...(Object.keys(additional).length === 0 ? {} : { additionalModelRequestFields: additional }),
  };
}

/** Only streams have a processing mode. */
const wholeGuardrail = (guardrail: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(guardrail).filter(([name]) => name !== 'streamProcessingMode'));

/** Objects are joined member by member and lists one behind the other; of anything else the client's counts. */
function merged(own: JsonObject, client: JsonObject): JsonObject {
  const both = Object.entries(client).map(([name, theirs]) => {
    const ours = Object.hasOwn(own, name) ? own[name] : undefined;
    if (isJsonObject(ours) && isJsonObject(theirs)) return [name, { ...ours, ...theirs }];
    if (isJsonArray(ours) && isJsonArray(theirs)) return [name, [...new Set([...ours, ...theirs])]];
    return [name, theirs];
  });
  return { ...own, ...Object.fromEntries(both) };
}
