import { describe, expect, it } from '@jest/globals';
import { generatePath, modelPath, parseGeminiModel } from './model.js';

const PRO_BUDGET = { kind: 'budget', min: 128, max: 32_768, canBeOff: false };
const FLASH_BUDGET = { kind: 'budget', min: 1, max: 24_576, canBeOff: true };
const levels = (...names: string[]) => ({ kind: 'level', levels: names });

describe('parseGeminiModel', () => {
  it.each([
    ['gemini-1.5-pro', false, false, { kind: 'none' }],
    ['gemini-2.0-flash-001', false, false, { kind: 'none' }],
    ['gemini-2.5-pro', true, false, PRO_BUDGET],
    ['gemini-2.5-pro-preview-03-25', true, false, PRO_BUDGET],
    ['gemini-2.5-flash', true, false, FLASH_BUDGET],
    ['Gemini-2.5-Flash', true, false, FLASH_BUDGET],
    ['gemini-live-2.5-flash-preview', true, false, FLASH_BUDGET],
    ['gemini-2.5-flash-lite', true, false, { kind: 'budget', min: 512, max: 24_576, canBeOff: true }],
    ['gemini-3-pro-preview', true, true, levels('LOW', 'HIGH')],
    ['gemini-3.0-pro', true, true, levels('LOW', 'HIGH')],
    ['gemini-3.1-pro-preview', true, true, levels('LOW', 'MEDIUM', 'HIGH')],
    ['gemini-3-flash-preview', true, true, levels('MINIMAL', 'LOW', 'MEDIUM', 'HIGH')],
    ['gemini-3.1-flash-lite', true, true, levels('MINIMAL', 'LOW', 'MEDIUM', 'HIGH')],
    ['gemini-3.7-flash', true, true, levels('LOW', 'MEDIUM', 'HIGH')],
    ['gemini-3.10-flash', true, true, levels('LOW', 'MEDIUM', 'HIGH')],
    ['gemini-4-ultra', true, true, levels('LOW', 'MEDIUM', 'HIGH')],
    ['gemini-flash-latest', false, false, { kind: 'unknown' }],
    ['gemini-embedding-001', false, false, { kind: 'unknown' }],
    ['gemini-exp-1206', false, false, { kind: 'unknown' }],
    ['llama-3-70b', false, false, { kind: 'unknown' }],
    ['', false, false, { kind: 'unknown' }],
  ])('G28: tells by the version in "%s" what the model can do', (name, takesJsonSchema, isGemini3, thinking) => {
    expect(parseGeminiModel(name)).toEqual({ takesJsonSchema, isGemini3, thinking });
  });
});

describe('modelPath', () => {
  it.each([
    ['gemini-2.5-pro', 'gemini-2.5-pro'],
    ['gemini@001', 'gemini@001'],
    ['a/../b', 'a%2F..%2Fb'],
    ['a?b#c%2F', 'a%3Fb%23c%252F'],
    ['a b\\c\u0000\n', 'a%20b%5Cc%00%0A'],
    ['é😀\ud800', '%C3%A9%F0%9F%98%80%EF%BF%BD'],
  ])('keeps the model "%s" in its segment', (model, segment) => {
    expect(modelPath(model, 'countTokens')).toBe(`publishers/google/models/${segment}:countTokens`);
  });

  it('has the method of a stream when the client asks for one', () => {
    expect(generatePath('m', true)).toBe('publishers/google/models/m:streamGenerateContent?alt=sse');
    expect(generatePath('m', false)).toBe('publishers/google/models/m:generateContent');
  });
});
