import type { JsonObject } from '../../../codec/json-value.js';
import { optionalObject } from '../request-fields.js';
import type { CacheControl } from './chat-request.js';

/** The marker of a part, call, message or definition, as a member to be spread; none unless its type is `ephemeral`. */
export function cacheControlOf(object: JsonObject, path: string): { readonly cacheControl?: CacheControl } {
  const marker = optionalObject(object, 'cache_control', path);
  if (marker?.['type'] !== 'ephemeral') return NONE;
  const ttl = marker['ttl'];
  return { cacheControl: ttl === '5m' || ttl === '1h' ? { ttl } : {} };
}

const NONE = {};
