import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { parseCredentialsFile } from './aws-credentials-file.js';

const read = (text: string) =>
  Object.fromEntries([...parseCredentialsFile(text)].map(([name, settings]) => [name, Object.fromEntries(settings)]));

describe('parseCredentialsFile', () => {
  it.each([
    ['two profiles', '[default]\na=1\n[prod]\na=2\n', { default: { a: '1' }, prod: { a: '2' } }],
    ['blanks around names and values', ' [ default ] \n\t a  =  1 \n', { default: { a: '1' } }],
    ['CRLF and CR', '[default]\r\na=1\rb=2\r\n', { default: { a: '1', b: '2' } }],
    ['a byte order mark', '\uFEFF[default]\na=1', { default: { a: '1' } }],
    ['comments', '# x\n; y\n[default] # z\na=1 ; w\n  # v\n', { default: { a: '1' } }],
    ['a comment sign inside a value', '[default]\na=x#y;z', { default: { a: 'x#y;z' } }],
    ['equals signs inside a value', '[default]\na=x==\n', { default: { a: 'x==' } }],
    ['names in capitals', '[default]\nAWS_Access_Key_Id=1', { default: { aws_access_key_id: '1' } }],
    ['a profile given twice', '[p]\na=1\nb=1\n[q]\n[p]\na=2', { p: { a: '2', b: '1' }, q: {} }],
    ['settings below another one', '[default]\ns3 =\n  max = 1\n  b = 2\nc = 3', { default: { s3: '', c: '3' } }],
    ['everything indented', '  [default]\n  t =\n  a = 1', { default: { t: '', a: '1' } }],
    ['a name of an object member', '[default]\n__proto__ = x', { default: Object.fromEntries([['__proto__', 'x']]) }],
    ['nothing', '', {}],
  ])('reads %s', (_, text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  it.each([
    ['a line without equals sign', '[default]\nSECRET', 'line 2: expected "name = value", a [profile] or a comment'],
    ['a line without name', '[default]\n\n=SECRET', 'line 3: expected "name = value", a [profile] or a comment'],
    [
      'a setting in front of all profiles',
      'a=SECRET',
      'line 1: a setting stands before the first [profile]; put "[default]" in front of it',
    ],
    [
      'an open bracket',
      '[default\na=SECRET',
      'line 1: expected a profile name in brackets, e.g. "[default]", and nothing behind it',
    ],
    [
      'something behind a bracket',
      '[default] SECRET',
      'line 1: expected a profile name in brackets, e.g. "[default]", and nothing behind it',
    ],
    ['an empty name', '[ ]', 'line 1: expected a profile name in brackets, e.g. "[default]", and nothing behind it'],
  ])('refuses %s', (_, text, message) => {
    expect(() => parseCredentialsFile(text)).toThrow(expect.objectContaining({ name: 'UserFacingError', message }));
  });

  it('reads any text or says why not, without quoting it', () => {
    const line = fc.oneof(
      fc.constantFrom('[default]', '[S3CRET', 'a = S3CRET', ' b=', '# S3CRET', 'S3CRET'),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        let message = '';
        try {
          parseCredentialsFile(lines.join('\n'));
        } catch (error) {
          message = (error as Error).message;
        }
        expect(message).not.toContain('S3CRET');
        expect(message === '' || /^line \d+: /.test(message)).toBe(true);
      }),
    );
  });
});
