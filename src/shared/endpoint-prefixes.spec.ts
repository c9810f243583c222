import { describe, expect, it } from '@jest/globals';
import { parseEndpointPrefixes } from './endpoint-prefixes.js';
import { UserFacingError } from './errors.js';

describe('parseEndpointPrefixes', () => {
  it.each([
    ['', { openai: '/', cohere: '/cohere', anthropic: '/anthropic' }],
    ['openai:/o,cohere:/c,anthropic:/a', { openai: '/o', cohere: '/c', anthropic: '/a' }],
    ['cohere:/rank', { openai: '/', cohere: '/rank', anthropic: '/anthropic' }],
    ['anthropic:', { openai: '/', cohere: '/cohere', anthropic: '/' }],
    [' openai : /v , cohere: ', { openai: '/v', cohere: '/', anthropic: '/anthropic' }],
    ['openai:/a,openai:/b', { openai: '/b', cohere: '/cohere', anthropic: '/anthropic' }],
    ['openai:/a:b', { openai: '/a:b', cohere: '/cohere', anthropic: '/anthropic' }],
  ])('reads %j', (text, expected) => {
    expect(parseEndpointPrefixes(text)).toEqual(expected);
  });

  it.each([
    ['openai:/,', 'pair 2: it is empty; remove the extra comma'],
    ['openai', 'pair 1: "openai" has no colon; expected key:prefix'],
    ['openai:/,gemini:/g', 'pair 2: unknown key "gemini"; expected openai, cohere or anthropic'],
    ['OpenAI:/', 'pair 1: unknown key "OpenAI"; expected openai, cohere or anthropic'],
    ['toString:/', 'pair 1: unknown key "toString"; expected openai, cohere or anthropic'],
  ])('rejects %j', (text, message) => {
    expect(() => parseEndpointPrefixes(text)).toThrow(new UserFacingError(message));
  });
});
