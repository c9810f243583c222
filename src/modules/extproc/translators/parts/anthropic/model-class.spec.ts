import { describe, expect, it } from '@jest/globals';
import { traitsOf } from './model-class.js';

const A45 = { thinking: 'budget', efforts: [], sampling: 'one', hasStructuredOutput: true };
const OLD = { thinking: 'budget', efforts: [], sampling: 'all', hasStructuredOutput: false };
const NO_THINKING = { ...OLD, thinking: 'none' };
const B = { thinking: 'either', efforts: ['low', 'medium', 'high', 'max'], sampling: 'all', hasStructuredOutput: true };
const C = {
  thinking: 'adaptive',
  canStopThinking: true,
  efforts: ['low', 'medium', 'high', 'xhigh', 'max'],
  sampling: 'none',
  hasStructuredOutput: true,
};
const ALWAYS = { ...C, canStopThinking: false };
const UNKNOWN = { thinking: 'as asked', efforts: [], sampling: 'all', hasStructuredOutput: false };

describe('traitsOf', () => {
  it.each([
    ['claude-2.1', NO_THINKING],
    ['anthropic.claude-v2:1', NO_THINKING],
    ['claude-instant-1.2', NO_THINKING],
    ['claude-3-haiku-20240307', NO_THINKING],
    ['claude-3-5-sonnet-20241022', NO_THINKING],
    ['claude-3.5-sonnet', NO_THINKING],
    ['claude-3-7-sonnet@20250219', OLD],
    ['claude-sonnet-4-20250514', OLD],
    ['claude-sonnet-4@20250514', OLD],
    ['us.anthropic.claude-opus-4-20250514-v1:0', OLD],
    ['claude-opus-4-1-20250805', { ...OLD, sampling: 'one' }],
    ['claude-sonnet-4-5', A45],
    ['CLAUDE-HAIKU-4-5@20251001', A45],
    ['global.anthropic.claude-opus-4-5-20251101-v1:0', { ...A45, efforts: ['low', 'medium', 'high'] }],
    ['claude-opus-4.6', B],
    ['claude-sonnet-4-6', B],
    ['claude-opus-4-7', C],
    ['claude-opus-4-8', C],
    ['claude-sonnet-5', C],
    ['claude-haiku-5-20270101', C],
    ['claude-opus-5', { ...C, needsThinkingAboveHigh: true }],
    ['claude-haiku-4-6', C],
    ['claude-fable-5', ALWAYS],
    ['claude-mythos-5', ALWAYS],
    ['claude-mythos-preview', ALWAYS],
    ['my-opus-4-5', { ...A45, efforts: ['low', 'medium', 'high'] }],
    ['G30: claude-saga-7', ALWAYS],
    ['G30: claude-sonnet-12-3', C],
    ['arn:aws:bedrock:us-east-1:1:application-inference-profile/abc', UNKNOWN],
    ['m', UNKNOWN],
  ])('knows %s', (model, traits) => {
    expect(traitsOf(model, 'aws')).toMatchObject(traits);
  });

  it.each([
    ['opus-4-5', 'aws', true],
    ['sonnet-4-5', 'aws', true],
    ['haiku-4-5', 'aws', true],
    ['opus-4-6', 'aws', true],
    ['sonnet-4-6', 'aws', true],
    ['opus-4-1', 'aws', false],
    ['opus-4-1', 'gcp', false],
    ['opus-4-1', 'anthropic', true],
    ['sonnet-4', 'anthropic', false],
    ['opus-4-7', 'gcp', true],
    ['opus-4-7', 'aws', true],
    ['sonnet-5', 'gcp', true],
    ['fable-5', 'gcp', true],
    ['mythos-preview', 'gcp', true],
  ] as const)(
    'gates structured output by model and platform: claude-%s on %s',
    (model, platform, hasStructuredOutput) => {
      expect(traitsOf(`claude-${model}`, platform)).toMatchObject({ hasStructuredOutput });
    },
  );
});
