import { describe, expect, it } from '@jest/globals';
import { parseLogLevel } from './log-level.js';

describe('parseLogLevel', () => {
  it.each([
    ['debug', 'debug'],
    ['info', 'info'],
    ['WARN', 'warn'],
    ['Error', 'error'],
    ['trace', 'debug'],
    ['fatal', 'error'],
    ['panic', 'error'],
    ['info+1', 'warn'],
    ['INFO+4', 'warn'],
    ['warn-1', 'warn'],
    ['warn-4', 'info'],
    ['info-1', 'info'],
    ['debug-4', 'debug'],
    ['error+1', 'silent'],
  ])('reads %s as %s', (text, expected) => {
    expect(parseLogLevel(text)).toBe(expected);
  });

  it.each(['', 'verbose', 'constructor', 'info+', 'info+x', 'info +1', '4'])('knows no level %j', (text) => {
    expect(parseLogLevel(text)).toBeUndefined();
  });
});
