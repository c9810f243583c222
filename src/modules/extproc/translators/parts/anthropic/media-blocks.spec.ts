import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../codec/json-value.js';
import { Receipt } from '../../receipt.js';
import { readChatRequest } from '../chat/read-chat-request.js';
import { CacheMarkers } from './block.js';
import { convertMessages } from './messages.js';

const MODEL_HAS_NO_EARS = 'expected text, an image, a PDF or a text file';

function convert(...messages: readonly object[]) {
  const receipt = new Receipt();
  const chat = readChatRequest({ model: 'm', messages } as unknown as JsonObject, false);
  const { turns } = convertMessages(chat.messages, { markers: new CacheMarkers(), receipt });
  return { turns, dropped: receipt.dropped };
}

const user = (content: unknown) => ({ role: 'user', content });
const part = (url: string) => ({ type: 'image_url', image_url: { url } });
const file = (members: object) => ({ type: 'file', file: members });

describe('user messages', () => {
  it.each([
    ['a string', 'hi', [{ type: 'text', text: 'hi' }]],
    ['a part', [{ type: 'text', text: 'hi' }], [{ type: 'text', text: 'hi' }]],
    ['a PNG', [part('data:image/png;base64,aGk=')], [image('image/png')]],
    ['a JPEG', [part('DATA:image/JPEG;base64,aGk=')], [image('image/jpeg')]],
    ['a GIF', [part('data:image/gif;base64,aGk=')], [image('image/gif')]],
    ['a WebP without padding', [part('data:image/webp,aGk')], [image('image/webp')]],
    ['the type image/jpg', [part('data:image/jpg;base64,aGk=')], [image('image/jpeg')]],
    ['a PDF', [part('data:application/pdf;base64,aGk=')], [pdf()]],
    ['the address of a PDF', [part('https://a/b.PDF')], [document({ type: 'url', url: 'https://a/b.PDF' })]],
    [
      'the address of a PDF with a query',
      [part('https://a/b.pdf?c')],
      [document({ type: 'url', url: 'https://a/b.pdf?c' })],
    ],
    [
      'the address of an image',
      [part('https://a/b.png')],
      [{ type: 'image', source: { type: 'url', url: 'https://a/b.png' } }],
    ],
    [
      'a PDF file',
      [file({ file_data: 'data:application/pdf;base64,aGk=', filename: 'a.pdf' })],
      [{ ...pdf(), title: 'a.pdf' }],
    ],
    ['a bare PDF file', [file({ file_data: 'JVBERi0=' })], [pdf('JVBERi0=')]],
    ['a PDF by its name', [file({ file_data: 'aGk=', filename: 'a.PDF' })], [{ ...pdf(), title: 'a.PDF' }]],
    [
      'a text file',
      [file({ file_data: 'data:text/csv;base64,aGk=' })],
      [document({ type: 'text', media_type: 'text/plain', data: 'hi' })],
    ],
    [
      'JSON as a file',
      [file({ file_data: 'data:application/json;base64,e30=' })],
      [document({ type: 'text', media_type: 'text/plain', data: '{}' })],
    ],
    [
      'an image file',
      [file({ file_data: 'data:application/octet-stream;base64,aGk=', filename: 'x.jpeg' })],
      [image('image/jpeg')],
    ],
  ])('sends %s', (_, content, blocks) => {
    expect(convert(user(content)).turns).toEqual([{ role: 'user', content: blocks }]);
  });

  it.each([
    [
      'audio',
      { type: 'input_audio', input_audio: { data: 'aGk=', format: 'wav' } },
      `found input_audio, ${MODEL_HAS_NO_EARS}`,
    ],
    ['the address of audio', { type: 'audio_url', audio_url: { url: 'u' } }, `found audio_url, ${MODEL_HAS_NO_EARS}`],
    ['a video', { type: 'video_url', video_url: { url: 'u' } }, `found video_url, ${MODEL_HAS_NO_EARS}`],
    [
      'a bad data URI',
      part('data:image/png;base64,#'),
      'found a data: URI that cannot be read, expected a JPEG, PNG, GIF or WebP image or a PDF, as a data: URI or as an address',
    ],
    [
      'an image of another type',
      part('data:image/tiff;base64,aGk='),
      'found a data: URI of type image/tiff, expected a JPEG, PNG, GIF or WebP image or a PDF, as a data: URI or as an address',
    ],
    [
      'a data URI without a type',
      part('data:;base64,aGk='),
      'found a data: URI of unknown type, expected a JPEG, PNG, GIF or WebP image or a PDF, as a data: URI or as an address',
    ],
    [
      'an empty address',
      part(' '),
      'found an empty address, expected a JPEG, PNG, GIF or WebP image or a PDF, as a data: URI or as an address',
    ],
    [
      'the id of a file',
      file({ file_id: 'file-1' }),
      'found the id of a file, expected a PDF, a text or an image in "file_data"',
    ],
    ['no file', file({}), 'found no file, expected a PDF, a text or an image in "file_data"'],
    [
      'an archive',
      file({ file_data: 'data:application/zip;base64,aGk=' }),
      'found a file of type application/zip, expected a PDF, a text or an image in "file_data"',
    ],
    [
      'a file of unknown type',
      file({ file_data: 'aGk=', filename: 'a.bin' }),
      'found a file of unknown type, expected a PDF, a text or an image in "file_data"',
    ],
    [
      'data that is no base64',
      file({ file_data: '###' }),
      'found data that is no base64, expected a PDF, a text or an image in "file_data"',
    ],
  ])('G10, G14: refuses %s', (_, content, message) => {
    expect(() => convert(user([content]))).toThrow(`cannot send "messages[0].content[0]" to Claude: ${message}`);
  });

  it('tells what has no place: names and the detail of images', () => {
    const image_url = { url: 'https://a/b', detail: 'high' };
    expect(convert({ role: 'user', name: 'ann', content: [{ type: 'image_url', image_url }] }).dropped).toEqual([
      'messages[0].name',
      'messages[0].content[0].image_url.detail',
    ]);
  });
});

function image(media_type: string) {
  return { type: 'image', source: { type: 'base64', media_type, data: 'aGk=' } };
}
function document(source: object) {
  return { type: 'document', source };
}
function pdf(data = 'aGk=') {
  return document({ type: 'base64', media_type: 'application/pdf', data });
}
