/** What a data URI holds. */
export interface DataUri {
  /** Lower case, without parameters; '' when the URI names none. */
  readonly mediaType: string;
  /** Base64 of the standard alphabet, padded, without white space. */
  readonly data: string;
}

const SCHEME = /^data:/i;
/** Longer heads are no media type. */
const HEAD_CHARACTERS_MAX = 1024;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/**
 * Reads `data:[<media type>][;base64],<data>`. The data is base64 whether the URI says so or not. Undefined for anything
 * else. @see spec translators.md 2.7
 */
export function parseDataUri(uri: string): DataUri | undefined {
  if (!SCHEME.test(uri)) return undefined;
  const comma = uri.indexOf(',');
  if (comma === -1 || comma > HEAD_CHARACTERS_MAX) return undefined;
  const data = paddedBase64(uri.slice(comma + 1));
  if (data === undefined) return undefined;
  return { mediaType: uri.slice('data:'.length, comma).split(';', 1)[0]!.trim().toLowerCase(), data };
}

/** Base64 as providers take it: missing padding is added, line breaks are taken out. Undefined when it is no base64. */
export function paddedBase64(text: string): string | undefined {
  const data = /\s/.test(text) ? text.replace(/\s+/g, '') : text;
  if (!BASE64.test(data)) return undefined;
  const rest = data.length % 4;
  if (rest === 0) return data;
  return rest === 1 || data.endsWith('=') ? undefined : data + '='.repeat(4 - rest);
}
