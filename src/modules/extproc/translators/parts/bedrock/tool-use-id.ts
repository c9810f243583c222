import { createHash } from 'node:crypto';
import type { ModelFamily } from './model-family.js';

const VALID = /^[a-zA-Z0-9_-]{1,64}$/;
const VALID_FOR_MISTRAL = /^[a-zA-Z0-9]{9}$/;
const MISTRAL_CHARACTERS = 9;

/**
 * An id that Converse takes, the same for the call and its result. Ids of other providers that hold other characters, or too
 * many, are replaced by one made of their hash; Mistral wants exactly 9 letters and digits. @see spec translators.md 18.4.3
 */
export function toolUseId(id: string, family: ModelFamily): string {
  const isMistral = family === 'mistral';
  if ((isMistral ? VALID_FOR_MISTRAL : VALID).test(id)) return id;
  const hash = createHash('sha256').update(id).digest('hex');
  return isMistral ? hash.slice(0, MISTRAL_CHARACTERS) : `call_${hash.slice(0, 32)}`;
}
