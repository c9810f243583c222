import type { Receipt } from '../../receipt.js';
import type { MessagesRequest } from './messages-request.js';

/** OpenAI's models that do not reason, and refuse to be asked for it. Newer ones do. */
const WITHOUT_REASONING = /(?:^|\/)(?:gpt-3|gpt-4|chatgpt-4)/i;
/** Effort that OpenAI's servers know; `max` is Anthropic's alone. */
const EFFORTS: ReadonlySet<string> = new Set(['low', 'medium', 'high', 'xhigh']);

/**
 * Thinking as OpenAI's `reasoning_effort`: `output_config.effort` when the client names one, else by the budget, with the
 * thresholds that Gemini's levels have. `adaptive` and `disabled` leave it to the model.
 * @see spec translators.md G20 and 18.2.3
 */
export function toReasoningEffort(
  { thinking, outputConfig: { effort } }: MessagesRequest,
  model: string,
  receipt: Receipt,
): string | undefined {
  // An effort is not a budget. What is left to the model, or not asked for, is as it is without the member.
  if (thinking?.type === 'enabled' || thinking?.type === 'unknown') receipt.drop('thinking');
  if (thinking?.type === 'adaptive' && thinking.display !== undefined) receipt.drop('thinking.display');
  const isReasoning = !WITHOUT_REASONING.test(model);
  if (effort !== undefined) {
    if (isReasoning && EFFORTS.has(effort)) return effort;
    receipt.drop('output_config.effort');
    return isReasoning && effort === 'max' ? 'high' : undefined;
  }
  return isReasoning && thinking?.type === 'enabled' ? effortOf(thinking.budgetTokens) : undefined;
}

function effortOf(budgetTokens: number | undefined): string {
  if (budgetTokens === undefined) return 'medium';
  if (budgetTokens <= 1024) return 'low';
  return budgetTokens <= 8192 ? 'medium' : 'high';
}
