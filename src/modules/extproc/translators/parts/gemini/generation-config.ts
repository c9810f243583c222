import { UserFacingError } from '../../../../../shared/errors.js';
import { objectOf } from '../../../codec/json-value.js';
import type { Receipt } from '../../receipt.js';
import type { ChatRequest } from '../chat/chat-request.js';
import type { GeminiModel } from './model.js';
import { toThinkingConfig } from './thinking.js';
import type { GenerationConfig } from './wire.js';

const STOP_SEQUENCES_MAX = 5;

/**
 * Undefined when there are none; an empty text, which stops nothing, is none.
 * @throws {UserFacingError} 422 when there are more than Gemini takes @see spec translators.md 18.2.1
 */
export function checkedStops(texts: readonly string[], path: string): readonly string[] | undefined {
  const stops = texts.filter((text) => text !== '');
  if (stops.length <= STOP_SEQUENCES_MAX) return stops.length === 0 ? undefined : stops;
  throw new UserFacingError(
    `"${path}" must hold at most ${STOP_SEQUENCES_MAX} texts for this backend, found ${stops.length}`,
  );
}

/** All of a chat's sampling parameters but the format of the answer. @see spec translators.md 5.8, "generationConfig" */
export function toGenerationConfig(chat: ChatRequest, model: GeminiModel, receipt: Receipt): GenerationConfig {
  return withoutUndefined({
    temperature: chat.temperature,
    topP: chat.topP,
    topK: chat.topK,
    seed: seedOf(chat.seed, receipt),
    logprobs: chat.topLogprobs,
    responseLogprobs: chat.logprobs,
    candidateCount: chat.n,
    maxOutputTokens: chat.maxTokens,
    presencePenalty: chat.presencePenalty,
    frequencyPenalty: chat.frequencyPenalty,
    stopSequences: checkedStops(chat.stop, 'stop'),
    thinkingConfig: thinkingOf(chat, model, receipt),
    mediaResolution: mediaResolutionOf(chat, model, receipt),
  });
}

type Present<T> = { readonly [Name in keyof T]?: Exclude<T[Name], undefined> };

/** The members that are there. */
export function withoutUndefined<T extends object>(members: T): Present<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Present<T>;
}

/** Gemini's seed has 32 bits: of a longer one the lower bits count, so that the same seed stays the same. */
function seedOf(seed: number | undefined, receipt: Receipt): number | undefined {
  if (seed === undefined) return undefined;
  const cut = Number(BigInt.asIntN(32, BigInt(seed)));
  if (cut !== seed) receipt.drop('seed');
  return cut;
}

function thinkingOf(chat: ChatRequest, model: GeminiModel, receipt: Receipt) {
  const { thinking } = chat;
  const effort = { effort: chat.reasoningEffort, effortPath: 'reasoning_effort' };
  const asked = chat.wantsVisibleThinking === true ? true : undefined;
  if (thinking === undefined) {
    return toThinkingConfig(model.thinking, { kind: undefined, includeThoughts: asked, ...effort }, receipt);
  }
  if (thinking.type === 'disabled')
    return toThinkingConfig(model.thinking, { kind: thinking.type, ...effort }, receipt);
  const shown = thinking.display === undefined ? undefined : thinking.display !== 'omitted';
  if (thinking.type === 'adaptive') {
    return toThinkingConfig(
      model.thinking,
      { kind: thinking.type, includeThoughts: shown ?? true, ...effort },
      receipt,
    );
  }
  const includeThoughts = thinking.includeThoughts ?? shown ?? asked;
  const { budgetTokens } = thinking;
  return toThinkingConfig(model.thinking, { kind: thinking.type, budgetTokens, includeThoughts, ...effort }, receipt);
}

/** Gemini's own `generationConfig` is read for its media resolution only. */
function mediaResolutionOf(chat: ChatRequest, model: GeminiModel, receipt: Receipt): string | undefined {
  for (const [name, value] of Object.entries(objectOf(chat.fields['generationConfig']))) {
    if (name !== 'media_resolution' && value !== null) receipt.drop(`generationConfig.${name}`);
  }
  if (chat.mediaResolution === undefined || model.isGemini3) return chat.mediaResolution;
  receipt.drop('generationConfig.media_resolution');
  return undefined;
}
