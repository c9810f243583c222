import type { FinishReason } from '../chat/chat-result.js';

/** How a response ends. */
export type Outcome =
  | { readonly status: 'completed' }
  | { readonly status: 'incomplete'; readonly reason: 'max_output_tokens' | 'content_filter' }
  | { readonly status: 'failed'; readonly code: ErrorCode; readonly message: string };

/** The values of `error.code` that the gateway uses. */
export type ErrorCode = 'server_error' | 'rate_limit_exceeded';

/**
 * @param reason Undefined when the provider's answer ended without one: what there is may be the half of it.
 * @see spec translators.md 18.3.7
 */
export function outcomeOf(reason: FinishReason | undefined): Outcome {
  switch (reason) {
    case 'stop':
    case 'tool_calls':
      return { status: 'completed' };
    case 'length':
      return { status: 'incomplete', reason: 'max_output_tokens' };
    case 'content_filter':
    case 'recitation':
    case 'language':
      return { status: 'incomplete', reason: 'content_filter' };
    case 'malformed_function_call':
      return failed('The model made a tool call that is not well formed.');
    case 'unexpected_tool_call':
      return failed('The model called a tool that it was not given.');
    case 'no_image':
      return failed('The model made no image.');
    case 'error':
      return failed('The provider ended the answer with an error.');
    case undefined:
      return failed('The answer of the provider ended before it was complete.');
  }
}

const failed = (message: string): Outcome => ({ status: 'failed', code: 'server_error', message });

/** The code of an error with the HTTP status that it stands for. */
export const errorCodeOf = (status: number): ErrorCode => (status === 429 ? 'rate_limit_exceeded' : 'server_error');
