import { describe, expect, it } from '@jest/globals';
import { formatSlogText } from './slog-text.js';

const line = (fields: Record<string, unknown>, msg = 'started') =>
  formatSlogText({ time: '2026-11-21T03:34:00.000Z', level: 'INFO', msg, ...fields });

describe('formatSlogText', () => {
  it('writes time, level and message in front of the fields', () => {
    expect(line({ port: 1064, ok: true }, 'two words')).toBe(
      'time=2026-11-21T03:34:00.000Z level=INFO msg="two words" port=1064 ok=true\n',
    );
  });

  it('leaves a message without blanks unquoted', () => {
    expect(line({})).toBe('time=2026-11-21T03:34:00.000Z level=INFO msg=started\n');
  });

  it.each([
    ['', '""'],
    ['a b', '"a b"'],
    ['a=b', '"a=b"'],
    ['say "hi"', '"say \\"hi\\""'],
    ['C:\\tmp', 'C:\\tmp'],
    ['C:\\my tmp', '"C:\\\\my tmp"'],
    ['a\nb\tc', '"a\\nb\\tc"'],
    ['\x01\x7f', '"\\x01\\x7f"'],
    ['größe', 'größe'],
    ['\u00a0', '"\\u00a0"'],
    ['\u{e0001}', '"\\U000e0001"'],
    [null, '<nil>'],
    [{ a: [1, 'x'] }, '"{\\"a\\":[1,\\"x\\"]}"'],
    [[1, 2], '[1,2]'],
  ])('writes the value %j', (value, expected) => {
    expect(line({ k: value })).toContain(` k=${expected}\n`);
  });

  it('quotes a key with a blank', () => {
    expect(line({ 'a b': 1 })).toContain(' "a b"=1\n');
  });
});
