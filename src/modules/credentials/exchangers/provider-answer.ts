import { ExchangeError } from '../exchange.js';
import { type Answer, type Call, type Send, whom } from './bounded-call.js';

export type JsonObject = Readonly<Record<string, unknown>>;

/** How one provider tells why it refuses. */
export interface ErrorWords {
  /** The provider's error code in the body of a refusal, undefined when there is none. */
  readonly codeOf: (answer: Answer) => string | undefined;
  /** By code: what to change. */
  readonly hints: Readonly<Record<string, string>>;
}

/** Beyond this the clocks are worth a word: JWTs and signatures are commonly refused from 5 minutes on. */
const SKEW_WORTH_TELLING_MS = 2 * 60_000;

/**
 * Calls and gives the JSON object of a 2xx answer. Rejects with ExchangeError otherwise: with the provider's error code,
 * never with anything else of its answer.
 */
export async function callJson(
  send: Send,
  call: Call,
  words: ErrorWords,
  now: () => Date,
  signal: AbortSignal,
): Promise<{ readonly members: JsonObject; readonly answer: Answer }> {
  const answer = await send(call, signal);
  refuseFailure(call, answer, words, now());
  const members = parseJsonObject(answer.text);
  if (!members) throw malformed(call, 'it is no JSON object');
  return { members, answer };
}

/** Throws ExchangeError unless the answer is a 2xx. */
export function refuseFailure(call: Call, answer: Answer, words: ErrorWords, now: Date): void {
  if (answer.status >= 200 && answer.status < 300) return;
  if (answer.status >= 300 && answer.status < 400) {
    const hint = 'Configure the URL it redirects to: credentials are not sent to another place.';
    throw new ExchangeError(`cannot use ${whom(call)}: it redirects (${answer.status})`, call.step, 'redirected', hint);
  }
  const told = safeCode(words.codeOf(answer), call);
  const code = told ?? `http_${answer.status}`;
  throw new ExchangeError(
    `cannot get an answer from ${whom(call)}: ${answer.status}${told ? ` ${told}` : ''}`,
    call.step,
    code,
    (words.hints[code] ?? hintOfStatus(answer.status)) + skewHint(answer.serverTime, now),
    answer.retryAfterMs,
  );
}

/** `what` is a fixed text of ours. */
export function malformed(call: Call, what: string): ExchangeError {
  return new ExchangeError(
    `cannot use the answer of ${whom(call)}: ${what}`,
    call.step,
    'malformed_answer',
    'Check that the URL is the one of a token service, and that no proxy answers in its place.',
  );
}

/** Undefined for what is no JSON object. */
export function parseJsonObject(text: string): JsonObject | undefined {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}

export const objectOf = (value: unknown): JsonObject | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;

export const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value ? value : undefined);

/**
 * A token that can stand in a header and in one line of an INI text. Undefined for anything else: a line break in it would
 * become a header or a setting.
 */
export const tokenOf = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[\x21-\x7e]+$/.test(value) ? value : undefined;

/** Codes are words. What is longer, or holds something that was sent as a secret, is dropped. */
function safeCode(code: string | undefined, call: Call): string | undefined {
  if (!code || !/^[A-Za-z0-9_.-]{1,64}$/.test(code)) return undefined;
  return (call.secrets ?? []).some((secret) => overlaps(code, secret.reveal())) ? undefined : code;
}

const overlaps = (code: string, secret: string) =>
  secret !== '' && (code.includes(secret) || (code.length > 8 && secret.includes(code)));

function hintOfStatus(status: number): string {
  if (status === 429) return 'It asks for fewer calls: it is tried again later.';
  if (status >= 500) return 'The provider has a problem: it is tried again later.';
  if (status === 404) return 'Nothing answers at this URL: check issuer, token endpoint, tenant or names.';
  return 'Check the credentials of the policy and what they are allowed to do.';
}

function skewHint(serverTime: Date | undefined, now: Date): string {
  const skewMs = serverTime ? now.getTime() - serverTime.getTime() : 0;
  if (Math.abs(skewMs) < SKEW_WORTH_TELLING_MS) return '';
  const minutes = Math.round(Math.abs(skewMs) / 60_000);
  return ` The clock of this machine is about ${minutes} min ${skewMs > 0 ? 'ahead of' : 'behind'} the provider's: correct it.`;
}
