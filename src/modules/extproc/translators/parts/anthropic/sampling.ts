import { UserFacingError } from '../../../../../shared/errors.js';
import type { Receipt } from '../../receipt.js';
import type { ChatRequest } from '../chat/chat-request.js';
import type { ClaudeTraits } from './model-class.js';

/** Members of the body. */
export interface Sampling {
  readonly temperature?: number;
  readonly top_p?: number;
  readonly top_k?: number;
}

/** With thinking on, `top_p` must not be lower. @see spec translators.md 18.1.3 */
const THINKING_TOP_P_MIN = 0.95;

/**
 * What the model takes of the client's sampling parameters; what it would refuse is left out and told (translators.md G50).
 * @throws {UserFacingError} 422 for a temperature outside of Claude's range, which is not OpenAI's
 */
export function planSampling(chat: ChatRequest, traits: ClaudeTraits, isThinking: boolean, receipt: Receipt): Sampling {
  const { temperature, topP, topK } = chat;
  if (temperature !== undefined && !(temperature >= 0 && temperature <= 1)) {
    throw new UserFacingError(`"temperature" must be from 0 to 1 for Claude, found ${temperature}`);
  }
  const takes = {
    temperature: traits.sampling !== 'none' && (!isThinking || temperature === 1),
    top_p:
      traits.sampling !== 'none' &&
      (traits.sampling !== 'one' || temperature === undefined) &&
      (!isThinking || (topP ?? 1) >= THINKING_TOP_P_MIN),
    top_k: traits.sampling !== 'none' && !isThinking,
  };
  // 1 is the default of both: nothing is lost.
  if (!takes.temperature && temperature !== undefined && temperature !== 1) receipt.drop('temperature');
  if (!takes.top_p && topP !== undefined && topP !== 1) receipt.drop('top_p');
  if (!takes.top_k && topK !== undefined) receipt.drop('top_k');
  return {
    ...(takes.temperature && temperature !== undefined ? { temperature } : {}),
    ...(takes.top_p && topP !== undefined ? { top_p: topP } : {}),
    ...(takes.top_k && topK !== undefined ? { top_k: topK } : {}),
  };
}
