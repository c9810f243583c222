import { describe, expect, it } from '@jest/globals';
import { UserFacingError } from '../../../../../shared/errors.js';
import { Receipt } from '../../receipt.js';
import { parseGeminiModel } from './model.js';
import { toThinkingConfig, type ThinkingWish } from './thinking.js';

const PATH = 'reasoning_effort';

function configOf(model: string, wish: Partial<ThinkingWish>) {
  const receipt = new Receipt();
  const config = toThinkingConfig(
    parseGeminiModel(model).thinking,
    { kind: undefined, effortPath: PATH, ...wish },
    receipt,
  );
  return [config, receipt.dropped];
}

describe('toThinkingConfig', () => {
  it.each([
    ['gemini-2.5-flash', 'none', { thinkingBudget: 0 }, []],
    ['gemini-2.5-flash-lite', 'none', { thinkingBudget: 0 }, []],
    ['gemini-2.5-pro', 'minimal', { thinkingBudget: 1024 }, []],
    ['gemini-2.5-pro', 'low', { thinkingBudget: 1024 }, []],
    ['gemini-2.5-pro', 'medium', { thinkingBudget: 8192 }, []],
    ['gemini-2.5-pro', 'high', { thinkingBudget: 24_576 }, []],
    ['gemini-2.5-flash', 'max', { thinkingBudget: 24_576 }, [PATH]],
    ['gemini-2.0-flash', 'high', undefined, [PATH]],
    ['gemini-2.0-flash', 'none', undefined, []],
    ['other-model', 'high', undefined, [PATH]],
  ])('G28: gives %s for the effort %s its budget', (model, effort, config, dropped) => {
    expect(configOf(model, { effort })).toEqual([config, dropped]);
  });

  it.each([
    ['gemini-3-pro', 'minimal', 'LOW', [PATH]],
    ['gemini-3-pro', 'low', 'LOW', []],
    ['gemini-3-pro', 'medium', 'HIGH', [PATH]],
    ['gemini-3-pro', 'high', 'HIGH', []],
    ['gemini-3.1-pro', 'medium', 'MEDIUM', []],
    ['gemini-3.1-pro', 'high', 'HIGH', []],
    ['gemini-3-flash', 'none', 'MINIMAL', [PATH]],
    ['gemini-3-flash', 'minimal', 'MINIMAL', []],
    ['gemini-3-flash', 'low', 'LOW', []],
    ['gemini-3-flash', 'medium', 'MEDIUM', []],
    ['gemini-3-flash', 'high', 'HIGH', []],
    ['gemini-3-flash', 'xhigh', 'HIGH', [PATH]],
    ['gemini-3.7-flash', 'minimal', 'LOW', [PATH]],
  ])('G12: gives %s for the effort %s the level %s', (model, effort, thinkingLevel, dropped) => {
    expect(configOf(model, { effort })).toEqual([{ thinkingLevel }, dropped]);
  });

  it('reads an empty effort as none told', () => {
    expect(configOf('gemini-3-pro', { effort: '' })).toEqual([undefined, []]);
  });

  it.each([['gemini-2.5-pro'], ['gemini-3-pro'], ['gemini-3.1-pro'], ['gemini-3.7-flash']])(
    'G28: refuses the effort none for %s, which always thinks',
    (model) => {
      const start = () => configOf(model, { effort: 'none' });
      expect(start).toThrow(UserFacingError);
      expect(start).toThrow('"reasoning_effort" must not be "none" for this model, which always thinks: ask for "low"');
    },
  );

  it('refuses an effort that is none, whatever the model', () => {
    expect(() => configOf('gemini-2.0-flash', { effort: 'great' })).toThrow(
      '"reasoning_effort" must be one of none, minimal, low, medium, high, xhigh, max for this backend, found another word',
    );
  });

  it.each([
    ['gemini-2.5-pro', 50, { thinkingBudget: 128 }],
    ['gemini-2.5-pro', 0, { thinkingBudget: 128 }],
    ['gemini-2.5-pro', 99_999, { thinkingBudget: 32_768 }],
    ['gemini-2.5-flash-lite', 100, { thinkingBudget: 512 }],
    ['gemini-3-pro', 1024, { thinkingLevel: 'LOW' }],
    ['gemini-3-pro', 8192, { thinkingLevel: 'HIGH' }],
    ['gemini-3.1-pro', 8192, { thinkingLevel: 'MEDIUM' }],
    ['gemini-3-flash', 1024, { thinkingLevel: 'MINIMAL' }],
    ['gemini-3-flash', 8193, { thinkingLevel: 'HIGH' }],
    ['gemini-3-flash', -1, {}],
  ])('brings for %s a budget of %i into its range, or to a level, and tells', (model, budgetTokens, config) => {
    expect(configOf(model, { kind: 'enabled', budgetTokens, includeThoughts: true })).toEqual([
      { includeThoughts: true, ...config },
      ['thinking.budget_tokens'],
    ]);
  });

  it.each([
    ['gemini-2.5-pro', 2048],
    ['gemini-2.5-pro', -1],
    ['gemini-2.5-flash', 0],
    ['other-model', 7],
  ])('hands %s a budget of %i as it is', (model, budgetTokens) => {
    expect(configOf(model, { kind: 'enabled', budgetTokens })).toEqual([{ thinkingBudget: budgetTokens }, []]);
  });

  it.each([
    ['gemini-2.5-flash', { thinkingBudget: 0 }, []],
    ['gemini-2.5-pro', { thinkingBudget: 128 }, ['thinking']],
    ['gemini-3-pro', { thinkingLevel: 'LOW' }, ['thinking']],
    ['gemini-3-flash', { thinkingLevel: 'MINIMAL' }, ['thinking']],
    ['other-model', {}, ['thinking']],
  ])('G28: switches the thinking of %s off as far as it can', (model, config, dropped) => {
    expect(configOf(model, { kind: 'disabled' })).toEqual([{ includeThoughts: false, ...config }, dropped]);
  });

  it.each([
    ['gemini-2.5-pro', { thinkingBudget: -1 }],
    ['gemini-3-pro', {}],
    ['other-model', {}],
  ])('G28: lets %s think as much as it likes when adaptive', (model, config) => {
    expect(configOf(model, { kind: 'adaptive', includeThoughts: true })).toEqual([
      { includeThoughts: true, ...config },
      [],
    ]);
  });

  it('never sends a budget and a level, nor two budgets, when the client gives thinking and effort', () => {
    expect(configOf('gemini-2.5-pro', { kind: 'enabled', budgetTokens: 500, effort: 'high' })).toEqual([
      { thinkingBudget: 500 },
      [PATH],
    ]);
    expect(configOf('gemini-3-pro', { kind: 'disabled', effort: 'high' })).toEqual([
      { includeThoughts: false, thinkingLevel: 'LOW' },
      [PATH, 'thinking'],
    ]);
    expect(configOf('gemini-2.5-pro', { kind: 'adaptive', effort: 'low' })).toEqual([{ thinkingBudget: 1024 }, []]);
  });

  it.each([
    ['enabled' as const, ['thinking']],
    ['adaptive' as const, ['thinking']],
    ['disabled' as const, []],
  ])('leaves it out for models before 2.5 when %s', (kind, dropped) => {
    expect(configOf('gemini-1.5-pro', { kind })).toEqual([undefined, dropped]);
  });

  it('sends nothing when the client asks for nothing', () => {
    expect(configOf('gemini-2.5-pro', {})).toEqual([undefined, []]);
  });
});
