import {
  arrayOf,
  isJsonObject,
  numberOf,
  objectOf,
  parseJsonLeniently,
  stringOf,
  type JsonObject,
  type JsonValue,
} from '../../../codec/json-value.js';
import { UpstreamAnswerError } from '../../translator.js';
import { mediaNote } from '../messages/media-note.js';

/** A `GenerateContentResponse`: a whole answer, or an object of a stream. @see spec translators.md 18.2.6 */
export interface GeminiAnswer {
  readonly candidates: readonly Candidate[];
  /** The prompt was blocked. */
  readonly block?: { readonly reason: string; readonly message: string | undefined };
  /** Safety ratings of the prompt. */
  readonly promptRatings: JsonValue | undefined;
  readonly usageMetadata: JsonValue | undefined;
  readonly model: string | undefined;
  readonly id: string | undefined;
  /** Unix seconds. */
  readonly created: number | undefined;
}

export interface Candidate {
  readonly index: number;
  readonly parts: readonly AnswerPart[];
  readonly finishReason: string | undefined;
  /** `safetyRatings`, `groundingMetadata`, `citationMetadata`, `logprobsResult`. */
  readonly raw: JsonObject;
}

export type AnswerPart = { readonly signature?: string } & (
  | { readonly kind: 'text' | 'thought'; readonly text: string }
  | { readonly kind: 'call'; readonly id: string | undefined; readonly name: string; readonly args: JsonObject }
  | { readonly kind: 'media'; readonly mimeType: string; readonly data: string }
);

/** @throws {UpstreamAnswerError} for bytes that are no JSON object */
export function parseAnswer(body: Uint8Array): GeminiAnswer {
  const value = parseJsonLeniently(body);
  if (!isJsonObject(value)) throw new UpstreamAnswerError('expected a JSON object of generateContent');
  return readAnswer(value);
}

export function readAnswer(answer: JsonObject): GeminiAnswer {
  const feedback = objectOf(answer['promptFeedback']);
  const blockReason = stringOf(feedback['blockReason']);
  return {
    candidates: readCandidates(arrayOf(answer['candidates']).filter(isJsonObject)),
    ...(blockReason ? { block: { reason: blockReason, message: stringOf(feedback['blockReasonMessage']) } } : {}),
    promptRatings: feedback['safetyRatings'],
    usageMetadata: answer['usageMetadata'],
    model: stringOf(answer['modelVersion']) || undefined,
    id: stringOf(answer['responseId']) || undefined,
    created: secondsOf(stringOf(answer['createTime'])),
  };
}

/** Unix seconds of an RFC 3339 time. Most events tell none: parsing '' would be a sixth of the time that one takes. */
function secondsOf(time: string | undefined): number | undefined {
  if (!time) return undefined;
  const timeMs = Date.parse(time);
  return Number.isNaN(timeMs) ? undefined : Math.floor(timeMs / 1000);
}

/** Where some tell their index, one that does not has the index 0; where none does, its position (translators.md G28). */
function readCandidates(candidates: readonly JsonObject[]): readonly Candidate[] {
  const isIndexed = candidates.some((candidate) => indexOf(candidate) !== undefined);
  return candidates.map((candidate, position) => ({
    index: indexOf(candidate) ?? (isIndexed ? 0 : position),
    parts: readParts(arrayOf(objectOf(candidate['content'])['parts'])),
    finishReason: stringOf(candidate['finishReason']) || undefined,
    raw: candidate,
  }));
}

function indexOf(candidate: JsonObject): number | undefined {
  const index = numberOf(candidate['index']);
  return index !== undefined && Number.isInteger(index) && index >= 0 ? index : undefined;
}

/** A `flatMap` would take 100 ns, as long as all the rest of an event. */
function readParts(parts: readonly JsonValue[]): readonly AnswerPart[] {
  return parts.map((part) => readPart(objectOf(part))).filter((part) => part !== undefined);
}

/** Undefined for a part that says nothing. */
function readPart(part: JsonObject): AnswerPart | undefined {
  const signature = stringOf(part['thoughtSignature']);
  const signed = signature ? { signature } : {};
  const call = part['functionCall'];
  if (isJsonObject(call)) {
    const [id, name] = [stringOf(call['id']) || undefined, stringOf(call['name']) ?? ''];
    return { ...signed, kind: 'call', id, name, args: objectOf(call['args']) };
  }
  const media = part['inlineData'];
  if (isJsonObject(media)) {
    const [mimeType, data] = [stringOf(media['mimeType']) ?? '', stringOf(media['data']) ?? ''];
    // A sketch that the model made on the way to its answer.
    if (part['thought'] === true) return { ...signed, kind: 'thought', text: mediaNote(mimeType) };
    return { ...signed, kind: 'media', mimeType, data };
  }
  const text = stringOf(part['text']) ?? codeOf(part);
  if (text === undefined && signature === undefined) return undefined;
  return { ...signed, kind: part['thought'] === true ? 'thought' : 'text', text: text ?? '' };
}

/** Code that the model ran, and what came out, as Markdown (translators.md G14). */
function codeOf(part: JsonObject): string | undefined {
  const { executableCode, codeExecutionResult } = part;
  if (isJsonObject(executableCode)) {
    const language = (stringOf(executableCode['language']) ?? '').toLowerCase().replace('language_unspecified', '');
    return fenced(language, stringOf(executableCode['code']) ?? '');
  }
  if (isJsonObject(codeExecutionResult)) return fenced('', stringOf(codeExecutionResult['output']) ?? '');
  return undefined;
}

const fenced = (language: string, text: string) => `\n\`\`\`${language}\n${text}\n\`\`\`\n`;

/** What a client is told of a prompt that was blocked. */
export const blockText = ({ reason, message }: NonNullable<GeminiAnswer['block']>): string =>
  message || `The prompt was blocked: ${reason}`;
