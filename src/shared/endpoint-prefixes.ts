import { UserFacingError } from './errors.js';

/** Where the paths of each API family begin, below the root prefix; `/` is the root itself. */
export interface EndpointPrefixes {
  readonly openai: string;
  readonly cohere: string;
  readonly anthropic: string;
}

export const DEFAULT_ENDPOINT_PREFIXES: EndpointPrefixes = { openai: '/', cohere: '/cohere', anthropic: '/anthropic' };

/**
 * Parses `openai:/,cohere:/cohere,anthropic:/anthropic`. Keys are case-sensitive, a missing key keeps its default, an empty
 * value means the root, of a key named twice the later pair counts; empty text gives the defaults.
 * @throws UserFacingError that names the 1-based position of the first bad pair
 * @see spec extproc.md section 1.1, `endpointPrefixes`
 */
export function parseEndpointPrefixes(text: string): EndpointPrefixes {
  const prefixes: Record<keyof EndpointPrefixes, string> = { ...DEFAULT_ENDPOINT_PREFIXES };
  if (text.trim() === '') return prefixes;
  for (const [index, rawPair] of text.split(',').entries()) {
    const pair = rawPair.trim();
    const colon = pair.indexOf(':');
    if (pair === '') throw badPair(index, 'it is empty; remove the extra comma');
    if (colon < 0) throw badPair(index, `"${pair}" has no colon; expected key:prefix`);
    const key = pair.slice(0, colon).trim();
    if (!isPrefixKey(key)) throw badPair(index, `unknown key "${key}"; expected openai, cohere or anthropic`);
    prefixes[key] = pair.slice(colon + 1).trim() || '/';
  }
  return prefixes;
}

const isPrefixKey = (key: string): key is keyof EndpointPrefixes => Object.hasOwn(DEFAULT_ENDPOINT_PREFIXES, key);

const badPair = (index: number, why: string) => new UserFacingError(`pair ${index + 1}: ${why}`);
