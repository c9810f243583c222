import { isJsonArray, isJsonObject, numberOf, type JsonObject, type JsonValue } from '../../codec/json-value.js';
import { attributeKeys } from './attribute-keys.js';
import type { AttributeRecord } from './attribute-record.js';
import type { Redaction } from './redaction.js';

/**
 * Parameters whose texts tell nothing of prompts, at any depth. When inputs are hidden only these keep texts: a list of
 * those that do tell something would leak what the next version of an API adds.
 */
const CONTENT_FREE = new Set([
  'background',
  'budget_tokens',
  'cache_control',
  'container',
  'context_management',
  'effort',
  'encoding_format',
  'include_usage',
  'input_fidelity',
  'metadata',
  'modalities',
  'model',
  'n',
  'output_compression',
  'output_format',
  'partial_images',
  'prompt_cache_key',
  'prompt_cache_retention',
  'quality',
  'reasoning',
  'reasoning_effort',
  'response_format',
  'safety_identifier',
  'service_tier',
  'size',
  'stream',
  'stream_format',
  'stream_options',
  'thinking',
  'tool_choice',
  'truncate',
  'truncation',
  'ttl',
  'type',
  'user',
  'user_id',
  'verbosity',
  'voice',
]);

/** `llm.invocation_parameters`: the request without what is recorded elsewhere. */
export function setInvocationParameters(
  record: AttributeRecord,
  document: JsonObject,
  recordedElsewhere: readonly string[],
  redaction: Redaction,
): void {
  if (redaction.hidesInvocationParameters) return;
  const text = JSON.stringify(shownParameters(without(document, recordedElsewhere), redaction));
  record.set(attributeKeys.invocationParameters, text);
}

/** As {@link setInvocationParameters}, for endpoints whose parameters are the whole body, as its text. */
export function setWholeParameters(
  record: AttributeRecord,
  text: () => string,
  document: JsonObject,
  redaction: Redaction,
): void {
  if (redaction.hidesInvocationParameters) return;
  const shown = redaction.hidesInputs ? JSON.stringify(shownParameters(document, redaction)) : text();
  record.set(attributeKeys.invocationParameters, shown);
}

/** Parameters without their prompts when inputs are hidden. @see spec observability.md 12.2, rows 1 and 2 */
export const shownParameters = (parameters: JsonObject, { hidesInputs }: Redaction): JsonObject =>
  hidesInputs ? withoutContent(parameters) : parameters;

export const without = (value: JsonObject, names: readonly string[]): JsonObject =>
  Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));

/** Numbers and booleans of any name stay. */
function withoutContent(value: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]): readonly (readonly [string, JsonValue])[] => {
      if (member === undefined) return [];
      if (isNumberOrFlag(member)) return [[name, member]];
      return CONTENT_FREE.has(name) ? [[name, contentFree(member)]] : [];
    }),
  );
}

function contentFree(value: JsonValue): JsonValue {
  if (isJsonArray(value)) return value.map(contentFree);
  return isJsonObject(value) ? withoutContent(value) : value;
}

const isNumberOrFlag = (value: JsonValue) =>
  value === null || typeof value === 'boolean' || numberOf(value) !== undefined;
