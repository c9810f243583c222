import {
  isJsonArray,
  isJsonObject,
  objectOf,
  stringOf,
  type JsonObject,
  type JsonValue,
} from '../../codec/json-value.js';
import type { EndpointName } from '../../endpoints/endpoint.js';
import { REDACTED, type Redaction } from './redaction.js';

/** Whether the URL of an image may not be recorded. */
export type IsHiddenImage = (url: string) => boolean;

/** Where the reference has the limit on length, and endpoints that it does not have. */
const LIMITED: ReadonlySet<EndpointName> = new Set(['chat-completions', 'responses', 'images-edits', 'moderations']);

/**
 * Which images a document must be searched for; undefined for none. A limit of zero and less means every image, but none
 * for responses.
 * @see spec observability.md 4.4 `OPENINFERENCE_BASE64_IMAGE_MAX_LENGTH`, 12.2 row 5
 */
export function hiddenImages(
  endpoint: EndpointName,
  bodyBytes: number,
  { hidesInputImages, base64ImageBytesMax }: Redaction,
): IsHiddenImage | undefined {
  if (hidesInputImages) return () => true;
  const isLimited = LIMITED.has(endpoint) && (endpoint !== 'responses' || base64ImageBytesMax > 0);
  // An image cannot be longer than the body that holds it.
  if (!isLimited || bodyBytes <= base64ImageBytesMax) return undefined;
  return (url) =>
    url.startsWith('data:image/') && url.includes('base64') && Buffer.byteLength(url) > base64ImageBytesMax;
}

/** The document without hidden images, wherever they are in it: the same value when it has none. */
export function withoutImagesOf(value: JsonObject, isHidden: IsHiddenImage): JsonObject {
  let isChanged = false;
  const entries = Object.entries(value).map(([name, member]) => {
    const kept =
      member === undefined ? member : (redactedImage(value, name, member, isHidden) ?? withoutImages(member, isHidden));
    isChanged ||= kept !== member;
    return [name, kept] as const;
  });
  // An own `__proto__` is a member like any other, hence entries.
  return isChanged ? Object.fromEntries(entries) : value;
}

function withoutImages(value: JsonValue, isHidden: IsHiddenImage): JsonValue {
  if (isJsonArray(value)) {
    const items = value.map((item) => withoutImages(item, isHidden));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  return isJsonObject(value) ? withoutImagesOf(value, isHidden) : value;
}

/** Undefined when the member is no image that is hidden. */
function redactedImage(
  owner: JsonObject,
  name: string,
  member: JsonValue,
  isHidden: IsHiddenImage,
): JsonValue | undefined {
  const hidden = (url: string) => (isHidden(url) ? REDACTED : undefined);
  if (name === 'image_url') {
    if (typeof member === 'string') return hidden(member);
    const url = stringOf(objectOf(member)['url']);
    return url !== undefined && isHidden(url) ? { ...objectOf(member), url: REDACTED } : undefined;
  }
  // Items of a response that were images that it made.
  if (name === 'result' && owner['type'] === 'image_generation_call' && typeof member === 'string') {
    return hidden(member);
  }
  return name === 'source' && owner['type'] === 'image' ? redactedSource(objectOf(member), isHidden) : undefined;
}

/** @see https://docs.claude.com/en/docs/build-with-claude/vision */
function redactedSource(source: JsonObject, isHidden: IsHiddenImage): JsonObject | undefined {
  const { data, url } = source;
  const hidesData = typeof data === 'string' && isHidden(data);
  const hidesUrl = typeof url === 'string' && isHidden(url);
  if (!hidesData && !hidesUrl) return undefined;
  return { ...source, ...(hidesData && { data: REDACTED }), ...(hidesUrl && { url: REDACTED }) };
}
