import { chooseThinking } from '../anthropic/claude-thinking.js';
import type { ClaudeTraits } from '../anthropic/model-class.js';
import type { FamilyOptions, InferenceContext, InferenceWish } from './inference-wish.js';
import { refusal } from './media.js';

/** Models whose effort is still a beta on Bedrock. @see spec translators.md 18.4.4 */
const EFFORT_BETA = 'effort-2025-11-24';

/** @throws {UserFacingError} 422 for an effort that no model knows @see spec translators.md 18.1.3, G50, G51 */
export function claudeOptions(wish: InferenceWish, context: InferenceContext): FamilyOptions {
  const { traits, receipt, defaultMaxTokens } = context;
  const { thinking, effort, isThinking } = chooseThinking(wish, {
    traits,
    receipt,
    maxTokens: wish.maxTokens ?? defaultMaxTokens,
    refuse: refusal,
  });
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
