import { describe, expect, it } from '@jest/globals';
import { toFinishReason, toStopReason } from './finish-reason.js';

const REFUSALS = ['SAFETY', 'BLOCKLIST', 'PROHIBITED_CONTENT', 'SPII', 'IMAGE_SAFETY', 'IMAGE_PROHIBITED_CONTENT'];

describe('toFinishReason', () => {
  it.each([
    ['STOP', 'stop'],
    ['MAX_TOKENS', 'length'],
    ...REFUSALS.map((reason) => [reason, 'content_filter']),
    ['RECITATION', 'recitation'],
    ['IMAGE_RECITATION', 'recitation'],
    ['MALFORMED_FUNCTION_CALL', 'malformed_function_call'],
    ['UNEXPECTED_TOOL_CALL', 'unexpected_tool_call'],
    ['LANGUAGE', 'language'],
    ['NO_IMAGE', 'no_image'],
    ['OTHER', 'error'],
    ['IMAGE_OTHER', 'error'],
    ['TOO_MANY_TOOL_CALLS', 'error'],
    ['FINISH_REASON_UNSPECIFIED', 'error'],
    ['SOMETHING_NEW', 'error'],
  ])('reads %s as %s', (reason, expected) => {
    expect(toFinishReason(reason, false)).toBe(expected);
  });

  it('reads STOP as tool_calls when the choice has calls', () => {
    expect(toFinishReason('STOP', true)).toBe('tool_calls');
    expect(toFinishReason('MAX_TOKENS', true)).toBe('length');
  });
});

describe('toStopReason', () => {
  it.each([
    ['STOP', 'end_turn'],
    ['MAX_TOKENS', 'max_tokens'],
    ...[...REFUSALS, 'RECITATION', 'LANGUAGE', 'IMAGE_RECITATION'].map((reason) => [reason, 'refusal']),
    ['MALFORMED_FUNCTION_CALL', undefined],
    ['UNEXPECTED_TOOL_CALL', undefined],
    ['TOO_MANY_TOOL_CALLS', undefined],
    ['MISSING_THOUGHT_SIGNATURE', undefined],
    ['OTHER', undefined],
    ['NO_IMAGE', undefined],
    ['SOMETHING_NEW', undefined],
  ])('reads %s as %s', (reason, expected) => {
    expect(toStopReason(reason!, false)).toBe(expected);
  });

  it('reads STOP as tool_use when the answer has calls', () => {
    expect(toStopReason('STOP', true)).toBe('tool_use');
  });
});
