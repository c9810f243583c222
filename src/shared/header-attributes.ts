import { UserFacingError } from './errors.js';

/** Lower-case request header name → attribute name on a span, a metric or in dynamic metadata. */
export type HeaderAttributes = ReadonlyMap<string, string>;

/** What spans and logs carry when their own mapping is not set. @see spec extproc.md section 1.1 */
export const SESSION_HEADER_ATTRIBUTES: HeaderAttributes = new Map([['agent-session-id', 'session.id']]);

/**
 * Parses `header:attribute,header:attribute`. Blanks are trimmed, a pair is split at its first colon, of a header named
 * twice the later pair counts; empty text is an empty mapping. Header names are lower-cased, because Envoy delivers them so.
 * @throws UserFacingError that names the 1-based position of the first bad pair
 * @see spec observability.md section 6
 */
export function parseHeaderAttributes(text: string): HeaderAttributes {
  const mapping = new Map<string, string>();
  if (text.trim() === '') return mapping;
  for (const [index, rawPair] of text.split(',').entries()) {
    const pair = rawPair.trim();
    const colon = pair.indexOf(':');
    const header = pair.slice(0, Math.max(colon, 0)).trim().toLowerCase();
    const attribute = pair.slice(colon + 1).trim();
    if (pair === '') throw badPair(index, 'it is empty; remove the extra comma');
    if (colon < 0) throw badPair(index, `"${pair}" has no colon; expected header:attribute`);
    if (header === '') throw badPair(index, `"${pair}" has no header name; expected header:attribute`);
    if (attribute === '') throw badPair(index, `"${pair}" has no attribute name; expected header:attribute`);
    mapping.set(header, attribute);
  }
  return mapping;
}

/** Base mapping with a specific one on top: per header the specific one wins. */
export const mergeHeaderAttributes = (base: HeaderAttributes, specific: HeaderAttributes): HeaderAttributes =>
  new Map([...base, ...specific]);

const badPair = (index: number, why: string) => new UserFacingError(`pair ${index + 1}: ${why}`);
