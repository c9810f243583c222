import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../codec/json-value.js';
import type { EndpointName } from '../../endpoints/endpoint.js';
import { hiddenImages, withoutImagesOf } from './image-redaction.js';
import { redactionFrom, REDACTED } from './redaction.js';

const DATA_URL = 'data:image/png;base64,AAAA';
const BODY_BYTES = 1_000;

/** Undefined when nothing is searched. */
function isHidden(endpoint: EndpointName, url: string, env: Readonly<Record<string, string>>) {
  return hiddenImages(endpoint, BODY_BYTES, redactionFrom(env))?.(url);
}
const limit = (text: string) => ({ OPENINFERENCE_BASE64_IMAGE_MAX_LENGTH: text });

describe('hiddenImages', () => {
  it.each<{ endpoint: EndpointName; max: string; url: string; expected: boolean | undefined }>([
    { endpoint: 'chat-completions', max: String(DATA_URL.length - 1), url: DATA_URL, expected: true },
    { endpoint: 'chat-completions', max: String(DATA_URL.length), url: DATA_URL, expected: false },
    { endpoint: 'chat-completions', max: '0', url: DATA_URL, expected: true },
    { endpoint: 'chat-completions', max: '-1', url: DATA_URL, expected: true },
    { endpoint: 'chat-completions', max: '0', url: 'https://pictures.test/base64', expected: false },
    { endpoint: 'chat-completions', max: '0', url: 'data:image/svg+xml,<svg/>', expected: false },
    // 23 characters, 24 bytes.
    { endpoint: 'chat-completions', max: '23', url: 'data:image/ü;base64,AAA', expected: true },
    { endpoint: 'chat-completions', max: String(BODY_BYTES), url: DATA_URL, expected: undefined },
    { endpoint: 'responses', max: '5', url: DATA_URL, expected: true },
    { endpoint: 'responses', max: '0', url: DATA_URL, expected: undefined },
    { endpoint: 'responses', max: '-1', url: DATA_URL, expected: undefined },
    { endpoint: 'moderations', max: '5', url: DATA_URL, expected: true },
    { endpoint: 'images-edits', max: '5', url: DATA_URL, expected: true },
    { endpoint: 'messages', max: '5', url: DATA_URL, expected: undefined },
  ])('says $expected of $url in $endpoint when the limit is $max', ({ endpoint, max, url, expected }) => {
    expect(isHidden(endpoint, url, limit(max))).toBe(expected);
  });

  it.each<EndpointName>(['chat-completions', 'messages', 'count-tokens'])(
    'hides all in %s when images are hidden',
    (endpoint) => {
      expect(isHidden(endpoint, 'https://pictures.test/1', { OPENINFERENCE_HIDE_INPUT_IMAGES: '1' })).toBe(true);
    },
  );
});

describe('withoutImagesOf', () => {
  it.each<{ name: string; value: JsonObject; shown: JsonObject }>([
    {
      name: 'a part of a chat',
      value: { a: [{ image_url: { url: 'u', detail: 'low' } }] },
      shown: { a: [{ image_url: { url: REDACTED, detail: 'low' } }] },
    },
    { name: 'a part of a response', value: { a: { image_url: 'u' } }, shown: { a: { image_url: REDACTED } } },
    {
      name: 'an image that was made',
      value: { type: 'image_generation_call', result: 'AAAA' },
      shown: { type: 'image_generation_call', result: REDACTED },
    },
    {
      name: 'a block of a message',
      value: { type: 'image', source: { type: 'base64', data: 'AAAA' } },
      shown: { type: 'image', source: { type: 'base64', data: REDACTED } },
    },
    {
      name: 'a block with a URL',
      value: { type: 'image', source: { type: 'url', url: 'u' } },
      shown: { type: 'image', source: { type: 'url', url: REDACTED } },
    },
  ])('replaces $name', ({ value, shown }) => {
    expect(withoutImagesOf(value, () => true)).toEqual(shown);
  });

  it('gives the same value when nothing is hidden', () => {
    const value = { a: [{ image_url: { url: 'u' } }], type: 'image', source: { url: 'u' }, result: 'r' };
    expect(withoutImagesOf(value, () => false)).toBe(value);
  });

  it('keeps results and sources of other types', () => {
    const value = { a: { type: 'tool', result: 'r' }, b: { type: 'document', source: { data: 'AAAA' } } };
    expect(withoutImagesOf(value, () => true)).toBe(value);
  });
});
