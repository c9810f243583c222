import type { JsonObject } from '../../../codec/json-value.js';
import type { Receipt } from '../../receipt.js';
import type { ClaudeTraits } from '../anthropic/model-class.js';
import type { Thinking } from '../chat/chat-request.js';
import type { ModelFamily } from './model-family.js';

/** How the model shall answer, in the words of either dialect. */
export interface InferenceWish {
  readonly maxTokens?: number | undefined;
  readonly temperature?: number | undefined;
  readonly topP?: number | undefined;
  readonly topK?: number | undefined;
  readonly stop: readonly string[];
  readonly thinking?: Thinking | undefined;
  readonly effort?: string | undefined;
  /** Thinking is to be shown when the client does not say how. */
  readonly showsThinking: boolean;
  /** The client wants to see thinking that it did not ask for otherwise. */
  readonly wantsVisibleThinking: boolean;
  /** False when a tool is forced, or when the turns rule it out. */
  readonly canThink: boolean;
  /** What the client calls these, for receipts and errors. */
  readonly names: InferenceNames;
}

export type InferenceNames = Readonly<
  Record<'maxTokens' | 'temperature' | 'topP' | 'topK' | 'stop' | 'thinking' | 'effort', string>
>;

/** What a family takes of the wish. */
export interface FamilyOptions {
  readonly additionalFields: JsonObject;
  /** Members of `inferenceConfig` that the model would refuse beside these. */
  readonly withheld: ReadonlySet<'maxTokens' | 'temperature' | 'topP'>;
}

export interface InferenceContext {
  readonly family: ModelFamily;
  readonly traits: ClaudeTraits;
  readonly receipt: Receipt;
}

/** `thinking` in Anthropic's words. */
export function thinkingAsAsked(thinking: Thinking): JsonObject {
  if (thinking.type === 'disabled') return { type: 'disabled' };
  const display = thinking.display === undefined ? {} : { display: thinking.display };
  if (thinking.type === 'adaptive') return { type: 'adaptive', ...display };
  const { budgetTokens } = thinking;
  return { type: 'enabled', ...(budgetTokens === undefined ? {} : { budget_tokens: budgetTokens }), ...display };
}
