/** A header value such as `form-data; name="model"`. */
export interface ParameterizedValue {
  /** Lower case. */
  readonly value: string;
  /** By name in lower case; `filename*` and the like, decoded, under their name with the asterisk. */
  readonly parameters: ReadonlyMap<string, string>;
}

const PARAMETER = /;[ \t]*([!#$%&'*+.^_`|~\w-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))[ \t]*/y;
const EXTENDED = /^(utf-8|iso-8859-1)'[\w-]*'((?:[!-$&-~]|%[\da-f]{2})*)$/i;

/**
 * Undefined when the text does not have that form, or has a parameter twice: two readers might take different ones. Of
 * backslashes only those before a quote or a backslash are escapes: browsers used to send Windows paths with bare ones.
 * @see RFC 2045 section 5.1
 */
export function parseParameters(text: string): ParameterizedValue | undefined {
  const trimmed = text.trim();
  const end = trimmed.endsWith(';') ? trimmed.length - 1 : trimmed.length;
  const semicolon = trimmed.indexOf(';');
  const parameters = new Map<string, string>();
  let offset = semicolon === -1 ? end : semicolon;
  const value = trimmed.slice(0, offset).trim().toLowerCase();
  while (offset < end) {
    PARAMETER.lastIndex = offset;
    const found = PARAMETER.exec(trimmed);
    if (found === null) return undefined;
    offset = PARAMETER.lastIndex;
    const name = found[1]!.toLowerCase();
    const written = found[2]?.replaceAll(/\\(["\\])/g, '$1') ?? found[3]!;
    const parameter = name.endsWith('*') ? decodeExtended(written) : written;
    if (parameter === undefined || parameters.has(name)) return undefined;
    parameters.set(name, parameter);
  }
  return { value, parameters };
}

/** Charset, language and percent-encoded text. @see RFC 5987 section 3.2 */
function decodeExtended(text: string): string | undefined {
  const [, charset, encoded] = EXTENDED.exec(text) ?? [];
  if (charset === undefined || encoded === undefined) return undefined;
  const bytes = encoded.replaceAll(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString(charset.toLowerCase() === 'utf-8' ? 'utf8' : 'latin1');
}
