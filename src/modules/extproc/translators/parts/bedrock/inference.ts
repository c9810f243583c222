import { UserFacingError } from '../../../../../shared/errors.js';
import type { JsonObject } from '../../../codec/json-value.js';
import type { Receipt } from '../../receipt.js';
import type { Thinking } from '../chat/chat-request.js';
import { claudeOptions } from './claude-options.js';
import { isBlank } from './converse.js';
import type { FamilyOptions, InferenceContext, InferenceWish } from './inference-wish.js';

export interface InferencePlan {
  /** Maybe empty. */
  readonly inferenceConfig: JsonObject;
  /** Parameters that Converse has no name of its own for. */
  readonly additionalFields: JsonObject;
}

/** Nova takes no more. @see spec translators.md 18.4.4 */
const NOVA_STOPS_MAX = 4;

/**
 * @throws {UserFacingError} 422 for what Converse would refuse
 * @see spec translators.md 5.3, "Top level", 18.4.4 and G51
 */
export function planInference(wish: InferenceWish, context: InferenceContext): InferencePlan {
  const { additionalFields, withheld } = familyOptions(wish, context);
  const { names, maxTokens } = wish;
  for (const name of withheld) {
    // 1 is the default of temperature and topP: nothing is lost.
    if (wish[name] !== undefined && (name === 'maxTokens' || wish[name] !== 1)) context.receipt.drop(names[name]);
  }
  const stopSequences = stopsOf(wish, context);
  return {
    inferenceConfig: {
      ...(maxTokens === undefined || withheld.has('maxTokens') ? {} : { maxTokens }),
      ...(withheld.has('temperature') ? {} : fraction('temperature', wish.temperature, names.temperature)),
      ...(withheld.has('topP') ? {} : fraction('topP', wish.topP, names.topP)),
      ...(stopSequences.length === 0 ? {} : { stopSequences }),
    },
    additionalFields,
  };
}

/** The bounds are those of Converse itself, for every model; OpenAI's go up to 2. */
function fraction(name: string, value: number | undefined, path: string): JsonObject {
  if (value === undefined) return {};
  if (value >= 0 && value <= 1) return { [name]: value };
  throw new UserFacingError(`cannot send "${path}" to AWSBedrock: found ${value}, expected a number from 0 to 1`);
}

function stopsOf({ stop, names }: InferenceWish, { family, receipt }: InferenceContext): readonly string[] {
  if (family.startsWith('nova') && stop.length > NOVA_STOPS_MAX) {
    throw new UserFacingError(
      `cannot send "${names.stop}" to AWSBedrock: found ${stop.length} sequences, expected at most ${NOVA_STOPS_MAX} for Nova`,
    );
  }
  const named = stop.filter((text) => text !== '');
  if (family !== 'claude') return named;
  const kept = named.filter((text) => !isBlank(text));
  if (kept.length < named.length) receipt.drop(names.stop);
  return kept;
}

const NOTHING: FamilyOptions['withheld'] = new Set();

function familyOptions(wish: InferenceWish, context: InferenceContext): FamilyOptions {
  switch (context.family) {
    case 'claude':
      return claudeOptions(wish, context);
    case 'nova-2':
      return nova2Options(wish, context);
    case 'nova':
      dropThinking(wish, context.receipt);
      return { additionalFields: novaTopK(wish), withheld: NOTHING };
    case 'mistral':
    case 'plain':
      dropThinking(wish, context.receipt);
      return { additionalFields: topKField(wish), withheld: NOTHING };
    case 'gpt-oss':
      return { additionalFields: gptOssFields(wish, context), withheld: NOTHING };
    default:
      return { additionalFields: fieldsAsAsked(wish, context), withheld: NOTHING };
  }
}

function dropThinking({ thinking, effort, names }: InferenceWish, receipt: Receipt): void {
  if (thinking !== undefined && thinking.type !== 'disabled') receipt.drop(names.thinking);
  if (effort && effort !== 'none') receipt.drop(names.effort);
}

const novaTopK = ({ topK }: InferenceWish): JsonObject => (topK === undefined ? {} : { inferenceConfig: { topK } });

const GENERAL_EFFORTS: Readonly<Record<string, 'low' | 'medium' | 'high'>> = {
  minimal: 'low',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'high',
  max: 'high',
};

/** The asked effort, or the nearest one of the three; undefined for a word that nobody knows. */
function generalEffort({ effort, names }: InferenceWish, receipt: Receipt): 'low' | 'medium' | 'high' | undefined {
  if (!effort) return undefined;
  const known = Object.hasOwn(GENERAL_EFFORTS, effort) ? GENERAL_EFFORTS[effort] : undefined;
  if (known !== effort) receipt.drop(names.effort);
  return known;
}

const NOT_WITH_HIGH_EFFORT: FamilyOptions['withheld'] = new Set(['maxTokens', 'temperature', 'topP']);

function nova2Options(wish: InferenceWish, { receipt }: InferenceContext): FamilyOptions {
  const { thinking } = wish;
  const isOff = wish.effort === 'none' || (!wish.effort && thinking?.type === 'disabled');
  if (thinking !== undefined && thinking.type !== 'disabled') receipt.drop(wish.names.thinking);
  const asked = isOff ? undefined : (generalEffort(wish, receipt) ?? (isThinkingAsked(wish) ? 'medium' : undefined));
  const reasoningConfig = isOff ? { type: 'disabled' } : asked && { type: 'enabled', maxReasoningEffort: asked };
  return {
    additionalFields: { ...novaTopK(wish), ...(reasoningConfig ? { reasoningConfig } : {}) },
    withheld: asked === 'high' ? NOT_WITH_HIGH_EFFORT : NOTHING,
  };
}

const isThinkingAsked = ({ thinking }: InferenceWish) => thinking !== undefined && thinking.type !== 'disabled';

function gptOssFields(wish: InferenceWish, { receipt }: InferenceContext): JsonObject {
  // It thinks in any case.
  if (wish.thinking !== undefined) receipt.drop(wish.names.thinking);
  const effort = generalEffort(wish, receipt);
  return { ...(effort ? { reasoning_effort: effort } : {}), ...topKField(wish) };
}

/** A model that is not known, maybe one behind an inference profile of the user's own, gets what was asked for. */
function fieldsAsAsked(wish: InferenceWish, { receipt }: InferenceContext): JsonObject {
  const { thinking, effort, names } = wish;
  if (thinking?.type === 'enabled' && thinking.includeThoughts === false) {
    receipt.drop(`${names.thinking}.includeThoughts`);
  }
  return {
    ...(thinking === undefined ? {} : { thinking: thinkingAsAsked(thinking) }),
    ...(effort ? { reasoning_config: effort } : {}),
    ...topKField(wish),
  };
}

/** `thinking` in Anthropic's words. */
function thinkingAsAsked(thinking: Thinking): JsonObject {
  if (thinking.type === 'disabled') return { type: 'disabled' };
  const display = thinking.display === undefined ? {} : { display: thinking.display };
  if (thinking.type === 'adaptive') return { type: 'adaptive', ...display };
  const { budgetTokens } = thinking;
  return { type: 'enabled', ...(budgetTokens === undefined ? {} : { budget_tokens: budgetTokens }), ...display };
}

const topKField = ({ topK }: InferenceWish): JsonObject => (topK === undefined ? {} : { top_k: topK });
