import { describe, expect, it } from '@jest/globals';
import { UserFacingError } from '../../../../../shared/errors.js';
import type { JsonObject } from '../../../codec/json-value.js';
import { MalformedRequestError } from '../../../request-error.js';
import { Receipt } from '../../receipt.js';
import { dropUnhandledMembers, onlyText, readEmbeddingRequest, textsOnly } from './embedding-request.js';

const inputOf = (input: unknown) => readEmbeddingRequest({ input } as JsonObject).input;
const EXPECTED = 'a string, an array of strings, token numbers, or objects with "content"';

describe('readEmbeddingRequest', () => {
  it.each([
    ['a', [{ path: 'input', text: 'a' }], false],
    ['', [{ path: 'input', text: '' }], false],
    [
      ['a', 'b'],
      [
        { path: 'input[0]', text: 'a' },
        { path: 'input[1]', text: 'b' },
      ],
      false,
    ],
    [[], [], false],
    [null, [], false],
    [{ content: 'a', task_type: 'T', title: 't' }, [{ path: 'input', text: 'a', taskType: 'T', title: 't' }], true],
    [
      [{ content: ['a', 'b'], task_type: '' }, { content: 'c' }],
      [
        { path: 'input[0]', text: 'a' },
        { path: 'input[0]', text: 'b' },
        { path: 'input[1]', text: 'c' },
      ],
      true,
    ],
  ])('reads the input %j', (input, texts, hasObjects) => {
    expect(inputOf(input)).toEqual({ kind: 'texts', texts, hasObjects });
  });

  it.each([[[1, 2]], [[[1], [2, 3]]]])('reads the tokens %j', (input) => {
    expect(inputOf(input)).toEqual({ kind: 'tokens' });
  });

  it('reads the parts of user messages and tells of the others', () => {
    const messages = [
      { role: 'system', content: 'a' },
      { role: 'user', content: 'b' },
      { role: 'assistant', content: 'c' },
      { role: 'user', content: [{ type: 'image_url', image_url: { url: 'u' } }] },
    ];
    expect(readEmbeddingRequest({ messages }).input).toEqual({
      kind: 'messages',
      parts: [
        { type: 'text', path: 'messages[1].content', text: 'b' },
        { type: 'image_url', path: 'messages[3].content[0]', url: 'u' },
      ],
      dropped: ['messages[0]', 'messages[2]'],
    });
  });

  it('reads the other members and takes nulls, zeros and empty texts for absent', () => {
    const fields = { dimensions: 5, auto_truncate: false, task_type: 'T', title: 't', encoding_format: 'base64' };
    expect(readEmbeddingRequest(fields)).toMatchObject({
      dimensions: 5,
      autoTruncate: false,
      taskType: 'T',
      title: 't',
      isBase64: true,
    });
    const empty = { dimensions: 0, auto_truncate: null, task_type: '', title: '', encoding_format: null };
    expect(readEmbeddingRequest(empty)).toEqual({
      input: { kind: 'texts', texts: [], hasObjects: false },
      isBase64: false,
      fields: empty,
    });
  });

  it.each<[object, string]>([
    [{ input: 'a', messages: [] }, '"input" and "messages" exclude each other'],
    [{ input: true }, `"input" must be ${EXPECTED}, found a boolean`],
    [{ input: 1 }, `"input" must be ${EXPECTED}, found a number`],
    [{ input: ['a', 1] }, `"input[1]" must be ${EXPECTED}, found a number`],
    [{ input: [1, 'a'] }, `"input[0]" must be ${EXPECTED}, found a number`],
    [{ input: [['a']] }, `"input[0]" must be ${EXPECTED}, found an array`],
    [{ input: {} }, '"input.content" must be a string, found nothing'],
    [{ input: { content: '' } }, '"input.content" must not be empty'],
    [{ input: [{ content: [] }] }, '"input[0].content" must not be empty'],
    [{ input: [{ content: ['a', ''] }] }, '"input[0].content" must not be empty'],
    [{ input: { content: [1] } }, '"input.content" must be a string or an array of strings, found an array'],
    [{ input: { content: 'a', task_type: 1 } }, '"input.task_type" must be a string, found a number'],
    [{ messages: 'a' }, '"messages" must be an array, found a string'],
    [{ input: 'a', dimensions: 'x' }, '"dimensions" must be an integer, found a string'],
    [{ input: 'a', auto_truncate: 1 }, '"auto_truncate" must be a boolean, found a number'],
    [{ input: 'a', encoding_format: 'int8' }, '"encoding_format" must be "float" or "base64", found "int8"'],
  ])('refuses %j', (document, text) => {
    expect(() => readEmbeddingRequest(document as JsonObject)).toThrow(
      new MalformedRequestError(`malformed request: ${text}`),
    );
  });
});

describe('what a provider does not get', () => {
  it.each<[object, readonly string[]]>([
    [{ input: 'a', dimensions: 5, task_type: 'T', user: 'u' }, ['task_type', 'user']],
    [{ input: 'a', dimensions: -5 }, ['dimensions']],
    [{ input: 'a', dimensions: 0, task_type: '', title: '', encoding_format: 'base64' }, []],
  ])('is told of %j', (document, dropped) => {
    const receipt = new Receipt();
    dropUnhandledMembers(readEmbeddingRequest(document as JsonObject), ['dimensions'], receipt);
    expect(receipt.dropped).toEqual(dropped);
  });

  it('is told of members of messages without a meaning', () => {
    const messages = [{ role: 'user', content: 'a', mood: 'good', name: 'n' }];
    expect(readEmbeddingRequest({ messages }).input).toMatchObject({
      dropped: ['messages[0].name', 'messages[0].mood'],
    });
  });
});

describe('what a provider cannot embed', () => {
  it.each<[object, string]>([
    [{ input: [1] }, '"input" holds token numbers, which this backend cannot read: send the text'],
    [
      { messages: [{ role: 'user', content: 'a' }] },
      '"messages" cannot be embedded by this model: send texts as "input"',
    ],
  ])('is refused: %j', (document, text) => {
    const embedding = readEmbeddingRequest(document as JsonObject);
    expect(() => textsOnly(embedding)).toThrow(new UserFacingError(text));
    expect(() => onlyText(embedding)).toThrow(new UserFacingError(text));
  });

  it.each<[unknown, string]>([
    [['a', 'b'], '"input" must be one text for this model, found 2: send one request for each'],
    [[], '"input" must be one text for this model, found none: send one request for each'],
    [{ content: 'a' }, '"input" holds objects, which this model cannot take: send a string'],
    [[{ content: 'a' }], '"input" holds objects, which this model cannot take: send a string'],
  ])('is refused where one text is taken: %j', (input, text) => {
    expect(() => onlyText(readEmbeddingRequest({ input } as JsonObject))).toThrow(new UserFacingError(text));
  });

  it.each([['a'], [['a']]])('is not %j', (input) => {
    expect(onlyText(readEmbeddingRequest({ input }))).toBe('a');
  });
});
