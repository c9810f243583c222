import { describe, expect, it } from '@jest/globals';
import { DEFAULT_TRANSLATION_OPTIONS, knownAs } from '../../shared/translation-options.js';
import { translationOptions } from './translation-options.js';

function read(env: NodeJS.ProcessEnv) {
  const problems: string[] = [];
  const options = translationOptions(env, (name, parse, placeholder) => {
    try {
      return parse();
    } catch (error) {
      problems.push(`${name}: ${(error as Error).message}`);
      return placeholder;
    }
  });
  return { options, problems };
}

describe('translationOptions', () => {
  it('are the defaults without variables, and with empty ones', () => {
    expect(read({ AIGW_DEFAULT_MAX_TOKENS: '' })).toEqual({ options: DEFAULT_TRANSLATION_OPTIONS, problems: [] });
  });

  it('are read from the environment', () => {
    const { options, problems } = read({
      AIGW_DEFAULT_MAX_TOKENS: '8192',
      AIGW_FORCE_STREAM_USAGE: 'true',
      AIGW_HIDE_UNASKED_USAGE: 'true',
      AIGW_DOCUMENTED_ERROR_TYPES: 'false',
      AIGW_DROP_HOSTED_TOOLS: 'true',
      AIGW_KNOWN_MODELS: 'profile/abc=claude-opus-4-7, house-model = gemini-3.1-pro',
      AIGW_STREAM_KEEPALIVE_INTERVAL: '1m15s',
    });
    expect(problems).toEqual([]);
    expect(options).toEqual({
      defaultMaxTokens: 8192,
      forcesStreamUsage: true,
      hidesUnaskedUsage: true,
      usesDocumentedErrorTypes: false,
      dropsHostedTools: true,
      knownModels: new Map([
        ['profile/abc', 'claude-opus-4-7'],
        ['house-model', 'gemini-3.1-pro'],
      ]),
      keepAliveIntervalMs: 75_000,
    });
  });

  it.each([
    ['AIGW_DEFAULT_MAX_TOKENS', '0', 'found "0"; expected a whole number from 1 to 1000000'],
    ['AIGW_DEFAULT_MAX_TOKENS', 'many', 'found "many"; expected a whole number from 1 to 1000000'],
    ['AIGW_FORCE_STREAM_USAGE', 'yes', 'found "yes"; expected true or false'],
    ['AIGW_KNOWN_MODELS', 'a', 'found "a"; expected <part of a model name>=<model that it is like>'],
    ['AIGW_KNOWN_MODELS', 'a=b,', 'found ""; expected <part of a model name>=<model that it is like>'],
    ['AIGW_KNOWN_MODELS', 'x=y,'.repeat(300) + 'x=y', 'found 301 pairs; expected at most 256'],
    ['AIGW_STREAM_KEEPALIVE_INTERVAL', '15', 'found "15"; expected 0 or a duration from 1s to 1h, such as 15s'],
    ['AIGW_STREAM_KEEPALIVE_INTERVAL', '999ms', 'found "999ms"; expected 0 or a duration from 1s to 1h, such as 15s'],
    ['AIGW_STREAM_KEEPALIVE_INTERVAL', '-5s', 'found "-5s"; expected 0 or a duration from 1s to 1h, such as 15s'],
    ['AIGW_STREAM_KEEPALIVE_INTERVAL', '1h1s', 'found "1h1s"; expected 0 or a duration from 1s to 1h, such as 15s'],
  ])('refuse %s=%s', (name, text, problem) => {
    expect(read({ [name]: text }).problems).toEqual([`${name}: ${problem}`]);
  });
});

describe('AIGW_STREAM_KEEPALIVE_INTERVAL', () => {
  it.each([
    ['0', 0],
    ['0s', 0],
    ['1s', 1000],
    ['1h', 3_600_000],
  ])('%s is %s ms', (text, intervalMs) => {
    const { options, problems } = read({ AIGW_STREAM_KEEPALIVE_INTERVAL: text });
    expect([options.keepAliveIntervalMs, problems]).toEqual([intervalMs, []]);
  });
});

describe('knownAs', () => {
  const options = { knownModels: new Map([['profile/abc', 'claude-opus-4-7']]) };

  it.each([
    ['arn:aws:bedrock:us-east-1:1:application-inference-profile/abc', 'claude-opus-4-7'],
    ['gpt-4o', 'gpt-4o'],
  ])('%s is %s', (model, known) => {
    expect(knownAs(model, options)).toBe(known);
  });
});
