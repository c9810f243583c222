import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { MalformedRequestError } from '../request-error.js';
import { parseMultipart, replaceField, type MultipartForm } from './multipart.js';

const TYPE = 'multipart/form-data; boundary=b';
const shown = (body: Uint8Array, { parts }: MultipartForm) =>
  parts.map(({ content, ...part }) => ({
    ...part,
    text: Buffer.from(body).toString('utf8', content.start, content.end),
  }));
const parse = (text: string, contentType = TYPE) => {
  const body = Buffer.from(text);
  return shown(body, parseMultipart(body, contentType));
};
/** The contents of the parts, or what the parser throws. */
const contentsOf = (body: Uint8Array) => {
  try {
    return parseMultipart(body, TYPE).parts.map(({ content }) => content);
  } catch (error) {
    if (error instanceof MalformedRequestError) return error;
    throw error;
  }
};
const lines = (...all: string[]) => all.join('\r\n');
const part = (headers: string, content = 'c') => lines('--b', headers, '', content, '--b--', '');
const PLAIN = { filename: undefined, contentType: undefined };
const refusal = (problem: string) => new MalformedRequestError(`malformed request: the multipart body ${problem}`);

const FORM = lines(
  '--b',
  'Content-Disposition: form-data; name="model"',
  '',
  'whisper-1',
  '--b',
  'content-disposition: form-data; name="file"; filename="a.mp3"',
  'Content-Type: audio/mpeg',
  '',
  '\u0000\r\n--\r\n--x\r\n',
  '--b--',
  '',
);

describe('parseMultipart', () => {
  it('finds fields and files', () => {
    expect(parse(FORM)).toEqual([
      { ...PLAIN, name: 'model', text: 'whisper-1' },
      { name: 'file', filename: 'a.mp3', contentType: 'audio/mpeg', text: '\u0000\r\n--\r\n--x\r\n' },
    ]);
  });

  it.each([
    ['plain', 'multipart/form-data; boundary=b'],
    ['in quotes', 'multipart/form-data; boundary="b"'],
    ['with names in other case', 'Multipart/Form-Data; BOUNDARY=b'],
    ['without spaces', 'multipart/form-data;boundary=b'],
    ['beside other parameters', 'multipart/form-data; charset="utf-8; x"; boundary=b;'],
  ])('reads a boundary that is written %s', (_case, contentType) => {
    expect(parse(FORM, contentType)).toHaveLength(2);
  });

  it.each(['a b', "'()+_,-./:=?", '-'.repeat(70), 'x'.repeat(200)])('reads the boundary %j', (boundary) => {
    expect(parse(FORM.replaceAll('--b', `--${boundary}`), `multipart/form-data; boundary="${boundary}"`)).toHaveLength(
      2,
    );
  });

  it.each([
    ['a preamble and an epilogue', `before\r\n${FORM}after\r\n--b\r\n`],
    ['an empty line first', `\r\n${FORM}`],
    ['no line end behind the last boundary', FORM.slice(0, -2)],
    ['white space behind the boundaries', FORM.replaceAll('--b\r', '--b \t\r').replace('--b--', '--b-- ')],
  ])('reads a form with %s', (_case, text) => {
    expect(parse(text)).toEqual(parse(FORM));
  });

  it.each([
    ['a longer boundary', '\r\n--bb\r\n'],
    ['a boundary with text behind it', '\r\n--b x\r\n'],
    ['an end with text behind it', '\r\n--b--x\r\n'],
    ['a boundary inside a line', 'x--b\r\n'],
    ['a boundary behind a lone line feed', '\n--b\r\n'],
    ['a boundary that ends with a lone line feed', '\r\n--b\n'],
  ])('reads %s as content', (_case, content) => {
    expect(parse(part('content-disposition: form-data; name=n', content))).toEqual([
      { ...PLAIN, name: 'n', text: content },
    ]);
  });

  it('reads a form without parts', () => {
    expect(parse('--b--')).toEqual([]);
  });

  it.each([
    ['an empty part', 'content-disposition: form-data; name=n\r\n\r\n\r\n--b--'],
    ['a part whose blank line belongs to the boundary', 'content-disposition: form-data; name=n\r\n\r\n--b--'],
  ])('reads %s', (_case, text) => {
    expect(parse(`--b\r\n${text}`)).toEqual([{ ...PLAIN, name: 'n', text: '' }]);
  });

  it.each<[string, string, object]>([
    ['a bare name', 'name=n', { name: 'n' }],
    ['an empty name', 'name=""', { name: '' }],
    ['escaped quotes and backslashes', String.raw`name="a\"b\\c"`, { name: String.raw`a"b\c` }],
    ['a Windows path', String.raw`name=n; filename="C:\dir\x.mp3"`, { name: 'n', filename: String.raw`C:\dir\x.mp3` }],
    ['semicolons inside quotes', 'name="a;b"; filename="c; name=d"', { name: 'a;b', filename: 'c; name=d' }],
    ['text beyond ASCII', 'name="näme"; filename="日.mp3"', { name: 'näme', filename: '日.mp3' }],
    ['percent signs, which stay', 'name="100%22"', { name: '100%22' }],
    ['an extended file name', "name=n; filename*=UTF-8''na%C3%AFve.txt", { name: 'n', filename: 'naïve.txt' }],
    [
      'an extended file name beside a plain one',
      `name=n; filename="x"; filename*=iso-8859-1'en'%e9`,
      { name: 'n', filename: 'é' },
    ],
    ['an extended name', "name*=utf-8''mod%65l", { name: 'model' }],
    ['names in other case', 'NAME=n; FileName=f', { name: 'n', filename: 'f' }],
    ['a final semicolon', 'name=n;', { name: 'n' }],
  ])('reads a content-disposition with %s', (_case, parameters, expected) => {
    expect(parse(part(`Content-Disposition : form-data; ${parameters}`.replace(' :', ':')))).toEqual([
      { ...PLAIN, text: 'c', ...expected },
    ]);
  });

  it('reads folded headers and skips others', () => {
    const headers =
      'x: 1\r\nnonsense\r\ncontent-disposition: form-data;\r\n\tname=n\r\ncontent-type: text/plain;\r\n charset=x';
    expect(parse(part(headers))).toEqual([
      { name: 'n', filename: undefined, contentType: 'text/plain; charset=x', text: 'c' },
    ]);
  });

  it.each([
    'content-disposition: form-data',
    'content-disposition: attachment; name=n',
    'content-type: text/plain',
    'content-disposition: form-data; name="n',
    'content-disposition: form-data; name=n; name=model',
    "content-disposition: form-data; name=n; name*=utf-8''model",
    "content-disposition: form-data; name*=utf-16''n",
    "content-disposition: form-data; name*=utf-8''%zz",
    'content-disposition: form-data; name=n filename=x',
    'content-disposition form-data; name=n',
  ])('refuses a part with the headers %j', (headers) => {
    expect(() => parse(part(headers))).toThrow(
      refusal('needs a header of the form content-disposition: form-data; name="…" in part 1'),
    );
  });

  it('refuses a part without headers', () => {
    expect(() => parse('--b\r\n\r\nc\r\n--b--')).toThrow(
      refusal('needs a header of the form content-disposition: form-data; name="…" in part 1'),
    );
  });

  it('refuses a part that says twice what it is', () => {
    const headers = lines('content-disposition: form-data; name=n', 'Content-Disposition: form-data; name=model');
    expect(() => parse(part(headers))).toThrow(refusal('has two content-dispositions in part 1'));
  });

  const noBoundary = refusal(
    'does not hold the boundary of its content-type, behind "--" on a line that ends with CRLF',
  );
  const cut = refusal('ends inside part 2: the last line must be the boundary between "--" and "--"');
  const noBlank = refusal(
    'has no blank line, made of CRLF line ends, within 16384 bytes behind the boundary of part 1',
  );

  it.each<[string, string, Error]>([
    ['it is empty', '', noBoundary],
    ['it is JSON', '{"model":"m"}', noBoundary],
    ['it has another boundary', FORM.replaceAll('--b', '--c'), noBoundary],
    ['its lines end with line feeds', FORM.replaceAll('\r\n', '\n'), noBoundary],
    ['it has no end', FORM.slice(0, FORM.lastIndexOf('--b')), cut],
    [
      'its last boundary is no end',
      FORM.replace('--b--', '--b'),
      refusal('has no blank line, made of CRLF line ends, within 16384 bytes behind the boundary of part 3'),
    ],
    ['its headers have no end', '--b\r\ncontent-disposition: form-data; name=n', noBlank],
    ['its headers are too long', part(`x: ${'a'.repeat(16384)}`), noBlank],
    [
      'it has too many parts',
      `${part('content-disposition: form-data; name=n').slice(0, -9).repeat(1)}${'\r\n--b\r\ncontent-disposition: form-data; name=n\r\n\r\nc'.repeat(256)}\r\n--b--`,
      refusal('has more than 256 parts'),
    ],
  ])('refuses a body when %s', (_case, text, error) => {
    expect(() => parse(text)).toThrow(error);
  });

  const badType = new MalformedRequestError(
    'malformed request: content-type must be of the form multipart/form-data; boundary=…, with each parameter once',
  );
  const badBoundary = new MalformedRequestError(
    'malformed request: content-type multipart/form-data must name a boundary of 1 to 200 printable ASCII characters',
  );
  it.each<[string, Error]>([
    ['', badType],
    ['application/json', badType],
    ['multipart/mixed; boundary=b', badType],
    ['multipart/form-data; boundary=b; boundary=c', badType],
    ['multipart/form-data; boundary="b', badType],
    ['multipart/form-data; boundary', badType],
    ['multipart/form-data', badBoundary],
    ['multipart/form-data; boundary=', badBoundary],
    ['multipart/form-data; boundary=""', badBoundary],
    ['multipart/form-data; boundary="b "', badBoundary],
    ['multipart/form-data; boundary="b\t"', badBoundary],
    ['multipart/form-data; boundary=é', badBoundary],
    [`multipart/form-data; boundary=${'b'.repeat(201)}`, badBoundary],
  ])('refuses the content-type %p', (contentType, error) => {
    expect(() => parse(FORM, contentType)).toThrow(error);
    expect(() => parseMultipart(Buffer.from(FORM), contentType || undefined)).toThrow(error);
  });

  const anyField = fc.record({
    name: fc.stringMatching(/^[\w[\]-]{1,8}$/),
    content: fc
      .array(fc.constantFrom('\r\n', '--', '-', 'b', 'bound', 'x', '\u0000', ' ', 'é'), { maxLength: 12 })
      .map((all) => all.join('')),
  });
  const form = fc.array(anyField, { maxLength: 6 });
  const written = (fields: readonly { name: string; content: string }[]) =>
    Buffer.from(
      [
        ...fields.map(({ name, content }) =>
          lines('--bound-7', `content-disposition: form-data; name="${name}"`, '', content, ''),
        ),
        '--bound-7--\r\n',
      ].join(''),
    );

  it('finds what any form was made of', () => {
    fc.assert(
      fc.property(form, (fields) => {
        const body = written(fields);
        const parsed = parseMultipart(body, 'multipart/form-data; boundary=bound-7');
        expect(shown(body, parsed)).toEqual(fields.map(({ name, content }) => ({ ...PLAIN, name, text: content })));
      }),
      { numRuns: 300 },
    );
  });

  it('finds what the platform wrote', async () => {
    const platform = new FormData();
    platform.set('model', 'm');
    platform.append('a "b"\r\n', 'x\r\ny');
    platform.append('file', new Blob([Buffer.from([0, 13, 10, 45, 45])], { type: 'audio/wav' }), 'ä.wav');
    const request = new Request('http://localhost', { method: 'POST', body: platform });
    const body = Buffer.from(await request.arrayBuffer());
    expect(shown(body, parseMultipart(body, request.headers.get('content-type') ?? undefined))).toEqual([
      { ...PLAIN, name: 'model', text: 'm' },
      { ...PLAIN, name: 'a %22b%22%0D%0A', text: 'x\r\ny' },
      { name: 'file', filename: 'ä.wav', contentType: 'audio/wav', text: '\u0000\r\n--' },
    ]);
  });

  it('throws nothing but its own error for any bytes', () => {
    const pieces = fc.array(
      fc.constantFrom(
        '--b',
        '--b--',
        '\r\n',
        '\r\n\r\n',
        'content-disposition: form-data; name=n',
        '\n',
        'x',
        ' ',
        '-',
      ),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(pieces, (all) => {
        const body = Buffer.from(all.join(''));
        const ranges = contentsOf(body);
        expect(ranges instanceof MalformedRequestError || ranges.every(({ start, end }) => start <= end)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('gives any field any value and leaves the others as they are', () => {
    const value = fc.constantFrom(
      'new',
      '',
      'bound-7',
      '--bound-7',
      'x\r\n--bound-7--',
      'form-boundary-000001 bound-7',
    );
    fc.assert(
      fc.property(form, fc.constantFrom('model', 'x'), value, (fields, name, newValue) => {
        const body = written([...fields, { name: 'x', content: 'old' }]);
        const parsed = parseMultipart(body, 'multipart/form-data; boundary=bound-7');
        const { body: edited, contentType } = replaceField(body, parsed, name, newValue);
        const again = shown(edited, parseMultipart(edited, contentType ?? 'multipart/form-data; boundary=bound-7'));
        const expected = shown(body, parsed).map((each) => (each.name === name ? { ...each, text: newValue } : each));
        if (!expected.some((each) => each.name === name)) expected.unshift({ ...PLAIN, name, text: newValue });
        expect(again).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });
});

describe('replaceField', () => {
  const body = Buffer.from(FORM);
  const form = parseMultipart(body, TYPE);

  it('changes the bytes of the value alone', () => {
    expect(replaceField(body, form, 'model', 'gpt-4o-transcribe')).toEqual({
      body: Buffer.from(FORM.replace('whisper-1', 'gpt-4o-transcribe')),
    });
    expect(body.toString()).toBe(FORM);
  });

  it('changes all fields of that name', () => {
    const doubled = Buffer.from(FORM.replace('--b\r\n', `${FORM.slice(0, FORM.indexOf('--b', 3))}--b\r\n`));
    const edited = replaceField(doubled, parseMultipart(doubled, TYPE), 'model', 'm').body;
    expect(Buffer.from(edited).toString()).toBe(doubled.toString().replaceAll('whisper-1', 'm'));
  });

  it('adds a field that is absent as the first one', () => {
    expect(replaceField(body, form, 'prompt', 'p')).toEqual({
      body: Buffer.from(`--b\r\ncontent-disposition: form-data; name="prompt"\r\n\r\np\r\n${FORM}`),
    });
  });

  it('ends the line of a value that had no line', () => {
    const empty = Buffer.from('--b\r\ncontent-disposition: form-data; name=n\r\n\r\n--b--');
    const edited = replaceField(empty, parseMultipart(empty, TYPE), 'n', 'v').body;
    expect(shown(edited, parseMultipart(edited, TYPE))).toEqual([{ ...PLAIN, name: 'n', text: 'v' }]);
  });

  it('takes another boundary when the value holds the one of the form', () => {
    const { body: edited, contentType } = replaceField(body, form, 'model', '--b');
    expect(contentType).toBe('multipart/form-data; boundary=form-boundary-000001');
    expect(Buffer.from(edited).toString()).toBe(
      FORM.replaceAll('--b', '--form-boundary-000001').replace('whisper-1', '--b'),
    );
  });
});
