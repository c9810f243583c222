import { createHash, createHmac } from 'node:crypto';
import { Redacted } from '../../../shared/secret.js';
import type { ExchangeRequest } from '../exchange.js';
import type { Jitter } from './rotation-times.js';

/** SHA-256 over everything that an exchange depends on, secrets included; stays in memory. */
export const digestOf = (request: ExchangeRequest): string =>
  createHash('sha256')
    .update(JSON.stringify(plain(request)))
    .digest('base64url');

/** With secrets revealed and members sorted. */
function plain(value: unknown): unknown {
  if (value instanceof Redacted) return plain(value.reveal());
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(byKey)
    .map(([key, member]) => [key, plain(member)]);
}

/**
 * Ties a token to the inputs that it was issued for. The token itself is the key, so that who sees the seal, but not the
 * Secret that it is kept on, cannot try out client secrets; and a token that somebody edited no longer fits.
 *
 * @param data values of the Secret, base64
 */
export const sealOf = (data: Readonly<Record<string, string>>, digest: string): string =>
  createHmac('sha256', JSON.stringify(Object.entries(data).sort(byKey)))
    .update(digest)
    .digest('base64url');

/** The same for the same words, evenly spread over others: it survives restarts, and differs between policies. */
export const jitterOf = (...words: readonly (string | number)[]): Jitter =>
  (createHash('sha256').update(words.join('\n')).digest().readUInt32BE() / 0xffff_ffff) * 2 - 1;

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);
