import { describe, expect, it } from '@jest/globals';
import { ruleTimeouts } from './timeouts.js';

describe('ruleTimeouts', () => {
  it.each([
    { given: undefined, expected: { request: '60s' } },
    { given: {}, expected: { request: '60s' } },
    { given: { request: '5s', backendRequest: '2s' }, expected: { request: '5s', backendRequest: '2s' } },
    { given: { request: '0s' }, expected: { request: '0s' } },
    { given: { backendRequest: '60s' }, expected: { request: '60s', backendRequest: '60s' } },
    { given: { backendRequest: '60s1ms' }, expected: { request: '60s1ms', backendRequest: '60s1ms' } },
    { given: { backendRequest: '1h' }, expected: { request: '1h', backendRequest: '1h' } },
    { given: { backendRequest: '59999ms' }, expected: { request: '60s', backendRequest: '59999ms' } },
    { given: { backendRequest: '0s' }, expected: { request: '60s', backendRequest: '0s' } },
    { given: { backendRequest: '2 minutes' }, expected: { request: '60s', backendRequest: '2 minutes' } },
  ])('gives $expected when the rule has $given', ({ given, expected }) => {
    expect(ruleTimeouts(given)).toEqual(expected);
  });
});
