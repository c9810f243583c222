import type { TokenUsage } from '../../../shared/token-usage.js';
import { type MemberRanges, JsonSyntaxError, readJson, readString, scanObject } from './json-scan.js';

export interface OpenAIResponseFacts {
  /** Absent when the provider sent none or an empty one. */
  readonly model?: string;
  /** Absent when no counter was reported. */
  readonly usage?: TokenUsage;
}

/**
 * Counters of the `usage` member of chat completions, completions and embeddings. Never throws: whatever is not a
 * non-negative finite number counts as not reported, fractions are floored, and above 2^53-1 that number is reported.
 * @see spec translators.md section 4
 */
export function parseOpenAIUsage(value: unknown): TokenUsage {
  const usage = membersOf(value);
  const promptDetails = membersOf(usage['prompt_tokens_details']);
  const completionDetails = membersOf(usage['completion_tokens_details']);
  const counters: Counters = {};
  report(counters, 'inputTokens', usage['prompt_tokens']);
  report(counters, 'cachedInputTokens', promptDetails['cached_tokens']);
  report(counters, 'cacheCreationInputTokens', promptDetails['cache_creation_input_tokens']);
  report(counters, 'outputTokens', usage['completion_tokens']);
  report(counters, 'totalTokens', usage['total_tokens']);
  report(counters, 'reasoningTokens', completionDetails['reasoning_tokens']);
  return counters;
}

/**
 * Counters of the `usage` member of images, transcriptions and speech; none when it tells a duration instead of tokens.
 * Lenient as {@link parseOpenAIUsage}. @see spec translators.md section 4 and 18.5
 */
export function parseMediaUsage(value: unknown): TokenUsage {
  const usage = membersOf(value);
  const counters: Counters = {};
  report(counters, 'inputTokens', usage['input_tokens']);
  report(counters, 'outputTokens', usage['output_tokens']);
  report(counters, 'totalTokens', usage['total_tokens']);
  return counters;
}

type Counters = { -readonly [Name in keyof TokenUsage]: TokenUsage[Name] };

const NO_MEMBERS: Readonly<Record<string, unknown>> = {};

/** Members of a JSON object; none of anything else. */
export function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : NO_MEMBERS;
}

function report(counters: Counters, name: keyof TokenUsage, value: unknown): void {
  const counter = counterOf(value);
  if (counter !== undefined) counters[name] = counter;
}

/** A counter as a provider reports it, floored and at most 2^53-1; undefined for what is no non-negative finite number. */
export function counterOf(value: unknown): number | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) return undefined;
  return Math.min(Math.floor(value), Number.MAX_SAFE_INTEGER);
}

/**
 * What metering needs of a whole response, found without building the rest of it. Bytes that are not one JSON object
 * give no facts: a response that is passed through must not fail because it cannot be metered (translators.md G11).
 */
export function readOpenAIResponse(bytes: Uint8Array): OpenAIResponseFacts {
  const members = scanLeniently(bytes, ['model', 'usage']);
  return members === undefined ? {} : responseFacts(bytes, members);
}

/** {@link scanObject}, with undefined for bytes that are not one JSON object. */
export function scanLeniently(bytes: Uint8Array, names: readonly string[]): MemberRanges | undefined {
  try {
    return scanObject(bytes, names);
  } catch (error) {
    if (error instanceof JsonSyntaxError) return undefined;
    throw error;
  }
}

/** Whether a body is what its label may say: one JSON object. */
export const isJsonObjectText = (bytes: Uint8Array): boolean => scanLeniently(bytes, []) !== undefined;

/** `members` come from a scan for `model` and `usage`; of a doubled key the last one counts. */
export function responseFacts(bytes: Uint8Array, members: MemberRanges): OpenAIResponseFacts {
  const facts: { model?: string; usage?: TokenUsage } = {};
  const modelRange = members.get('model')?.at(-1);
  const model = modelRange && readString(bytes, modelRange);
  if (model) facts.model = model;
  const usageRange = members.get('usage')?.at(-1);
  const usage = usageRange && parseOpenAIUsage(readJson(bytes, usageRange));
  if (usage && Object.keys(usage).length > 0) facts.usage = usage;
  return facts;
}
