import { Redacted } from '../../shared/secret.js';
import { ExchangeError, type ExchangedToken, type ExchangeRequest, type ExchangeStep } from './exchange.js';

/** What people are told of an exchange that failed; texts are bounded and free of secrets. */
export interface ExchangeFailure {
  readonly step: ExchangeStep | 'exchange';
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly retryAfterMs: number | undefined;
}

const CODE_LENGTH_MAX = 100;
const TEXT_LENGTH_MAX = 1_000;
/** Shorter ones, such as an empty placeholder, would blacken words. */
const SECRET_LENGTH_MIN = 4;
/** All of it goes into a Secret, and from there into the filter config. */
const TOKEN_BYTES_MAX = 256 * 1024;

/** Texts of an ExchangeError are meant for people, those of other errors are not. */
export function toFailure(error: unknown, request: ExchangeRequest): ExchangeFailure {
  if (!(error instanceof ExchangeError))
    return {
      step: 'exchange',
      code: 'internal',
      message: `the exchange ended with an unexpected ${error instanceof Error ? error.name.slice(0, CODE_LENGTH_MAX) : 'value'}`,
      hint: 'This is a defect of the controller: report it with its log',
      retryAfterMs: undefined,
    };
  // The exchangers keep secrets out; a provider that quotes what it was sent must not get past the last door either.
  const told = (text: string, lengthMax: number) => withoutSecrets(text, request).slice(0, lengthMax);
  return {
    step: error.step,
    code: told(error.code, CODE_LENGTH_MAX),
    message: told(error.message, TEXT_LENGTH_MAX),
    hint: told(error.hint, TEXT_LENGTH_MAX),
    retryAfterMs: error.retryAfterMs,
  };
}

export const timeoutFailure = (deadlineMs: number): ExchangeFailure => ({
  step: 'exchange',
  code: 'timeout',
  message: `the exchange did not end within ${deadlineMs / 1_000} s`,
  hint: 'Check that the controller reaches the identity provider, through its proxy if there is one',
  retryAfterMs: undefined,
});

/** Why a token that a provider gave cannot be kept; undefined when it can. */
export function unusableToken({ data, expiresAt }: ExchangedToken, now: Date): ExchangeFailure | undefined {
  const fail = (code: string, message: string, hint: string): ExchangeFailure => ({
    step: 'exchange',
    code,
    message,
    hint,
    retryAfterMs: undefined,
  });
  const values = Object.values(data).map((value) => value.reveal());
  if (values.length === 0 || values.includes(''))
    return fail('empty_token', 'the provider gave an empty token', 'Check the client and its grants at the provider');
  if (values.reduce((sum, value) => sum + Buffer.byteLength(value), 0) > TOKEN_BYTES_MAX)
    return fail(
      'token_too_large',
      `the token has more than ${TOKEN_BYTES_MAX} bytes`,
      'Ask for fewer claims or scopes',
    );
  if (!(expiresAt.getTime() > now.getTime()))
    return fail(
      'token_expired',
      'the token that the provider gave is past its end already',
      'Check the clocks of this cluster and of the provider',
    );
  return undefined;
}

function withoutSecrets(text: string, request: ExchangeRequest): string {
  let clean = text;
  for (const secret of secretsIn(request)) clean = clean.replaceAll(secret, String(new Redacted(secret)));
  return clean;
}

function secretsIn(value: unknown): readonly string[] {
  if (value instanceof Redacted) {
    const secret: unknown = value.reveal();
    return typeof secret === 'string' && secret.length >= SECRET_LENGTH_MIN ? [secret] : [];
  }
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(secretsIn) : [];
}
