import type { JsonObject } from '../../../codec/json-value.js';
import type { Receipt } from '../../receipt.js';
import type { ChatRequest, Thinking } from '../chat/chat-request.js';
import { EFFORTS, type ClaudeTraits, type Effort } from './model-class.js';
import { refusal } from './refusal.js';

/**
 * Sent when the client names no bound, since Claude needs one: all models go so far (translators.md G30, 18.1.2). With a
 * budget for thinking it comes on top of that.
 */
export const DEFAULT_MAX_TOKENS = 4096;

/** Claude's own least budget. @see spec translators.md 18.1.2 */
const BUDGET_MIN = 1024;

export interface ThinkingPlan {
  readonly maxTokens: number;
  /** `thinking`. */
  readonly thinking?: JsonObject;
  /** `output_config.effort`. */
  readonly effort?: Effort;
  /** Thinking is asked for: sampling and the choice of tools are bound then. */
  readonly isThinking: boolean;
}

export interface ThinkingContext {
  readonly traits: ClaudeTraits;
  /** False when a tool is forced, or when the turns rule it out. */
  readonly canThink: boolean;
  readonly receipt: Receipt;
}

/** @throws {UserFacingError} 422 for an effort that no model knows @see spec translators.md 18.1.3, G50 */
export function planThinking(chat: ChatRequest, context: ThinkingContext): ThinkingPlan {
  const thinking = thinkingOf(chat, context);
  const isThinking = thinking !== undefined && thinking['type'] !== 'disabled';
  const effort = effortOf(chat, context, thinking?.['type'] === 'disabled');
  const budget = (thinking?.['budget_tokens'] as number | undefined) ?? 0;
  return {
    maxTokens: chat.maxTokens ?? budget + DEFAULT_MAX_TOKENS,
    ...(thinking ? { thinking } : {}),
    ...(effort ? { effort } : {}),
    isThinking,
  };
}

function thinkingOf(chat: ChatRequest, context: ThinkingContext): JsonObject | undefined {
  const { thinking } = chat;
  if (thinking === undefined) return unaskedThinking(chat, context);
  if (thinking.type === 'disabled') return disabled(context, 'thinking');
  if (!context.canThink || context.traits.thinking === 'none') {
    context.receipt.drop('thinking');
    return undefined;
  }
  if (thinking.type === 'enabled' && thinking.includeThoughts === false)
    context.receipt.drop('thinking.includeThoughts');
  return enabled(chat, thinking, context);
}

/** What the effort `none`, or the wish to see the thinking, says about it. */
function unaskedThinking(chat: ChatRequest, context: ThinkingContext): JsonObject | undefined {
  const { traits, canThink } = context;
  if (chat.reasoningEffort === 'none') {
    return traits.thinking === 'none' || traits.thinking === 'as asked'
      ? undefined
      : disabled(context, 'reasoning_effort');
  }
  const isAdaptive = traits.thinking === 'adaptive' || traits.thinking === 'either';
  return chat.wantsVisibleThinking && canThink && isAdaptive ? { type: 'adaptive', display: 'summarized' } : undefined;
}

/** @param path Of the wish, for the receipt: some models cannot stop */
function disabled({ traits, receipt }: ThinkingContext, path: string): JsonObject | undefined {
  if (traits.canStopThinking) return { type: 'disabled' };
  receipt.drop(path);
  return undefined;
}

/** In the one of Claude's two ways that the model knows. */
function enabled(
  chat: ChatRequest,
  thinking: AskedThinking,
  { traits, receipt }: ThinkingContext,
): JsonObject | undefined {
  const display = thinking.display === undefined ? {} : { display: thinking.display };
  const budget = thinking.type === 'enabled' ? thinking.budgetTokens : undefined;
  if (traits.thinking === 'adaptive') {
    if (budget !== undefined) receipt.drop('thinking.budget_tokens');
    // These models hide their thinking unless told otherwise.
    return { type: 'adaptive', display: 'summarized', ...display };
  }
  if (thinking.type === 'adaptive' && traits.thinking !== 'budget') return { type: 'adaptive', ...display };
  const ownBudget = budget ?? defaultBudget(chat.maxTokens);
  if (ownBudget === undefined || thinking.type === 'adaptive') receipt.drop('thinking');
  return ownBudget === undefined ? undefined : { type: 'enabled', budget_tokens: ownBudget, ...display };
}

type AskedThinking = Exclude<Thinking, { readonly type: 'disabled' }>;

/** Half of what may be written; undefined when that is too little to think at all. */
function defaultBudget(maxTokens = DEFAULT_MAX_TOKENS): number | undefined {
  const half = Math.floor(maxTokens / 2);
  if (half >= BUDGET_MIN) return half;
  return maxTokens > BUDGET_MIN ? BUDGET_MIN : undefined;
}

function effortOf(chat: ChatRequest, context: ThinkingContext, isOff: boolean): Effort | undefined {
  const { traits, receipt } = context;
  const wanted = chat.reasoningEffort;
  // What `none` means is told by the thinking.
  if (wanted === undefined || (wanted === 'none' && chat.thinking === undefined)) return undefined;
  if (wanted === 'none' || traits.efforts.length === 0) {
    receipt.drop('reasoning_effort');
    return undefined;
  }
  const effort = knownEffort(wanted, traits, isOff);
  if (effort !== wanted) receipt.drop('reasoning_effort');
  return effort;
}

/** The asked effort, or the nearest one that the model has. */
function knownEffort(wanted: string, traits: ClaudeTraits, isOff: boolean): Effort {
  const effort = wanted === 'minimal' ? 'low' : EFFORTS.find((known) => known === wanted);
  if (effort === undefined) {
    throw refusal('reasoning_effort', 'another word', 'none, minimal, low, medium, high, xhigh or max');
  }
  const isTooHigh = isOff && traits.needsThinkingAboveHigh && (effort === 'xhigh' || effort === 'max');
  return isTooHigh || !traits.efforts.includes(effort) ? 'high' : effort;
}
