import type { JsonObject } from '../../../codec/json-value.js';
import { EFFORTS, type ClaudeTraits, type Effort } from '../anthropic/model-class.js';
import type { Thinking } from '../chat/chat-request.js';
import { thinkingAsAsked, type FamilyOptions, type InferenceContext, type InferenceWish } from './inference-wish.js';
import { refusal } from './media.js';

/** Claude's own least budget, and what is assumed to be written when the client sets no bound. @see spec translators.md 18.1.2 */
const BUDGET_MIN = 1024;
const ASSUMED_MAX_TOKENS = 4096;

/** Models whose effort is still a beta on Bedrock. @see spec translators.md 18.4.4 */
const EFFORT_BETA = 'effort-2025-11-24';

/** @throws {UserFacingError} 422 for an effort that no model knows @see spec translators.md 18.1.3, G50, G51 */
export function claudeOptions(wish: InferenceWish, context: InferenceContext): FamilyOptions {
  const { traits, receipt } = context;
  const thinking = thinkingOf(wish, context);
  const isOff = thinking?.['type'] === 'disabled';
  const isThinking = thinking !== undefined && !isOff;
  const effort = effortOf(wish, context, isOff);
  const takesTopK = traits.sampling !== 'none' && !isThinking;
  if (!takesTopK && wish.topK !== undefined) receipt.drop(wish.names.topK);
  return {
    additionalFields: {
      ...(thinking ? { thinking } : {}),
      ...(effort ? { output_config: { effort } } : {}),
      ...(effort && traits.thinking === 'budget' ? { anthropic_beta: [EFFORT_BETA] } : {}),
      ...(takesTopK && wish.topK !== undefined ? { top_k: wish.topK } : {}),
    },
    withheld: withheldSampling(wish, traits, isThinking),
  };
}

function withheldSampling(wish: InferenceWish, traits: ClaudeTraits, isThinking: boolean): FamilyOptions['withheld'] {
  if (isThinking || traits.sampling === 'none') return new Set(['temperature', 'topP']);
  return new Set(traits.sampling === 'one' && wish.temperature !== undefined ? ['topP'] : []);
}

function thinkingOf(wish: InferenceWish, context: InferenceContext): JsonObject | undefined {
  const { thinking, names, canThink } = wish;
  const { traits, receipt } = context;
  if (thinking === undefined) return unaskedThinking(wish, context);
  if (thinking.type === 'disabled') return disabled(context, names.thinking);
  if (!canThink || traits.thinking === 'none') {
    receipt.drop(names.thinking);
    return undefined;
  }
  return enabled(wish, thinking, context);
}

/** What the effort `none`, or the wish to see the thinking, says about it. */
function unaskedThinking(wish: InferenceWish, context: InferenceContext): JsonObject | undefined {
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
function disabled({ traits, receipt }: InferenceContext, name: string): JsonObject | undefined {
  if (traits.canStopThinking) return { type: 'disabled' };
  receipt.drop(name);
  return undefined;
}

type AskedThinking = Exclude<Thinking, { readonly type: 'disabled' }>;

/** In the one of Claude's two ways that the model knows. */
function enabled(wish: InferenceWish, thinking: AskedThinking, context: InferenceContext): JsonObject | undefined {
  const { traits, receipt } = context;
  const { names, showsThinking } = wish;
  const display = thinking.display === undefined ? {} : { display: thinking.display };
  if (traits.thinking === 'adaptive') {
    if (thinking.type === 'enabled' && thinking.budgetTokens !== undefined)
      receipt.drop(`${names.thinking}.budget_tokens`);
    // These models hide their thinking unless told otherwise.
    return { type: 'adaptive', ...(showsThinking ? { display: 'summarized' } : {}), ...display };
  }
  if (traits.thinking === 'as asked' || (thinking.type === 'adaptive' && traits.thinking === 'either')) {
    return thinkingAsAsked(thinking);
  }
  const budget = (thinking.type === 'enabled' ? thinking.budgetTokens : undefined) ?? defaultBudget(wish.maxTokens);
  if (budget === undefined || thinking.type === 'adaptive') receipt.drop(names.thinking);
  return budget === undefined ? undefined : { type: 'enabled', budget_tokens: budget, ...display };
}

/** Half of what may be written; undefined when that is too little to think at all. */
function defaultBudget(maxTokens = ASSUMED_MAX_TOKENS): number | undefined {
  const half = Math.floor(maxTokens / 2);
  if (half >= BUDGET_MIN) return half;
  return maxTokens > BUDGET_MIN ? BUDGET_MIN : undefined;
}

function effortOf(wish: InferenceWish, { traits, receipt }: InferenceContext, isOff: boolean): Effort | undefined {
  const { effort: wanted, names } = wish;
  // What `none` means is told by the thinking.
  if (!wanted || (wanted === 'none' && wish.thinking === undefined)) return undefined;
  if (wanted === 'none' || traits.efforts.length === 0) {
    receipt.drop(names.effort);
    return undefined;
  }
  const effort = knownEffort(wanted, names.effort, traits, isOff);
  if (effort !== wanted) receipt.drop(names.effort);
  return effort;
}

/** The asked effort, or the nearest one that the model has. */
function knownEffort(wanted: string, path: string, traits: ClaudeTraits, isOff: boolean): Effort {
  const effort = wanted === 'minimal' ? 'low' : EFFORTS.find((known) => known === wanted);
  if (effort === undefined) throw refusal(path, 'another word', 'none, minimal, low, medium, high, xhigh or max');
  const isTooHigh = isOff && traits.needsThinkingAboveHigh && (effort === 'xhigh' || effort === 'max');
  return isTooHigh || !traits.efforts.includes(effort) ? 'high' : effort;
}
