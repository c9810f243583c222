import type { JsonObject } from '../../../codec/json-value.js';
import type { Receipt } from '../../receipt.js';
import type { ChatRequest } from '../chat/chat-request.js';
import { chooseThinking, type ThinkingChoice } from './claude-thinking.js';
import type { ClaudeTraits } from './model-class.js';
import { refusal } from './refusal.js';

export interface ThinkingPlan extends ThinkingChoice {
  readonly maxTokens: number;
}

export interface ThinkingContext {
  readonly traits: ClaudeTraits;
  /** False when a tool is forced, or when the turns rule it out. */
  readonly canThink: boolean;
  /**
   * Sent when the client names no bound, since Claude needs one (translators.md G30). With a budget for thinking it comes on
   * top of that.
   */
  readonly defaultMaxTokens: number;
  readonly receipt: Receipt;
}

const NAMES = { thinking: 'thinking', effort: 'reasoning_effort' };

/** @throws {UserFacingError} 422 for an effort that no model knows @see spec translators.md 18.1.3, G50 */
export function planThinking(chat: ChatRequest, context: ThinkingContext): ThinkingPlan {
  const { traits, canThink, defaultMaxTokens, receipt } = context;
  const choice = chooseThinking(
    {
      thinking: chat.thinking,
      effort: chat.reasoningEffort,
      showsThinking: true,
      wantsVisibleThinking: chat.wantsVisibleThinking === true,
      canThink,
      names: NAMES,
    },
    { traits, receipt, maxTokens: chat.maxTokens ?? defaultMaxTokens, refuse: refusal },
  );
  return { ...choice, maxTokens: chat.maxTokens ?? budgetOf(choice.thinking) + defaultMaxTokens };
}

const budgetOf = (thinking: JsonObject | undefined) => (thinking?.['budget_tokens'] as number | undefined) ?? 0;
