import { UserFacingError } from '../../../../../shared/errors.js';
import type { Receipt } from '../../receipt.js';
import type { AudioPart, FilePart, ImagePart, MediaUrlPart, UserPart } from '../chat/chat-request.js';
import { paddedBase64, parseDataUri } from '../chat/data-uri.js';
import { mediaTypeOfName, mediaTypeOfUrl } from './media-type.js';
import type { GeminiModel } from './model.js';
import type { GeminiPart } from './wire.js';

/**
 * Parts of a user message (or of a tool's answer) as Gemini takes them; blank texts and images without an address are left
 * out (translators.md G19).
 * @throws {UserFacingError} 422 for data that is no base64 and files that only OpenAI has
 * @see spec translators.md 5.8, "Messages"
 */
export function toUserParts(parts: readonly UserPart[], model: GeminiModel, receipt: Receipt): GeminiPart[] {
  return parts.flatMap((part) => {
    if (part.cacheControl) receipt.drop(`${part.path}.cache_control`);
    return toUserPart(part, model, receipt) ?? [];
  });
}

function toUserPart(part: UserPart, model: GeminiModel, receipt: Receipt): GeminiPart | undefined {
  switch (part.type) {
    case 'text':
      return textPart(part.text);
    case 'image_url':
      return imagePart(part, model, receipt);
    case 'input_audio':
      return audioPart(part);
    case 'audio_url':
    case 'video_url':
      return mediaUrlPart(part);
    case 'file':
      return filePart(part);
  }
}

/** Undefined when it is blank: Gemini refuses parts without text. */
export const textPart = (text: string): GeminiPart | undefined => (text.trim() === '' ? undefined : { text });

/** @param path Of the data in the client's body @throws {UserFacingError} 422 when the data is no base64 */
export function inlinePart(mimeType: string, base64: string, path: string): GeminiPart {
  const data = paddedBase64(base64);
  if (data === undefined) throw new UserFacingError(`"${path}" must be base64, found other text`);
  return { inlineData: { mimeType, data } };
}

/** A `data:` URI goes with the request, anything else is an address that Gemini fetches. */
export function mediaPart(url: string, path: string, defaultType: string): GeminiPart {
  if (!/^data:/i.test(url)) return { fileData: { mimeType: mediaTypeOfUrl(url) ?? defaultType, fileUri: url } };
  const found = parseDataUri(url);
  if (found) return { inlineData: { mimeType: found.mediaType || defaultType, data: found.data } };
  throw new UserFacingError(
    `"${path}" must be an address or a data URI (data:<type>;base64,<data>), found a broken one`,
  );
}

function imagePart(part: ImagePart, model: GeminiModel, receipt: Receipt): GeminiPart | undefined {
  if (part.url === '') {
    receipt.drop(part.path);
    return undefined;
  }
  const media = mediaPart(part.url, `${part.path}.image_url.url`, 'image/jpeg');
  if (part.detail === undefined) return media;
  if (model.isGemini3) return { ...media, mediaResolution: { level: resolutionOf(part.detail, part.path) } };
  if (part.detail !== 'auto') receipt.drop(`${part.path}.image_url.detail`);
  return media;
}

function resolutionOf(detail: string, path: string): string {
  switch (detail) {
    case 'low':
      return 'MEDIA_RESOLUTION_LOW';
    case 'medium':
      return 'MEDIA_RESOLUTION_MEDIUM';
    case 'high':
      return 'MEDIA_RESOLUTION_HIGH';
    case 'auto':
      return 'MEDIA_RESOLUTION_UNSPECIFIED';
    default:
      throw new UserFacingError(`"${path}.image_url.detail" must be "auto", "low", "medium" or "high" for this model`);
  }
}

/** Formats whose media type has another name. */
const AUDIO_TYPES: ReadonlyMap<string, string> = new Map([
  ['pcm16', 'audio/pcm'],
  ['opus', 'audio/ogg'],
]);

function audioPart(part: AudioPart): GeminiPart {
  const format = part.format.toLowerCase();
  const path = `${part.path}.input_audio`;
  if (!/^[a-z0-9]{1,16}$/.test(format)) {
    throw new UserFacingError(`"${path}.format" must be the name of an audio format such as "wav" or "mp3"`);
  }
  return inlinePart(AUDIO_TYPES.get(format) ?? `audio/${format}`, part.data, `${path}.data`);
}

const mediaUrlPart = (part: MediaUrlPart): GeminiPart =>
  mediaPart(part.url, `${part.path}.${part.type}.url`, part.type === 'audio_url' ? 'audio/mpeg' : 'video/mp4');

/** The type that a `data:` URI names, else the one of the file's name, else PDF. */
function filePart(part: FilePart): GeminiPart {
  const byName = (part.filename === undefined ? undefined : mediaTypeOfName(part.filename)) ?? 'application/pdf';
  if (part.fileData !== undefined) {
    const path = `${part.path}.file.file_data`;
    return /^data:/i.test(part.fileData)
      ? mediaPart(part.fileData, path, byName)
      : inlinePart(byName, part.fileData, path);
  }
  if (part.fileUrl !== undefined) return mediaPart(part.fileUrl, `${part.path}.file_url`, byName);
  throw new UserFacingError(
    `"${part.path}" must hold its file as "file_data": this backend cannot read files that are stored at OpenAI`,
  );
}
