import { randomBytes } from 'node:crypto';
import type { TranslationOptions } from '../../../shared/translation-options.js';
import type { TranslatorEnv } from './translator.js';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const ID_LENGTH = 24;

/** The process's own clock and random ids. */
export const translatorEnv = (options: TranslationOptions): TranslatorEnv => ({
  options,
  nowSeconds: () => Math.floor(Date.now() / 1000),
  newId(prefix, length = ID_LENGTH) {
    let id = prefix;
    // 256 is no multiple of 62: a few letters come more often, which an id does not mind.
    for (const byte of randomBytes(length)) id += ALPHABET[byte % ALPHABET.length]!;
    return id;
  },
});
