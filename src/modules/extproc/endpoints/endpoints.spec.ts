import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { UserFacingError } from '../../../shared/errors.js';
import { MalformedRequestError } from '../request-error.js';
import { chatCompletions } from './chat-completions.js';
import { completions } from './completions.js';
import { embeddings } from './embeddings.js';
import type { Endpoint } from './endpoint.js';
import { messages } from './messages.js';

const JSON_ENDPOINTS = [chatCompletions, completions, embeddings, messages].map(
  (endpoint) => [endpoint.path, endpoint] as const,
);
const COSTED = { contentType: 'application/json', forcesUsage: true };
const FREE = { contentType: 'application/json', forcesUsage: false };

function parse(endpoint: Endpoint, text: string | Uint8Array, context = FREE) {
  const body = Buffer.from(text);
  const parsed = endpoint.parse(body, context);
  const { model, isStreaming, isRewritten } = parsed;
  const models = parsed.modelRanges.map(({ start, end }) => Buffer.from(parsed.body).toString('utf8', start, end));
  return { model, isStreaming, isRewritten, models, text: Buffer.from(parsed.body).toString() };
}

function failureOf(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return (error as Error).name;
  }
}

describe.each(JSON_ENDPOINTS)('the parser of %s', (path, endpoint) => {
  it('finds the model and leaves the body alone', () => {
    const text = '{ "seed": 12345678901234567890, "model" : "m-1", "x": [1.0, 1e400], "model2": "no" }\n';
    expect(parse(endpoint, text)).toEqual({
      model: 'm-1',
      isStreaming: false,
      isRewritten: false,
      models: ['"m-1"'],
      text,
    });
  });

  it('does not copy a body that it does not change', () => {
    const body = Buffer.from('{"model":"m"}');
    expect(endpoint.parse(body, COSTED).body).toBe(body);
  });

  it('reads the last of several models and finds them all', () => {
    expect(parse(endpoint, '{"model":"a","mod\\u0065l":"b"}')).toMatchObject({ model: 'b', models: ['"a"', '"b"'] });
  });

  it.each([
    ['escapes', '"a\\u00e9\\/\\"b"', 'aé/"b'],
    ['a name outside of ASCII', '"größe/😀"', 'größe/😀'],
  ])('reads a model with %s', (_, value, model) => {
    expect(parse(endpoint, `{"model":${value}}`).model).toBe(model);
  });

  it.each([
    ['', 'unexpected end at byte 0'],
    ['{"model":"m"', 'unexpected end at byte 12'],
    ['[]', 'unexpected "[" at byte 0'],
    ['"text"', 'unexpected "\\"" at byte 0'],
    ['{"model":"m"} x', 'unexpected "x" at byte 14'],
    ['{"model":"m",}', 'unexpected "}" at byte 13'],
    ["{'model':1}", 'unexpected "\'" at byte 1'],
    ['\uFEFF{"model":"m"}', 'unexpected 0xef at byte 0'],
    ['{"model":NaN}', 'unexpected "N" at byte 9'],
    ['nul', 'unexpected "n" at byte 0'],
  ])('refuses %p', (text, why) => {
    expect(() => parse(endpoint, text)).toThrow(
      new UserFacingError(`malformed request: the body of ${path} is not a JSON object: ${why}`),
    );
  });

  it.each(['multipart/form-data; boundary=x', 'Multipart/Form-Data'])('refuses %s', (contentType) => {
    expect(() => endpoint.parse(Buffer.from('{"model":"m"}'), { contentType, forcesUsage: false })).toThrow(
      new UserFacingError(`malformed request: ${path} takes a JSON body, found multipart/form-data`),
    );
  });

  it.each([undefined, '', 'text/plain', 'application/json; charset=utf-8'])(
    'reads JSON whatever content type %p says',
    (contentType) => {
      expect(endpoint.parse(Buffer.from('{"model":"m"}'), { contentType, forcesUsage: false }).model).toBe('m');
    },
  );

  it.each(['1', '{}', '["m"]', 'true'])('refuses %s as model', (value) => {
    expect(() => parse(endpoint, `{"model":${value}}`)).toThrow(
      new UserFacingError(`malformed request: "model" of ${path} must be a string`),
    );
  });

  it('refuses a hostile nesting', () => {
    expect(() => parse(endpoint, `{"model":"m","x":${'['.repeat(20_000)}`)).toThrow(
      /^malformed request: the body of .* is not a JSON object: /,
    );
  });

  it('throws nothing but what the client may read, whatever the bytes', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '"model"',
      ':',
      '"m"',
      ',',
      '"stream"',
      'true',
      'null',
      '[',
      ']',
      ' ',
      '"stream_options"',
      '1',
      '\\',
    );
    const text = fc.array(pieces, { maxLength: 12 }).map((list) => Buffer.from(list.join('')));
    const bytes = fc.uint8Array({ maxLength: 30 }).map((list) => Buffer.from(list));
    fc.assert(
      fc.property(fc.oneof(text, bytes), (body) => {
        const copy = Buffer.from(body);
        expect([undefined, 'UserFacingError']).toContain(failureOf(() => endpoint.parse(body, COSTED)));
        expect(body.equals(copy)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('what only the provider needs to know', () => {
  it.each([
    [chatCompletions.path, '"messages":[{"role":"function","content":{}},7]', chatCompletions],
    [chatCompletions.path, '"messages":[{"role":"user","content":[{"type":"hologram"}]}]', chatCompletions],
    [chatCompletions.path, '"thinking":{"type":"auto"},"response_format":{"type":"grammar"}', chatCompletions],
    [chatCompletions.path, '"tool_choice":{"type":"mcp"},"tools":[7],"n":"two","max_tokens":1.5', chatCompletions],
    [completions.path, '"prompt":{"id":7}', completions],
    [embeddings.path, '"input":{"content":""},"messages":[]', embeddings],
  ])('G43: is not checked of %s: %s', (_, members, endpoint) => {
    const text = `{"model":"m",${members}}`;
    expect(parse(endpoint, text)).toMatchObject({ isRewritten: false, text });
  });
});

describe('a missing model', () => {
  it.each(['{}', '{"Model":"m"}', '{"model":null}', '{"model":""}', 'null', ' null\n'])(
    'is accepted as empty by OpenAI endpoints: %p',
    (text) => {
      for (const endpoint of [chatCompletions, completions, embeddings]) expect(parse(endpoint, text).model).toBe('');
    },
  );

  it.each(['{}', '{"Model":"m"}', '{"model":null}', '{"model":""}', 'null'])('is refused by messages: %p', (text) => {
    expect(() => parse(messages, text)).toThrow(new UserFacingError('invalid request body: model field is required'));
  });
});

describe('the stream flag', () => {
  it.each([
    [chatCompletions.path, 'true', true, chatCompletions],
    [completions.path, 'true', true, completions],
    [messages.path, 'true', true, messages],
    [embeddings.path, 'true', false, embeddings],
    [chatCompletions.path, 'false', false, chatCompletions],
    [chatCompletions.path, 'null', false, chatCompletions],
    [messages.path, 'null', false, messages],
  ])('of %s with the value %s is read as %s', (_, value, isStreaming, endpoint) => {
    expect(parse(endpoint, `{"model":"m","stream":${value}}`).isStreaming).toBe(isStreaming);
  });

  it.each(['1', '"true"', '{}'])('cannot be %s', (value) => {
    for (const endpoint of [chatCompletions, completions, messages]) {
      expect(() => parse(endpoint, `{"model":"m","stream":${value}}`)).toThrow(
        new UserFacingError(`malformed request: "stream" of ${endpoint.path} must be a boolean`),
      );
    }
    expect(parse(embeddings, `{"model":"m","stream":${value}}`).isStreaming).toBe(false);
  });

  it('is the last one of several', () => {
    expect(parse(chatCompletions, '{"stream":true,"stream":false}').isStreaming).toBe(false);
  });
});

describe('forced usage', () => {
  const BIG = '{"seed":12345678901234567890,"stream":true,"temperature":1.0,"model":"m","z":1,"a":2}';

  it.each([
    ['adds stream_options in front', BIG, `{"stream_options":{"include_usage":true},${BIG.slice(1)}`],
    [
      'adds the member to other options',
      '{"stream":true,"stream_options":{"x":1.0}}',
      '{"stream":true,"stream_options":{"include_usage":true,"x":1.0}}',
    ],
    [
      'fills empty options',
      '{"stream":true,"stream_options": {} }',
      '{"stream":true,"stream_options": {"include_usage":true} }',
    ],
    [
      'turns false into true',
      '{"stream":true,"stream_options":{"include_usage":false,"y":2}}',
      '{"stream":true,"stream_options":{"include_usage":true,"y":2}}',
    ],
    [
      'replaces what is no object',
      '{"stream":true,"stream_options":null}',
      '{"stream":true,"stream_options":{"include_usage":true}}',
    ],
    [
      'replaces what is no boolean',
      '{"stream":true,"stream_options":{"include_usage":"true"}}',
      '{"stream":true,"stream_options":{"include_usage":true}}',
    ],
    [
      'settles doubled keys',
      '{"stream":true,"stream_options":{"include_usage":true},"stream_options":{"include_usage":true,"include_usage":false}}',
      '{"stream":true,"stream_options":{"include_usage":true,"include_usage":true},"stream_options":{"include_usage":true,"include_usage":true}}',
    ],
  ])('%s', (_, text, expected) => {
    for (const endpoint of [chatCompletions, completions]) {
      const parsed = parse(endpoint, text, COSTED);
      expect(parsed).toMatchObject({ isRewritten: true, text: expected });
      expect(parsed.models).toEqual(text.includes('"model"') ? ['"m"'] : []);
    }
  });

  it('G25: is asked of streamed completions too', () => {
    const text = '{"model":"m","prompt":"a","stream":true}';
    const expected = '{"stream_options":{"include_usage":true},"model":"m","prompt":"a","stream":true}';
    expect(parse(completions, text, COSTED)).toMatchObject({ isRewritten: true, text: expected });
  });

  it.each([
    ['without a cost', '{"stream":true}', FREE],
    ['without a stream', '{"stream":false}', COSTED],
    ['when usage is asked for already', '{"stream":true,"stream_options":{"include_usage":true}}', COSTED],
    [
      'when the last of several asks for it',
      '{"stream":true,"stream_options":{"include_usage":false,"include_usage":true}}',
      COSTED,
    ],
  ])('changes nothing %s', (_, text, context) => {
    expect(parse(chatCompletions, text, context)).toMatchObject({ isRewritten: false, text });
  });

  it('is not for embeddings and messages', () => {
    for (const endpoint of [embeddings, messages]) {
      expect(parse(endpoint, '{"model":"m","stream":true}', COSTED)).toMatchObject({ isRewritten: false });
    }
  });

  it('asks for usage, keeps all other members and finds the models, in any document', () => {
    const members = fc.dictionary(
      fc.string({ maxLength: 6 }).filter((key) => key.isWellFormed() && key !== '__proto__'),
      fc.jsonValue({ maxDepth: 2 }),
      { maxKeys: 5 },
    );
    // Through text and back: what JSON cannot say, such as -0, is not ours to keep.
    const json = fc
      .oneof(fc.jsonValue({ maxDepth: 1 }), members)
      .map((value) => JSON.parse(JSON.stringify(value)) as unknown);
    const options = fc.oneof(fc.constant(undefined), json);
    fc.assert(
      fc.property(
        members,
        options,
        fc.string({ maxLength: 8 }).filter((text) => text.isWellFormed()),
        fc.nat(3),
        (others, streamOptions, model, space) => {
          const document = {
            ...others,
            stream: true,
            model,
            ...(streamOptions === undefined ? {} : { stream_options: streamOptions }),
          };
          const parsed = parse(chatCompletions, JSON.stringify(document, undefined, space), COSTED);
          const found = JSON.parse(parsed.text) as Record<string, unknown>;
          const asked = found['stream_options'] as Record<string, unknown>;
          const wasObject =
            typeof streamOptions === 'object' && streamOptions !== null && !Array.isArray(streamOptions);
          expect(asked).toEqual({ ...(wasObject ? streamOptions : {}), include_usage: true });
          const { stream_options: _asked, ...rest } = found;
          const { stream_options: _given, ...given } = JSON.parse(JSON.stringify(document)) as Record<string, unknown>;
          expect(rest).toEqual(given);
          expect(parsed.models.map((text) => JSON.parse(text) as string)).toEqual([model]);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('a body that is taken, but cannot be built for a translation', () => {
  it.each([
    ['too deep', `${'['.repeat(1000)}${']'.repeat(1000)}`, 'JSON is nested deeper than 500 levels'],
    ['too much', `[${'{},'.repeat(500_000)}{}]`, 'JSON holds more than 500000 values'],
  ])('is refused when it is %s', (_, value, reason) => {
    const parsed = chatCompletions.parse(Buffer.from(`{"model":"m","x":${value}}`), FREE);
    expect(() => parsed.document()).toThrow(
      new MalformedRequestError(
        `malformed request: the body of /v1/chat/completions cannot be translated for this backend: ${reason}`,
      ),
    );
  });

  it('is refused when it is null', () => {
    expect(() => chatCompletions.parse(Buffer.from('null'), FREE).document()).toThrow(
      new MalformedRequestError(
        'malformed request: the body of /v1/chat/completions must be a JSON object, found null',
      ),
    );
  });
});

describe('a model that can be no header', () => {
  it.each([
    ['a line break', 'a\nb'],
    ['NUL', 'a\u0000'],
    ['DEL', '\u007f'],
    ['half a surrogate pair', '\ud800'],
    ['1,025 characters', 'm'.repeat(1025)],
  ])('is refused when it has %s', (_, model) => {
    expect(() => parse(chatCompletions, JSON.stringify({ model }), COSTED)).toThrow(
      'malformed request: "model" of /v1/chat/completions must be at most 1024 characters without control characters',
    );
  });

  it('is taken when it has 1,024 characters', () => {
    expect(parse(chatCompletions, JSON.stringify({ model: 'm'.repeat(1024) }), COSTED).model).toHaveLength(1024);
  });
});
