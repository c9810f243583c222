import { describe, expect, it } from '@jest/globals';
import { parseExtraEnvVars } from './extra-env-vars.js';

describe('parseExtraEnvVars', () => {
  it.each([
    ['', []],
    [' ; ;', []],
    ['A=1', [{ name: 'A', value: '1' }]],
    [
      ' A = 1 ; B=x=y;',
      [
        { name: 'A', value: ' 1' },
        { name: 'B', value: 'x=y' },
      ],
    ],
    ['A=', [{ name: 'A', value: '' }]],
    ['[{"name":"A","value":"x;y"}]', [{ name: 'A', value: 'x;y' }]],
    [
      ' [{"name":"A","valueFrom":{"secretKeyRef":{"name":"s","key":"k"}}}]',
      [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }],
    ],
  ])('reads %j', (text, expected) => {
    expect(parseExtraEnvVars(text)).toEqual(expected);
  });

  it.each([
    ['A=1;B', 'entry 2: it has no "="; expected NAME=value'],
    ['=1', 'entry 1: it has no name; expected NAME=value'],
    ['[1', 'it begins with "[" and is no JSON; expected a list of {"name": …, "value": …}'],
    ['[{"value":"secret"}]', 'entry 1: expected an object with a name, and value or valueFrom'],
  ])('refuses %j without repeating a value', (text, message) => {
    expect(() => parseExtraEnvVars(text)).toThrow(message);
  });
});
