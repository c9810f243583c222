import { paddedBase64 } from '../chat/data-uri.js';

/*
 * Thought signatures, as clients keep them between two requests. Gemini puts a signature on a part; clients have thinking
 * blocks. In messages such a block stands right before the block that it belongs to, and its signature is tagged
 * `gemini:<base64>`, so that other providers know it as foreign. In chats all thinking blocks of a message stand together:
 * the first signature goes as plain base64, as the reference gives it, later ones tell their place,
 * `gemini:text:<base64>` or `gemini:call.<index>:<base64>`.
 * @see spec translators.md 18.2.5 and G48
 */

/** Which part of the answer carries a signature: a text (or thought), or a function call by its index. */
export type SignaturePlace = 'text' | number;

export interface ReplayedSignature {
  /** Base64. */
  readonly data: string;
  /** Undefined: untold. */
  readonly place?: SignaturePlace;
}

/** Tells Gemini to do without the signature of a call: the base64 of `skip_thought_signature_validator`. */
export const NO_SIGNATURE = 'c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I=';

const TAGGED = /^gemini:(?:(text|call\.\d{1,4}):)?([^:]*)$/;

export const tagSignature = (data: string): string => `gemini:${data}`;

export const placeSignature = (data: string, place: SignaturePlace): string =>
  `gemini:${place === 'text' ? place : `call.${place}`}:${data}`;

/** Reads a tagged signature; undefined for one of another provider, or one that is broken. */
export function readTaggedSignature(text: string): ReplayedSignature | undefined {
  const match = TAGGED.exec(text);
  const data = match === null ? undefined : paddedBase64(match[2]!);
  if (data === undefined || data === '') return undefined;
  const place = match![1];
  if (place === undefined) return { data };
  return { data, place: place === 'text' ? place : Number(place.slice('call.'.length)) };
}

/** As {@link readTaggedSignature}; text without a tag is a signature without a place. */
export function readSignature(text: string): ReplayedSignature | undefined {
  if (text.includes(':')) return readTaggedSignature(text);
  const data = paddedBase64(text);
  return data === undefined ? undefined : { data };
}
