import { describe, expect, it } from '@jest/globals';
import { UserFacingError } from '../../../shared/errors.js';
import { MalformedRequestError } from '../request-error.js';
import { audioTranslations } from './audio-translations.js';
import type { Endpoint } from './endpoint.js';
import { imagesEdits } from './images-edits.js';
import { imagesGenerations } from './images-generations.js';
import { imagesVariations } from './images-variations.js';
import { moderations } from './moderations.js';
import { speech } from './speech.js';
import { transcriptions } from './transcriptions.js';

const FORM_TYPE = 'multipart/form-data; boundary=b';
type Fields = readonly (readonly [name: string, value: string])[];

const formOf = (fields: Fields) =>
  Buffer.from(
    [
      ...fields.map(([name, value]) => {
        const filename = name === 'file' ? '; filename="a.wav"' : '';
        return `--b\r\ncontent-disposition: form-data; name="${name}"${filename}\r\n\r\n${value}\r\n`;
      }),
      '--b--\r\n',
    ].join(''),
  );

const parseForm = (endpoint: Endpoint, fields: Fields, contentType: string | undefined = FORM_TYPE) =>
  endpoint.parse(formOf(fields), { contentType, forcesUsage: true });
const parseJson = (endpoint: Endpoint, text: string) =>
  endpoint.parse(Buffer.from(text), { contentType: 'application/json', forcesUsage: true });

const FORMS = [transcriptions, audioTranslations, imagesEdits, imagesVariations].map(
  (endpoint) => [endpoint.path, endpoint] as const,
);
const FILE = ['file', 'RIFF'] as const;

describe.each(FORMS)('the parser of %s', (path, endpoint) => {
  it('reads the model of a form and leaves the body alone', () => {
    const body = formOf([['model', 'm-1'], FILE, ['prompt', 'p']]);
    const parsed = endpoint.parse(body, { contentType: FORM_TYPE, forcesUsage: true });
    expect(parsed).toMatchObject({ model: 'm-1', isStreaming: false, isRewritten: false, modelRanges: [] });
    expect(parsed.body).toBe(body);
    expect(parsed.form?.parts.map(({ name }) => name)).toEqual(['model', 'file', 'prompt']);
  });

  it('takes an empty model, and the last of several', () => {
    expect(parseForm(endpoint, [['model', ''], FILE]).model).toBe('');
    expect(parseForm(endpoint, [['model', 'a'], FILE, ['model', 'b']]).model).toBe('b');
  });

  it.each([
    ['is too long', 'm'.repeat(1025)],
    ['is far too long', 'm'.repeat(100_000)],
    ['has control characters', 'a\nb'],
  ])('refuses a model that %s', (_, model) => {
    expect(() => parseForm(endpoint, [['model', model], FILE])).toThrow(
      new UserFacingError(
        `malformed request: "model" of ${path} must be at most 1024 characters without control characters`,
      ),
    );
  });

  it.each(['multipart/form-data', 'multipart/form-data; boundary='])('refuses the content-type %p', (contentType) => {
    expect(() => parseForm(endpoint, [['model', 'm'], FILE], contentType)).toThrow(
      new MalformedRequestError(
        'malformed request: content-type multipart/form-data must name a boundary of 1 to 200 printable ASCII characters',
      ),
    );
  });

  it('refuses a form that is cut', () => {
    const body = formOf([['model', 'm'], FILE]).subarray(0, -10);
    expect(() => endpoint.parse(body, { contentType: FORM_TYPE, forcesUsage: false })).toThrow(MalformedRequestError);
  });

  it('has no document for a cell that translates', () => {
    expect(() => parseForm(endpoint, [['model', 'm'], FILE]).document()).toThrow(
      new MalformedRequestError(
        `malformed request: the body of ${path} must be a JSON object here, found multipart/form-data`,
      ),
    );
  });
});

describe.each(FORMS.filter(([, endpoint]) => endpoint !== imagesEdits))('the parser of %s', (path, endpoint) => {
  it.each([
    ['application/json; charset=utf-8', 'application/json'],
    ['multipart/mixed; boundary=b', 'multipart/mixed'],
    ['', 'no content-type'],
    [undefined, 'no content-type'],
  ])('refuses a body of the type %p', (contentType, found) => {
    const body = Buffer.from('{"model":"m"}');
    expect(() => endpoint.parse(body, { contentType, forcesUsage: false })).toThrow(
      new MalformedRequestError(`malformed request: ${path} takes a multipart/form-data body, found ${found}`),
    );
  });
});

describe.each(FORMS.slice(0, 2))('the parser of %s', (path, endpoint) => {
  it.each([
    ['model', [FILE]],
    ['file', [['model', 'm'] as const]],
    ['model', []],
  ])('refuses a form without %s', (name, fields) => {
    expect(() => parseForm(endpoint, fields)).toThrow(
      new MalformedRequestError(`malformed request: the form of ${path} has no part named "${name}"`),
    );
  });

  it.each(['0', '0.5', '1', '.5', '1.', '-1', '+0.2', '1e-1', ' 0.5 '])('takes the temperature %j', (temperature) => {
    expect(parseForm(endpoint, [['model', 'm'], FILE, ['temperature', temperature]]).model).toBe('m');
  });

  it.each(['', ' ', 'hot', '0,5', '1e', '.', 'NaN', '0x1', '1 2'])('refuses the temperature %j', (temperature) => {
    expect(() => parseForm(endpoint, [['model', 'm'], FILE, ['temperature', temperature]])).toThrow(
      new MalformedRequestError(`malformed request: "temperature" of ${path} must be a number`),
    );
  });

  it('takes all that its API knows, and what it does not know', () => {
    const others = [
      'response_format',
      'language',
      'prompt',
      'timestamp_granularities[]',
      'timestamp_granularities[]',
      'new',
    ];
    const fields = [['model', 'm'] as const, FILE, ...others.map((name) => [name, 'x'] as const)];
    expect(parseForm(endpoint, fields).form?.parts).toHaveLength(8);
  });
});

describe('the stream flag of a form', () => {
  it.each([
    ['true', true],
    ['TRUE', true],
    ['false', false],
    ['1', false],
    ['', false],
  ])('%j means %p', (value, isStreaming) => {
    const fields = [['model', 'm'], FILE, ['stream', value]] as const;
    expect(parseForm(transcriptions, fields).isStreaming).toBe(isStreaming);
    expect(parseForm(imagesEdits, fields).isStreaming).toBe(isStreaming);
    expect(parseForm(audioTranslations, fields).isStreaming).toBe(false);
    expect(parseForm(imagesVariations, fields).isStreaming).toBe(false);
  });
});

describe('the forms of images', () => {
  it('may leave the model to the provider', () => {
    expect(parseForm(imagesEdits, [['prompt', 'p']]).model).toBe('');
    expect(parseForm(imagesVariations, [['image', 'PNG']]).model).toBe('');
  });
});

const JSON_ROWS = [imagesGenerations, imagesEdits, speech, moderations].map(
  (endpoint) => [endpoint.path, endpoint] as const,
);

describe.each(JSON_ROWS)('the parser of JSON for %s', (path, endpoint) => {
  it('reads the model and leaves the body alone', () => {
    const text = '{"seed": 12345678901234567890, "model": "m"}';
    const parsed = parseJson(endpoint, text);
    expect(parsed).toMatchObject({ model: 'm', isStreaming: false, isRewritten: false });
    expect(Buffer.from(parsed.body).toString()).toBe(text);
    expect(parsed.form).toBeUndefined();
    expect(parsed.document()).toMatchObject({ model: 'm' });
  });

  it.each(['null', '{}', '{"model":null}'])('takes %s, which names no model', (text) => {
    expect(parseJson(endpoint, text)).toMatchObject({ model: '', isStreaming: false });
  });

  it('G10: refuses what is no JSON with 400', () => {
    expect(() => parseJson(endpoint, '{"model":')).toThrow(
      new UserFacingError(`malformed request: the body of ${path} is not a JSON object: unexpected end at byte 9`),
    );
  });
});

describe.each(JSON_ROWS.filter(([, endpoint]) => endpoint !== imagesEdits))(
  'the parser of JSON for %s',
  (path, endpoint) => {
    it('refuses a form', () => {
      expect(() => parseForm(endpoint, [['model', 'm']])).toThrow(
        new UserFacingError(`malformed request: ${path} takes a JSON body, found multipart/form-data`),
      );
    });
  },
);

describe('the stream flag of JSON', () => {
  it('G11: images stream when "stream" is true', () => {
    expect(parseJson(imagesGenerations, '{"model":"m","stream":true}').isStreaming).toBe(true);
    expect(parseJson(imagesEdits, '{"model":"m","stream":true}').isStreaming).toBe(true);
    expect(parseJson(imagesGenerations, '{"model":"m","stream":false}').isStreaming).toBe(false);
  });

  it.each([
    ['{"stream_format":"sse"}', true],
    ['{"stream_format":"audio"}', false],
    ['{"stream_format":"SSE"}', false],
    ['{"stream_format":["sse"]}', false],
    ['{"stream":true}', false],
    ['{"stream_format":"sse","stream_format":"audio"}', false],
  ])('speech with %s streams events: %p', (text, isStreaming) => {
    expect(parseJson(speech, text).isStreaming).toBe(isStreaming);
  });

  it('speech takes all that its API knows', () => {
    const options = '"voice":"alloy","instructions":"slowly","response_format":"wav","speed":1.0,"stream_format":"sse"';
    const text = `{"model":"m","input":"hi",${options}}`;
    const parsed = parseJson(speech, text);
    expect([parsed.model, parsed.isStreaming, Buffer.from(parsed.body).toString()]).toEqual(['m', true, text]);
    expect(parseJson(speech, '{"model":"m"}').isStreaming).toBe(false);
  });

  it('moderations never stream', () => {
    expect(parseJson(moderations, '{"model":"m","stream":true}').isStreaming).toBe(false);
  });
});
