import type { TokenUsage } from '../../../../../shared/token-usage.js';
import { objectOf, type JsonObject, type JsonValue } from '../../../codec/json-value.js';
import type { Outcome } from './finish.js';

/** What changes in a response object while the answer is made. */
export interface ResponseState {
  readonly id: string;
  readonly model: string;
  /** Unix seconds. */
  readonly createdAt: number;
  /** Undefined while the answer is in progress. */
  readonly outcome: Outcome | undefined;
  /** Unix seconds; null unless the answer is completed. */
  readonly completedAt: number | null;
  readonly output: readonly JsonObject[];
  /** Absent: the provider told none, or not yet. */
  readonly usage: TokenUsage | undefined;
  /** As the provider tells it; undefined: the client's, or the default. */
  readonly serviceTier: string | undefined;
  /** Members of other dialects that have no place here, e.g. `grounding_metadata` of Gemini. */
  readonly extras: JsonObject;
}

/**
 * A response object with every key that the API has. What the request set is told back as the client wrote it, else the
 * default of the API. @param request The client's body. @see spec translators.md 18.3.4
 */
export function responseObject(request: JsonObject, state: ResponseState): JsonObject {
  const { outcome } = state;
  const reasoning = objectOf(request['reasoning']);
  const text = objectOf(request['text']);
  return {
    ...state.extras,
    id: state.id,
    object: 'response',
    created_at: state.createdAt,
    status: outcome?.status ?? 'in_progress',
    completed_at: state.completedAt,
    background: false,
    error: outcome?.status === 'failed' ? { code: outcome.code, message: outcome.message } : null,
    incomplete_details: outcome?.status === 'incomplete' ? { reason: outcome.reason } : null,
    instructions: request['instructions'] ?? null,
    max_output_tokens: request['max_output_tokens'] ?? null,
    max_tool_calls: request['max_tool_calls'] ?? null,
    model: state.model,
    output: state.output,
    parallel_tool_calls: request['parallel_tool_calls'] ?? true,
    previous_response_id: null,
    prompt_cache_key: request['prompt_cache_key'] ?? null,
    prompt_cache_retention: request['prompt_cache_retention'] ?? null,
    reasoning: {
      effort: reasoning['effort'] ?? null,
      summary: reasoning['summary'] ?? reasoning['generate_summary'] ?? null,
    },
    safety_identifier: request['safety_identifier'] ?? null,
    service_tier: state.serviceTier ?? request['service_tier'] ?? 'default',
    // Nothing is kept, whatever was asked for.
    store: false,
    temperature: request['temperature'] ?? 1,
    text: { format: text['format'] ?? { type: 'text' }, verbosity: text['verbosity'] ?? 'medium' },
    tool_choice: request['tool_choice'] ?? 'auto',
    tools: request['tools'] ?? [],
    top_logprobs: request['top_logprobs'] ?? 0,
    top_p: request['top_p'] ?? 1,
    truncation: request['truncation'] ?? 'disabled',
    usage: state.usage ? wireUsage(state.usage) : null,
    user: request['user'] ?? null,
    metadata: request['metadata'] ?? {},
  };
}

/** All numbers are there; `cache_creation_input_tokens` is the gateway's extension. */
function wireUsage(usage: TokenUsage): JsonValue {
  const { inputTokens = 0, outputTokens = 0 } = usage;
  return {
    input_tokens: inputTokens,
    input_tokens_details: {
      cached_tokens: usage.cachedInputTokens ?? 0,
      cache_creation_input_tokens: usage.cacheCreationInputTokens ?? 0,
    },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens ?? 0 },
    total_tokens: usage.totalTokens ?? inputTokens + outputTokens,
  };
}
