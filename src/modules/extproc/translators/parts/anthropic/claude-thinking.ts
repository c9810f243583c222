import type { UserFacingError } from '../../../../../shared/errors.js';
import type { JsonObject } from '../../../codec/json-value.js';
import type { Receipt } from '../../receipt.js';
import type { Thinking } from '../chat/chat-request.js';
import { EFFORTS, type ClaudeTraits, type Effort } from './model-class.js';

/** What a client of either dialect wants of Claude's thinking, wherever Claude is served. */
export interface ThinkingWish {
  readonly thinking?: Thinking | undefined;
  /** Any text; empty counts as none. */
  readonly effort?: string | undefined;
  /** Thinking is to be shown when the client does not say how. */
  readonly showsThinking: boolean;
  /** The client wants to see thinking that it did not ask for otherwise. */
  readonly wantsVisibleThinking: boolean;
  /** False when a tool is forced, or when the turns rule it out. */
  readonly canThink: boolean;
  /** What the client calls these, for receipts and errors. */
  readonly names: { readonly thinking: string; readonly effort: string };
}

export interface ThinkingContext {
  readonly traits: ClaudeTraits;
  readonly receipt: Receipt;
  /** What may be written at most, or is assumed to be: without a budget of the client's, half of it is for thinking. */
  readonly maxTokens: number;
  /** An error for the client, in the words of the backend. */
  readonly refuse: (path: string, found: string, expected: string) => UserFacingError;
}

export interface ThinkingChoice {
  /** `thinking`. */
  readonly thinking?: JsonObject;
  /** `output_config.effort`. */
  readonly effort?: Effort;
  /** Thinking is asked for: sampling and the choice of tools are bound then. */
  readonly isThinking: boolean;
}

/** Claude's own least budget. @see spec translators.md 18.1.2 */
const BUDGET_MIN = 1024;

/** @throws {UserFacingError} 422 for an effort that no model knows @see spec translators.md 18.1.3, G50, G51 */
export function chooseThinking(wish: ThinkingWish, context: ThinkingContext): ThinkingChoice {
  const thinking = thinkingOf(wish, context);
  const isOff = thinking?.['type'] === 'disabled';
  const effort = effortOf(wish, context, isOff);
  return {
    ...(thinking ? { thinking } : {}),
    ...(effort ? { effort } : {}),
    isThinking: thinking !== undefined && !isOff,
  };
}

function thinkingOf(wish: ThinkingWish, context: ThinkingContext): JsonObject | undefined {
  const { thinking, names, canThink } = wish;
  if (thinking === undefined) return unaskedThinking(wish, context);
  if (thinking.type === 'disabled') return disabled(context, names.thinking);
  if (canThink && context.traits.thinking !== 'none') return enabled(wish, thinking, context);
  context.receipt.drop(names.thinking);
  return undefined;
}

/** What the effort `none`, or the wish to see the thinking, says about it. */
function unaskedThinking(wish: ThinkingWish, context: ThinkingContext): JsonObject | undefined {
  const known = context.traits.thinking;
  if (wish.effort === 'none') {
    return known === 'none' || known === 'as asked' ? undefined : disabled(context, wish.names.effort);
  }
  const isAdaptive = known === 'adaptive' || known === 'either';
  return wish.wantsVisibleThinking && wish.canThink && isAdaptive
    ? { type: 'adaptive', display: 'summarized' }
    : undefined;
}

/** @param name Of the wish, for the receipt: some models cannot stop */
function disabled({ traits, receipt }: ThinkingContext, name: string): JsonObject | undefined {
  if (traits.canStopThinking) return { type: 'disabled' };
  receipt.drop(name);
  return undefined;
}

type AskedThinking = Exclude<Thinking, { readonly type: 'disabled' }>;

/** In the one of Claude's two ways that the model knows. */
function enabled(
  { names, showsThinking }: ThinkingWish,
  thinking: AskedThinking,
  { traits, receipt, maxTokens }: ThinkingContext,
): JsonObject | undefined {
  const display = thinking.display === undefined ? {} : { display: thinking.display };
  const asked = thinking.type === 'enabled' ? thinking : undefined;
  if (asked?.includeThoughts === false) receipt.drop(`${names.thinking}.includeThoughts`);
  if (traits.thinking === 'adaptive') {
    if (asked?.budgetTokens !== undefined) receipt.drop(`${names.thinking}.budget_tokens`);
    // These models hide their thinking unless told otherwise.
    return { type: 'adaptive', ...(showsThinking ? { display: 'summarized' } : {}), ...display };
  }
  if (asked === undefined && traits.thinking !== 'budget') return { type: 'adaptive', ...display };
  const budget = asked?.budgetTokens ?? defaultBudget(maxTokens);
  if (budget === undefined || asked === undefined) receipt.drop(names.thinking);
  return budget === undefined ? undefined : { type: 'enabled', budget_tokens: budget, ...display };
}

/** Half of what may be written; undefined when that is too little to think at all. */
function defaultBudget(maxTokens: number): number | undefined {
  const half = Math.floor(maxTokens / 2);
  if (half >= BUDGET_MIN) return half;
  return maxTokens > BUDGET_MIN ? BUDGET_MIN : undefined;
}

function effortOf(wish: ThinkingWish, context: ThinkingContext, isOff: boolean): Effort | undefined {
  const { effort: wanted, names } = wish;
  const { traits, receipt } = context;
  // What `none` means is told by the thinking.
  if (!wanted || (wanted === 'none' && wish.thinking === undefined)) return undefined;
  if (wanted === 'none' || traits.efforts.length === 0) {
    receipt.drop(names.effort);
    return undefined;
  }
  const known = wanted === 'minimal' ? 'low' : EFFORTS.find((effort) => effort === wanted);
  if (known === undefined) {
    throw context.refuse(names.effort, 'another word', 'none, minimal, low, medium, high, xhigh or max');
  }
  const effort = nearestEffort(known, traits, isOff);
  if (effort !== wanted) receipt.drop(names.effort);
  return effort;
}

/** The effort, or the nearest one that the model has. */
function nearestEffort(effort: Effort, traits: ClaudeTraits, isOff: boolean): Effort {
  const isTooHigh = isOff && traits.needsThinkingAboveHigh && (effort === 'xhigh' || effort === 'max');
  return isTooHigh || !traits.efforts.includes(effort) ? 'high' : effort;
}
