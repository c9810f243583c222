import type { JsonObject } from '../../../codec/json-value.js';
import type { Receipt } from '../../receipt.js';
import type { ThinkingWish } from '../anthropic/claude-thinking.js';
import type { ClaudeTraits } from '../anthropic/model-class.js';
import type { ModelFamily } from './model-family.js';

/** How the model shall answer, in the words of either dialect. */
export interface InferenceWish extends ThinkingWish {
  readonly maxTokens?: number | undefined;
  readonly temperature?: number | undefined;
  readonly topP?: number | undefined;
  readonly topK?: number | undefined;
  readonly stop: readonly string[];
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
  /** Assumed to be written when the client sets no bound; not sent, since Converse needs none. */
  readonly defaultMaxTokens: number;
}
