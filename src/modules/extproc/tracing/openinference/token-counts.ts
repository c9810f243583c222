import { isJsonObject, numberOf, objectOf, type JsonValue } from '../../codec/json-value.js';
import { attributeKeys } from './attribute-keys.js';
import type { AttributeRecord } from './attribute-record.js';

/** A count as a whole number; undefined for what is none. */
export function countOf(value: JsonValue | undefined): number | undefined {
  const number = numberOf(value);
  return number === undefined || !Number.isFinite(number) || number < 0 ? undefined : Math.trunc(number);
}

/** Undefined for zero too. */
export const positiveCountOf = (value: JsonValue | undefined): number | undefined => countOf(value) || undefined;

/** Prompt, completion and total, as completions and embeddings have them. */
export function setTokenCounts(record: AttributeRecord, usage: JsonValue | undefined): void {
  const { prompt_tokens: prompt, completion_tokens: completion, total_tokens: total } = objectOf(usage);
  record.set(attributeKeys.promptTokens, positiveCountOf(prompt));
  record.set(attributeKeys.completionTokens, positiveCountOf(completion));
  record.set(attributeKeys.totalTokens, positiveCountOf(total));
}

/** As {@link setTokenCounts}, with details. @see spec observability.md 4.3, "Token count keys" */
export function setChatTokenCounts(record: AttributeRecord, usage: JsonValue | undefined): void {
  setTokenCounts(record, usage);
  const { prompt_tokens_details: prompt, completion_tokens_details: completion } = objectOf(usage);
  const { prompt_tokens: promptTokens, completion_tokens: completionTokens } = objectOf(usage);
  if (isJsonObject(prompt) && positiveCountOf(promptTokens) !== undefined) {
    record.set(attributeKeys.promptAudioTokens, countOf(prompt['audio_tokens']) ?? 0);
    record.set(attributeKeys.cacheReadTokens, countOf(prompt['cached_tokens']) ?? 0);
    record.set(attributeKeys.cacheCreationTokens, countOf(prompt['cache_creation_input_tokens']) ?? 0);
  }
  if (isJsonObject(completion) && positiveCountOf(completionTokens) !== undefined) {
    record.set(attributeKeys.completionAudioTokens, countOf(completion['audio_tokens']) ?? 0);
    record.set(attributeKeys.reasoningTokens, countOf(completion['reasoning_tokens']) ?? 0);
  }
}

/** @see spec observability.md 4.3, responses */
export function setResponsesTokenCounts(record: AttributeRecord, value: JsonValue | undefined): void {
  const usage = objectOf(value);
  const input = objectOf(usage['input_tokens_details']);
  record.set(attributeKeys.promptTokens, positiveCountOf(usage['input_tokens']));
  record.set(attributeKeys.completionTokens, positiveCountOf(usage['output_tokens']));
  record.set(attributeKeys.totalTokens, positiveCountOf(usage['total_tokens']));
  record.set(attributeKeys.cacheReadTokens, positiveCountOf(input['cached_tokens']));
  record.set(attributeKeys.cacheCreationTokens, positiveCountOf(input['cache_creation_input_tokens']));
  const { reasoning_tokens: reasoning } = objectOf(usage['output_tokens_details']);
  record.set(attributeKeys.reasoningTokens, positiveCountOf(reasoning));
}

/** All five, zeros for an answer without usage; input comprises what was read from and written to caches. */
export function setMessagesTokenCounts(record: AttributeRecord, value: JsonValue | undefined): void {
  const usage = objectOf(value);
  const count = (name: string) => countOf(usage[name]) ?? 0;
  const cacheRead = count('cache_read_input_tokens');
  const cacheCreation = count('cache_creation_input_tokens');
  const prompt = count('input_tokens') + cacheRead + cacheCreation;
  const completion = count('output_tokens');
  record.set(attributeKeys.promptTokens, prompt);
  record.set(attributeKeys.cacheReadTokens, cacheRead);
  record.set(attributeKeys.cacheCreationTokens, cacheCreation);
  record.set(attributeKeys.completionTokens, completion);
  record.set(attributeKeys.totalTokens, prompt + completion);
}
