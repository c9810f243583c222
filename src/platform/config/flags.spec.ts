import { describe, expect, it } from '@jest/globals';
import { UserFacingError } from '../../shared/errors.js';
import {
  asksForHelp,
  booleanFlag,
  describeFlags,
  durationFlag,
  integerFlag,
  optionalTextFlag,
  parseFlags,
  textFlag,
} from './flags.js';

const TABLE = {
  name: textFlag('none', 'a text'),
  maybe: optionalTextFlag('a text that may be unset'),
  size: integerFlag(7, 'a number'),
  wait: durationFlag(1_500, 'a duration'),
  on: booleanFlag('a switch'),
};
const DEFAULTS = { name: 'none', maybe: undefined, size: 7, wait: 1_500, on: false };

describe('parseFlags', () => {
  it.each([
    ['nothing is given', [], {}],
    ['a value follows one dash', ['-name', 'x'], { name: 'x' }],
    ['a value follows two dashes', ['--name', 'x'], { name: 'x' }],
    ['a value follows = and one dash', ['-name=x'], { name: 'x' }],
    ['a value follows = and two dashes', ['--name=x'], { name: 'x' }],
    ['a value holds =', ['-name=a=b'], { name: 'a=b' }],
    ['a value holds a line end', ['-name=a\nb'], { name: 'a\nb' }],
    ['a value is empty', ['-name=', '-maybe', ''], { name: '', maybe: '' }],
    ['a value looks like a flag', ['-name', '-on'], { name: '-on' }],
    ['a flag is repeated', ['-size', '1', '-size=2'], { size: 2 }],
    ['a number has a sign', ['-size', '-12'], { size: -12 }],
    ['a number is the largest of the reference', ['-size=9223372036854775807'], { size: Number.MAX_SAFE_INTEGER }],
    ['a duration is given', ['-wait', '2m0s'], { wait: 120_000 }],
    ['a boolean stands alone', ['-on', '-size=1'], { on: true, size: 1 }],
    ['a boolean is false', ['-on=F'], { on: false }],
    ['a boolean is 1', ['--on=1'], { on: true }],
    ['a word that is no flag ends the parsing', ['-on', 'true', '-name=ignored'], { on: true }],
    ['-- ends the parsing', ['-size=1', '--', '-size=2'], { size: 1 }],
    ['a lone dash ends the parsing', ['-', '-size=2'], {}],
  ])('gives the values when %s', (_, argv, expected) => {
    expect(parseFlags(TABLE, argv)).toEqual({ ...DEFAULTS, ...expected });
  });

  it.each([
    [['-nope'], 'flag provided but not defined: -nope; -help lists all flags'],
    [['--nope=1'], 'flag provided but not defined: -nope; -help lists all flags'],
    [['-toString'], 'flag provided but not defined: -toString; -help lists all flags'],
    [['---name'], 'bad flag syntax: ---name'],
    [['-=x'], 'bad flag syntax: -=x'],
    [['-name'], 'flag needs an argument: -name; expected text'],
    [['-size'], 'flag needs an argument: -size; expected a whole number'],
    [['-size', 'many'], 'invalid value "many" for flag -size: expected a whole number'],
    [['-size=1.5'], 'invalid value "1.5" for flag -size: expected a whole number'],
    [['-size='], 'invalid value "" for flag -size: expected a whole number'],
    [['-size=010'], 'invalid value "010" for flag -size: expected a whole number'],
    [['-size=9223372036854775808'], 'invalid value "9223372036854775808" for flag -size: expected a whole number'],
    [['-wait=15'], 'invalid value "15" for flag -wait: expected a duration such as 500ms, 15s or 1h30m'],
    [['-on=yes'], 'invalid value "yes" for flag -on: expected true or false'],
    [['-on='], 'invalid value "" for flag -on: expected true or false'],
    [
      ['-size=1', '-wait=x', '-nope'],
      'invalid value "x" for flag -wait: expected a duration such as 500ms, 15s or 1h30m',
    ],
  ])('rejects %j', (argv, message) => {
    expect(() => parseFlags(TABLE, argv)).toThrow(new UserFacingError(message));
  });
});

describe('asksForHelp', () => {
  it.each([
    [['-h'], true],
    [['--help'], true],
    [['-size', '1', '-help'], true],
    [['help'], false],
    [['--', '-h'], false],
    [[], false],
  ])('decides for %j', (argv, expected) => {
    expect(asksForHelp(argv)).toBe(expected);
  });
});

describe('describeFlags', () => {
  it('shows each flag with its kind of value, default and summary', () => {
    expect(describeFlags(TABLE)).toBe(
      [
        '  -name string (default "none")',
        '      a text',
        '  -maybe string (default unset)',
        '      a text that may be unset',
        '  -size int (default 7)',
        '      a number',
        '  -wait duration (default 1.5s)',
        '      a duration',
        '  -on (default false)',
        '      a switch',
        '',
      ].join('\n'),
    );
  });
});
