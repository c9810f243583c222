import { describe, expect, it } from '@jest/globals';
import { renderLocalError } from './error-dialect.js';

const read = (dialect: 'openai' | 'anthropic' | 'cohere', status: number) =>
  JSON.parse(renderLocalError(dialect, { status, type: 'T', message: 'say "no"\n' }).toString()) as unknown;

describe('renderLocalError', () => {
  it('speaks OpenAI and keeps the members of the reference', () => {
    expect(read('openai', 400)).toEqual({
      type: 'error',
      error: { type: 'T', code: '400', message: 'say "no"\n', param: null },
    });
  });

  it.each(['openai', 'anthropic', 'cohere'] as const)('G9: writes any text as JSON for %s', (dialect) => {
    const text = 'a "quote",\na line\\ and \u0007';
    const body = JSON.parse(
      renderLocalError(dialect, { status: 400, type: 'BadRequest', message: text }).toString(),
    ) as {
      readonly error: { readonly message: string };
    };
    expect(body.error.message).toBe(text);
  });

  it('speaks Cohere and keeps the members of the reference', () => {
    expect(read('cohere', 422)).toEqual({
      type: 'error',
      message: 'say "no"\n',
      error: { type: 'T', code: '422', message: 'say "no"\n' },
    });
  });

  it.each([
    [400, 'invalid_request_error'],
    [401, 'authentication_error'],
    [403, 'permission_error'],
    [404, 'not_found_error'],
    [405, 'invalid_request_error'],
    [413, 'request_too_large'],
    [422, 'invalid_request_error'],
    [429, 'rate_limit_error'],
    [503, 'overloaded_error'],
    [500, 'api_error'],
    [418, 'api_error'],
  ])('names status %i %s for Anthropic', (status, type) => {
    expect(read('anthropic', status)).toEqual({
      type: 'error',
      error: { type, code: String(status), message: 'say "no"\n' },
    });
  });
});
