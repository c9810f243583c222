import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { FramingError } from '../../../codec/framing-error.js';
import { UpstreamAnswerError } from '../../translator.js';
import { AnswerDecoder } from './answer-decoder.js';

/** The objects of some chunks, and what went wrong. */
function decoded(chunks: readonly Uint8Array[]) {
  const objects: unknown[] = [];
  const decoder = new AnswerDecoder((object) => objects.push(object));
  try {
    for (const chunk of chunks) decoder.push(Buffer.from(chunk));
    decoder.end();
  } catch (error) {
    return { objects, failed: (error as Error).name };
  }
  return { objects, failed: undefined };
}

const [one, two] = ['{"a":"1\\"}{"}', '{"b":[2]}'];
const both = [{ a: '1"}{' }, { b: [2] }];

describe('AnswerDecoder', () => {
  it.each([
    ['one', `data: ${one}\n\n`, both.slice(0, 1)],
    ['many', `data: ${one}\n\ndata: ${two}\n\n`, both],
    ['CRLF', `data: ${one}\r\n\r\ndata: ${two}\r\n\r\n`, both],
    ['CR', `data: ${one}\r\rdata: ${two}\r\r`, both],
    ['no space behind the prefix', `data:${one}\n\n`, both.slice(0, 1)],
    [
      'comments, blank data and the end marker of others',
      `: hi\n\ndata:\n\ndata: ${one}\n\ndata: [DONE]\n\n`,
      both.slice(0, 1),
    ],
    ['several lines of data', 'data: {"b":\ndata: [2]}\n\n', both.slice(1)],
    ['an array in an event', `data: [${one},${two}]\n\n`, both],
    ['the last event without a blank line', `data: ${one}`, both.slice(0, 1)],
    ['no prefix', `${one}\n\n${two}`, both],
    ['an array', `\n [${one}\n,\r\n${two}]\n`, both],
    ['empty', '', []],
    ['white space only', ' \n\n', []],
  ])('reads a stream: %s', (_, text, objects) => {
    expect(decoded([Buffer.from(text)])).toEqual({ objects, failed: undefined });
  });

  it.each([
    ['invalid', 'data: {"a":\n\ndata: {}\n\n', [], UpstreamAnswerError.name],
    ['no object', `data: ${two}\n\ndata: 1\n\n`, both.slice(1), UpstreamAnswerError.name],
    ['cut', `data: ${two}\n\ndata: {"a"`, both.slice(1), UpstreamAnswerError.name],
    ['invalid without prefix', '{"a"}', [], UpstreamAnswerError.name],
    ['cut without prefix', `[${two},{"a":"}`, both.slice(1), FramingError.name],
  ])('G7: tells that a stream is broken when an object is %s', (_, text, objects, failed) => {
    expect(decoded([Buffer.from(text)])).toEqual({ objects, failed });
  });

  it.each([
    ['server-sent events', `data: ${one}\r\n\r\ndata: ${two}\n\n`],
    ['bare objects', `\n[${one},\n${two}]`],
  ])('gives the same when %s are cut anywhere: incomplete, buffered and new', (_, text) => {
    const bytes = Buffer.from(text);
    fc.assert(
      fc.property(fc.array(fc.nat({ max: bytes.length })), (cuts) => {
        const at = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
        const chunks = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
        expect(decoded(chunks)).toEqual({ objects: both, failed: undefined });
      }),
    );
  });

  it('refuses a bare object that never ends', () => {
    const decoder = new AnswerDecoder(() => undefined);
    decoder.push(Buffer.from('{"a":"'));
    const chunk = Buffer.alloc(1 << 20, 'x');
    expect(() => {
      for (let count = 0; count < 9; count++) decoder.push(chunk);
    }).toThrow(FramingError);
  });
});
