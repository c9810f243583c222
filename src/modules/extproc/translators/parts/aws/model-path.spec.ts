import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { anthropicBaseModel, bedrockBaseModel, escapeModel } from './model-path.js';

describe('escapeModel', () => {
  it.each([
    ['anthropic.claude-3-haiku-20240307-v1:0', 'anthropic.claude-3-haiku-20240307-v1:0'],
    [
      'arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude',
      'arn:aws:bedrock:us-east-1:1:inference-profile%2Fus.anthropic.claude',
    ],
    ["a/b;c,d?e f!g'h(i)j*k", 'a%2Fb%3Bc%2Cd%3Fe%20f%21g%27h%28i%29j%2Ak'],
    ['A-Za-z0-9-_.~$&+:=@', 'A-Za-z0-9-_.~$&+:=@'],
    ['ä#%', '%C3%A4%23%25'],
    ['\ud800', '%EF%BF%BD'],
    ['.', '%2E'],
    ['..', '%2E%2E'],
    ['...', '...'],
  ])('keeps what Go keeps in a path segment and escapes the rest of %j', (model, escaped) => {
    expect(escapeModel(model)).toBe(escaped);
  });

  it('gives one segment that decodes to the model again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (model) => {
        const escaped = escapeModel(model);
        expect(escaped).toMatch(/^[A-Za-z0-9\-_.~$&+:=@%]+$/);
        expect(decodeURIComponent(escaped)).toBe(model.toWellFormed());
        expect(['.', '..']).not.toContain(escaped);
      }),
    );
  });
});

describe('anthropicBaseModel', () => {
  it.each([
    ['us.anthropic.claude-x', 'anthropic.claude-x'],
    ['eu.anthropic.claude-x', 'anthropic.claude-x'],
    ['apac.anthropic.claude-x', 'anthropic.claude-x'],
    ['global.anthropic.claude-x', 'anthropic.claude-x'],
    ['arn:aws:bedrock:::inference-profile/us.anthropic.claude-x', 'anthropic.claude-x'],
    ['anthropic.claude-x', 'anthropic.claude-x'],
    ['claude-x', 'claude-x'],
  ])('cuts what stands before the vendor in %s', (model, base) => {
    expect(anthropicBaseModel(model)).toBe(base);
  });
});

describe('bedrockBaseModel', () => {
  it.each([
    ['us-gov.amazon.nova', 'amazon.nova'],
    ['us.amazon.nova', 'amazon.nova'],
    ['eu.us.amazon.nova', 'us.amazon.nova'],
    ['apac.m', 'm'],
    ['uk.m', 'm'],
    ['au.m', 'm'],
    ['jp.m', 'm'],
    ['global.m', 'm'],
    ['us-west.m', 'us-west.m'],
    ['m.us.x', 'm.us.x'],
  ])('cuts one geography from %s', (model, base) => {
    expect(bedrockBaseModel(model)).toBe(base);
  });
});
