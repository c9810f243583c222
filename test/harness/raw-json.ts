import * as fc from 'fast-check';

/** Deepest nesting of {@link rawJson}: more than any schema has, and less than every bound of ours but those of schemas. */
export const RAW_LEVELS_MAX = 60;

const space = fc.constantFrom('', '', '', ' ', '\n', '\t', '\r\n', ' \t\r\n  ');

const digits = (minLength: number, maxLength: number) =>
  fc.array(fc.integer({ min: 1, max: 9 }), { minLength, maxLength, size: 'max' }).map((list) => list.join(''));
const sign = fc.constantFrom('', '-');
const exponent = fc.tuple(fc.constantFrom('e', 'E'), fc.constantFrom('', '+', '-'), digits(1, 3));
/** Numbers as they may be written; most of them are written in another way by JavaScript. */
const number = fc.oneof(
  fc.constantFrom(
    '0',
    '-0',
    '1.0',
    '-0.0',
    '1e5',
    '9007199254740992',
    '9007199254740993',
    '18446744073709551615',
    '1E400',
  ),
  fc.tuple(sign, digits(16, 40)).map((parts) => parts.join('')),
  fc.tuple(sign, digits(1, 20), digits(1, 40)).map(([minus, whole, part]) => `${minus}${whole}.${part}0`),
  fc.tuple(sign, digits(1, 3), exponent).map(([minus, whole, power]) => `${minus}${whole}${power.join('')}`),
);

/** What a string is made of: escapes, characters of one to four bytes, and surrogates in pairs and alone, both ways. */
const stringPiece = fc.oneof(
  fc.constantFrom('a', 'é', '中', '😀', '\u2028', '\u007f', '\ufeff', '\ufffe', '{', '}', ']', ',', ':', '[', 'data: '),
  fc.constantFrom('\\"', '\\\\', '\\/', '\\n', '\\b', '\\u0000', '\\u001F', '\\u0061', '\\u2029', '\\\\u0061'),
  fc.constantFrom('\\ud83d\\ude00', '\\uD83D\\uDE00', '\\ud800', '\\udc00', '\\ude00\\ud83d', '\\ud800a'),
  fc.constantFrom('\ud800', '\udc00', '\ude00\ud83d'),
  fc.string({ unit: 'grapheme', maxLength: 4 }).map((text) => JSON.stringify(text).slice(1, -1)),
);
const string = fc.array(stringPiece, { maxLength: 6 }).map((pieces) => `"${pieces.join('')}"`);

/** Few, so that keys are often doubled, also by an escape; among them are some that gateways look for. */
const INNER_NAMES = [
  'a',
  '\\u0061',
  'model',
  'usage',
  'stream',
  '__proto__',
  'constructor',
  '',
  '😀',
  '\\ud83d\\ude00',
];
/** No API has them at the top of a body. */
const OUTER_NAMES = ['x_a', 'x_b', 'x_\\u0061', '__proto__', 'x_é', 'x_\\ud800', 'x_\\"model\\":', ''];

const memberOf = (name: fc.Arbitrary<string>, value: fc.Arbitrary<string>) =>
  fc.tuple(name, space, space, value, space).map(([key, before, after, text, end]) => {
    return `"${key}"${before}:${after}${text}${end}`;
  });

const { value } = fc.letrec<{ value: string; scalar: string; list: string; object: string }>((tie) => ({
  value: fc.oneof({ maxDepth: 3, withCrossShrink: true }, tie('scalar'), tie('list'), tie('object')),
  scalar: fc.oneof(number, string, fc.constantFrom('null', 'true', 'false')),
  list: fc
    .tuple(space, fc.array(tie('value'), { maxLength: 4 }), space)
    .map(([before, items, after]) => `[${before}${items.join(`${after},${before}`)}]`),
  object: fc
    .tuple(space, fc.array(memberOf(fc.constantFrom(...INNER_NAMES), tie('value')), { maxLength: 4 }))
    .map(([before, members]) => `{${before}${members.join(`,${before}`)}}`),
}));

const LEVELS_OF_VALUE = 4;
const WRAPPERS = fc.constantFrom<readonly [string, string]>(
  ['[', ']'],
  ['[ 1.0,\n', ' ]'],
  ['{"a":', '}'],
  ['{"a":9007199254740993,"\\u0061" : ', ',"b":1}'],
);

/**
 * One JSON value as somebody else may have written it: doubled keys, numbers that no double holds, white space, escapes and
 * characters of all kinds, at most {@link RAW_LEVELS_MAX} levels. The text may hold lone surrogates: write it with {@link rawBytes}.
 */
export const rawJson: fc.Arbitrary<string> = fc
  .tuple(
    value,
    fc.oneof(
      { arbitrary: fc.constant<(readonly [string, string])[]>([]), weight: 3 },
      { arbitrary: fc.array(WRAPPERS, { maxLength: RAW_LEVELS_MAX - LEVELS_OF_VALUE, size: 'max' }), weight: 1 },
    ),
  )
  .map(([text, wrappers]) => wrappers.reduce((inner, [open, close]) => open + inner + close, text));

/** One member, `"name": value`, whose name no API has at the top of a body. */
export const rawMember: fc.Arbitrary<string> = memberOf(fc.constantFrom(...OUTER_NAMES), rawJson);

/** Some of them, with commas between. */
export const rawMembers: fc.Arbitrary<string> = fc
  .array(rawMember, { minLength: 1, maxLength: 3 })
  .map((members) => members.join(','));

/** A value of so many levels and nothing else. */
export const nestedJson = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

/** UTF-8, in which lone surrogates are the three bytes that careless writers make of them, and that no UTF-8 has. */
export function rawBytes(text: string): Buffer {
  const pieces = text.split(/(\p{Surrogate})/u);
  return Buffer.concat(pieces.map((piece) => (piece.isWellFormed() ? Buffer.from(piece) : loneSurrogate(piece))));
}

function loneSurrogate(text: string): Buffer {
  const code = text.charCodeAt(0);
  return Buffer.from([0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)]);
}
